import RNNFormat
import Testing

@testable import RNNConversion

/// Every step of a formula against the element that its definition names.
@Suite struct TensorFormulaTests {
  private static func array(_ name: String, _ shape: [Int], _ type: NumericType = .float32) -> TensorFormula {
    .array(ArrayDescription(name: name, type: type, shape: shape))
  }

  /// Element i of array `a` is i, of any other array 100 i.
  private static func values(of formula: TensorFormula) throws -> [Float] {
    let bytes = try formula.bytes { array in
      let count = array.shape.reduce(1, *)
      return LittleEndian.bytes((0..<count).map { Float(array.name == "a" ? $0 : 100 * $0) }[...])
    }
    return LittleEndian.values(bytes, type: .float32, as: Float.self)
  }

  @Test func reshapesWithoutMoving() throws {
    let formula = try Self.array("a", [2, 6]).reshaped([3, 2, 2])
    #expect(formula.shape == [3, 2, 2])
    #expect(try Self.values(of: formula) == (0..<12).map { Float($0) })
    #expect(throws: TensorFormulaError.self) { try Self.array("a", [2, 6]).reshaped([5, 2]) }
    #expect(throws: TensorFormulaError.self) { try Self.array("a", [2, 6]).reshaped([1 << 62, 4]) }
    #expect(throws: TensorFormulaError.self) { try Self.array("a", [2, 6]).reshaped([-2, -6]) }
  }

  /// All orders of the axes of arrays large enough for several tiles.
  @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
  func permutesAxes(axes: [Int]) throws {
    let shape = [3, 40, 70]
    let formula = try Self.array("a", shape).permuted(axes)
    let result = axes.map { shape[$0] }
    #expect(formula.shape == result)
    let values = try Self.values(of: formula)
    var index = 0
    for i in 0..<result[0] {
      for j in 0..<result[1] {
        for k in 0..<result[2] {
          var place = [0, 0, 0]
          for (axis, value) in zip(axes, [i, j, k]) { place[axis] = value }
          let expected = (place[0] * shape[1] + place[1]) * shape[2] + place[2]
          guard values[index] == Float(expected) else {
            Issue.record("element \(i) \(j) \(k) is \(values[index]), not \(expected)")
            return
          }
          index += 1
        }
      }
    }
    #expect(throws: TensorFormulaError.self) { try Self.array("a", shape).permuted([0, 1, 1]) }
  }

  @Test func transposesEveryWidthOfValue() throws {
    for type in [NumericType.float64, .float32, .float16, .uint8] {
      let formula = try Self.array("a", [2, 3], type).transposed()
      let bytes = try formula.bytes { _ in (0..<UInt8(6 * type.size)).map { $0 } }
      let expected = [0, 3, 1, 4, 2, 5].flatMap { element in (0..<type.size).map { UInt8(element * type.size + $0) } }
      #expect(bytes == expected)
    }
  }

  @Test func cutsReordersAndJoins() throws {
    let a = Self.array("a", [2, 4])
    #expect(try Self.values(of: a.slice(axis: 1, 1..<3)) == [1, 2, 5, 6])
    #expect(try Self.values(of: a.slice(axis: 0, 1..<2)) == [4, 5, 6, 7])
    #expect(throws: TensorFormulaError.self) { try a.slice(axis: 1, 2..<5) }
    #expect(throws: TensorFormulaError.self) { try a.slice(axis: 2, 0..<1) }
    let gates = try a.gates(axis: 1, ["i", "f", "c", "o"], as: ["i", "o", "f", "c"])
    #expect(try Self.values(of: gates) == [0, 3, 1, 2, 4, 7, 5, 6])
    #expect(gates.description == "a, gates i f c o -> i o f c")
    #expect(throws: TensorFormulaError.self) { try a.gates(axis: 1, ["i", "f"], as: ["f", "i"]) }
    #expect(throws: TensorFormulaError.self) { try a.gates(axis: 1, ["i", "f", "c", "o"], as: ["i", "x", "f", "c"]) }
    let b = Self.array("b", [2, 1])
    let joined = try TensorFormula.joining([a, b], axis: 1)
    #expect(joined.shape == [2, 5])
    #expect(try Self.values(of: joined) == [0, 1, 2, 3, 0, 4, 5, 6, 7, 100])
    #expect(throws: TensorFormulaError.self) { try TensorFormula.joining([a, b], axis: 0) }
    #expect(throws: TensorFormulaError.self) { try TensorFormula.joining([], axis: 0) }
    #expect(throws: TensorFormulaError.self) {
      try TensorFormula.joining([a, Self.array("c", [2, 1], .float64)], axis: 1)
    }
  }

  @Test func addsAndKnowsThatItIsNotExact() throws {
    let sum = try Self.array("a", [3]).adding(Self.array("b", [3]))
    #expect(try Self.values(of: sum) == [0, 101, 202])
    #expect(!sum.isExact)
    #expect(sum.operands == ["a", "b"])
    #expect(try Self.array("a", [2, 3]).transposed().isExact)
    #expect(throws: TensorFormulaError.self) { try Self.array("a", [3]).adding(Self.array("b", [2])) }
    #expect(throws: TensorFormulaError.self) {
      try Self.array("a", [3], .int32).adding(Self.array("b", [3], .int32))
    }
  }
}
