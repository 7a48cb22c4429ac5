import Foundation
import RNNAnalysis
import Testing

/// The eigenvalues against closed forms, and against numpy (LAPACK): `fixtures/analysis/eigenvalues.json`.
@Suite struct EigenvalueTests {
  private struct Golden: Decodable {
    let name: String
    let order: Int
    let matrix: [Double]
    /// Real and imaginary parts.
    let values: [[Double]]
    let tolerance: Double
  }

  /// The largest distance between two sets of numbers, each paired with the nearest that is left.
  private func distance(_ found: [Eigenvalues.Value], _ expected: [[Double]]) -> Double {
    guard found.count == expected.count else { return .infinity }
    var left = found
    return expected.reduce(0) { largest, value in
      func gap(_ other: Eigenvalues.Value) -> Double {
        Eigenvalues.Value(real: other.real - value[0], imaginary: other.imaginary - value[1]).magnitude
      }
      guard let nearest = left.indices.min(by: { gap(left[$0]) < gap(left[$1]) }) else { return .infinity }
      return max(largest, gap(left.remove(at: nearest)))
    }
  }

  @Test func agreesWithNumPy() throws {
    let goldens = try JSONDecoder().decode([Golden].self, from: fixture("eigenvalues.json"))
    #expect(goldens.count >= 12)
    for golden in goldens {
      let found = try Eigenvalues.of(golden.matrix, order: golden.order)
      let error = distance(found, golden.values)
      #expect(error < golden.tolerance, "\(golden.name): \(error)")
    }
  }

  @Test func knowsClosedForms() throws {
    #expect(try Eigenvalues.of([], order: 0) == [])
    #expect(try Eigenvalues.of([7], order: 1) == [.init(real: 7)])
    #expect(try Eigenvalues.of([0, 0, 0, 0], order: 2) == [.init(real: 0), .init(real: 0)])
    // A rotation by a right angle.
    #expect(try distance(Eigenvalues.of([0, -1, 1, 0], order: 2), [[0, 1], [0, -1]]) < 1e-15)
    #expect(try distance(Eigenvalues.of([0.5, 100, 0, -0.25], order: 2), [[0.5, 0], [-0.25, 0]]) < 1e-12)
    // A ring of 5: the fifth roots of 1, from where unshifted iterations never move.
    let ring = (0..<25).map { ($0 / 5 + 1) % 5 == $0 % 5 ? 1.0 : 0.0 }
    let roots = (0..<5).map { [cos(2 * .pi * Double($0) / 5), sin(2 * .pi * Double($0) / 5)] }
    #expect(try distance(Eigenvalues.of(ring, order: 5), roots) < 1e-14)
  }

  /// The largest numbers of float32, and the smallest.
  @Test(arguments: [1e-300, 3e38, 1e300]) func anyScaleWillDo(scale: Double) throws {
    let values = try Eigenvalues.of([0, -1, 0, 1, 0, 0, 0, 0, 0.5].map { $0 * scale }, order: 3)
    #expect(
      distance(
        values.map { .init(real: $0.real / scale, imaginary: $0.imaginary / scale) }, [[0, 1], [0, -1], [0.5, 0]])
        < 1e-14)
  }

  @Test func refusesWhatIsNoNumber() {
    #expect(throws: AnalysisError.self) { try Eigenvalues.of([1, .nan, 0, 1], order: 2) }
    #expect(throws: AnalysisError.self) { try Eigenvalues.of([.infinity], order: 1) }
  }

  /// The sum of the eigenvalues is the trace, that of their squares the trace of the square.
  @Test(arguments: 1...40) func sumsAreTraces(order: Int) throws {
    var seed = UInt64(order)
    let matrix = (0..<(order * order)).map { _ -> Double in
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(seed >> 40) / Double(1 << 24) - 0.5
    }
    let values = try Eigenvalues.of(matrix, order: order)
    #expect(values.count == order)
    let trace = (0..<order).reduce(0.0) { $0 + matrix[$1 * order + $1] }
    var square = 0.0
    for i in 0..<order { for j in 0..<order { square += matrix[i * order + j] * matrix[j * order + i] } }
    #expect(abs(values.reduce(0) { $0 + $1.real } - trace) < 1e-12 * Double(order))
    #expect(abs(values.reduce(0) { $0 + $1.imaginary }) < 1e-12)
    #expect(
      abs(values.reduce(0) { $0 + $1.real * $1.real - $1.imaginary * $1.imaginary } - square) < 1e-11 * Double(order))
    #expect(zip(values, values.dropFirst()).allSatisfy { $0.magnitude >= $1.magnitude })
  }
}

/// A file of `fixtures/analysis`.
func fixture(_ name: String) throws -> Data {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  return try Data(contentsOf: root.appending(path: "fixtures/analysis/\(name)"))
}
