import Kernels
import Testing

@Suite struct PackedMatrixTests {
  /// Outputs, inputs, rows.
  static let shapes = [
    [1, 1, 1], [3, 5, 1], [17, 33, 2], [64, 64, 5], [65, 100, 7], [100, 17, 13], [200, 300, 1], [130, 256, 20],
    [48, 10, 50], [16, 0, 3], [33, 1, 25],
  ]

  @Test(arguments: KernelLevel.supported, shapes)
  func multipliesLikePlainLoops(level: KernelLevel, shape: [Int]) {
    let (outputs, inputs, rows) = (shape[0], shape[1], shape[2])
    let weights = floats(outputs * inputs, in: -1..<1, seed: 1)
    let transposed = (0..<inputs).flatMap { i in (0..<outputs).map { weights[$0 * inputs + i] } }
    let x = floats(rows * inputs, in: -1..<1, seed: 2)
    let bias = floats(outputs, in: -1..<1, seed: 3)
    let before = floats(4 + rows * outputs + 3, in: -1..<1, seed: 4)
    let products = (0..<(rows * outputs)).map { element -> Double in
      let (row, output) = (element / outputs, element % outputs)
      return (0..<inputs).reduce(0) { $0 + Double(weights[output * inputs + $1]) * Double(x[row * inputs + $1]) }
    }
    for (adds, hasBias, fromTransposed) in [(false, true, false), (true, false, true), (true, true, false)] {
      var results: [[Float]] = []
      for threads in [1, 2, 3] {
        var y = before
        level.run {
          atThreadCount(threads) {
            var matrix = PackedMatrix(outputs: outputs, inputs: inputs)
            if fromTransposed { matrix.packTransposed(transposed.span) } else { matrix.pack(weights.span) }
            var span = y.mutableSpan
            matrix.multiply(
              x.span, rows: rows, bias: hasBias ? bias.span : Span(), into: &span, offset: 4, adds: adds)
          }
        }
        results.append(y)
      }
      let expected = products.enumerated().map { element, product in
        product + (hasBias ? Double(bias[element % outputs]) : 0) + (adds ? Double(before[4 + element]) : 0)
      }
      #expect(largestError(Array(results[0][4..<(4 + rows * outputs)]), expected) < 1e-5)
      #expect(results[0].prefix(4) == before.prefix(4) && results[0].suffix(3) == before.suffix(3))
      #expect(results[1] == results[0] && results[2] == results[0])
    }
  }

  @Test func keepsTheLevelItWasPackedFor() {
    let weights = floats(40 * 30, seed: 1)
    let x = floats(3 * 30, seed: 2)
    for packed in KernelLevel.supported {
      var matrix = PackedMatrix(outputs: 40, inputs: 30)
      packed.run { matrix.pack(weights.span) }
      let results = KernelLevel.supported.map { level in
        var y = [Float](repeating: 0, count: 3 * 40)
        level.run {
          var span = y.mutableSpan
          matrix.multiply(x.span, rows: 3, into: &span)
        }
        return y
      }
      #expect(results.allSatisfy { $0 == results[0] })
    }
  }
}
