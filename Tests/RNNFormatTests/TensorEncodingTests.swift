import Foundation
import RNNFormat
import Testing

/// Numbers rounded to the types that a tensor can have.
@Suite struct TensorEncodingTests {
  private func words(_ bytes: [UInt8]) -> [UInt16] { LittleEndian.integers(bytes, as: UInt16.self) }

  @Test(arguments: [TensorType.float16, .bfloat16])
  func everyFiniteNumberOfAShortTypeComesBack(type: TensorType) throws {
    let patterns = (UInt16.min...UInt16.max).filter { pattern in
      let exponent = type == .float16 ? pattern >> 10 & 0x1F == 0x1F : pattern >> 7 & 0xFF == 0xFF
      return !exponent
    }
    let values = LittleEndian.values(LittleEndian.bytes(patterns), type: type, as: Double.self)
    #expect(words(try type.bytes(of: values)) == patterns)
  }

  #if !(os(macOS) && arch(x86_64))
    @Test func roundsToHalfPrecisionAsTheProcessorDoes() throws {
      var chance = Chance(3)
      var values: [Double] = [0, -0.0, 65504, 65519.999, -65519.999, 0x1p-24, 0x1p-25, 0x1.8p-25, 0x1p-14, 0x1.FFEp-15]
      for _ in 0..<20_000 {
        let exponent = Double(chance.count(-28...15))
        values.append((chance.flag() ? 1 : -1) * Double.random(in: 1..<2, using: &chance) * pow(2, exponent))
        // Ties: half a step between two neighbours.
        let half = Float16(bitPattern: UInt16(chance.count(0...0x7BFE)))
        values.append((Double(half) + Double(half.nextUp)) / 2)
      }
      values = values.filter { abs($0) < 65520 }
      #expect(words(try TensorType.float16.bytes(of: values)) == values.map { Float16($0).bitPattern })
    }
  #endif

  @Test func roundsToBfloat16OnceAndTiesToEven() throws {
    let cases: [(Double, UInt16)] = [
      (1, 0x3F80), (0x1.01p0, 0x3F80), (0x1.03p0, 0x3F82), (0x1.010000001p0, 0x3F81), (-0x1.03p0, 0xBF82),
      // Through float32 this would be rounded twice: down to a tie, then to even.
      (0x1.0100000000001p0, 0x3F81), (0x1p-133, 0x0001), (0x1p-134, 0x0000), (0x1.8p-134, 0x0001),
      (0x1.FEp127, 0x7F7F),
    ]
    #expect(words(try TensorType.bfloat16.bytes(of: cases.map(\.0))) == cases.map(\.1))
  }

  @Test func roundsToFloat32AsTheLanguageDoes() throws {
    var chance = Chance(5)
    let values = (0..<1000).map { _ in Double.random(in: -1e3...1e3, using: &chance) }
    let patterns = LittleEndian.integers(try TensorType.float32.bytes(of: values), as: UInt32.self)
    #expect(patterns == values.map { Float($0).bitPattern })
    #expect(try TensorType.float64.bytes(of: values) == LittleEndian.bytes(values))
  }

  @Test(arguments: [
    (TensorType.float16, 65520), (.bfloat16, 0x1.FFp127), (.float32, 0x1.FFFFFFp127), (.float16, Double.infinity),
    (.float64, .infinity), (.float32, .nan),
  ])
  func refusesWhatWouldBecomeInfinite(type: TensorType, value: Double) {
    #expect(throws: TensorType.OutOfRange.self) { try type.bytes(of: [1, value]) }
  }

  @Test func knowsWhatItHolds() {
    let lossless: Set<[TensorType]> = [
      [.float64, .float32], [.float64, .float16], [.float64, .bfloat16], [.float32, .float16], [.float32, .bfloat16],
    ]
    for one in TensorType.allCases {
      for other in TensorType.allCases {
        #expect(one.holds(other) == (one == other || lossless.contains([one, other])), "\(one) \(other)")
      }
    }
  }
}
