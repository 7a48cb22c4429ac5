/// The eigenvalues of general real matrices: reduction to Hessenberg form by Householder reflections, then the QR iteration with implicit
/// double shifts of Francis. Golub & Van Loan (2013), algorithms 7.4.2, 7.5.1 and 7.5.2, without vectors.
///
/// The result is that of a matrix which differs from the given one by rounding; about 10 n^3 multiplications.
public enum Eigenvalues {
  /// An eigenvalue in the complex plane.
  public struct Value: Hashable, Sendable {
    /// The real part.
    public let real: Double
    /// The imaginary part.
    public let imaginary: Double
    /// The distance from 0.
    public var magnitude: Double { (real * real + imaginary * imaginary).squareRoot() }

    /// Makes a number.
    public init(real: Double, imaginary: Double = 0) { (self.real, self.imaginary) = (real, imaginary) }
  }

  /// What a matrix of this order costs.
  public static func cost(order: Int) -> AnalysisCost {
    let n = Double(order)
    return AnalysisCost(multiplications: 10 * n * n * n, rate: AnalysisCost.referenceRate)
  }

  /// The eigenvalues of a matrix.
  ///
  /// - Parameters:
  ///   - matrix: `[n, n]`, row-major.
  ///   - order: n.
  /// - Returns: n of them, the largest magnitude first; of a complex pair, the one above the real axis first.
  /// - Throws: ``AnalysisError/notFinite(_:)``, ``AnalysisError/noConvergence(order:)``.
  /// - Precondition: as many values as n^2.
  public static func of(_ matrix: [Double], order: Int) throws(AnalysisError) -> [Value] {
    precondition(matrix.count == order * order, "\(matrix.count) values, not \(order) x \(order)")
    guard matrix.allSatisfy(\.isFinite) else { throw .notFinite("the matrix") }
    // Products of four elements stay far from overflow.
    let largest = matrix.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return Array(repeating: Value(real: 0), count: order) }
    var iteration = HessenbergIteration(matrix.map { $0 / largest }, order: order)
    return try iteration.eigenvalues().map { Value(real: $0.real * largest, imaginary: $0.imaginary * largest) }.sorted
    {
      ($0.magnitude, $0.real, $0.imaginary) > ($1.magnitude, $1.real, $1.imaginary)
    }
  }
}

/// A matrix on its way to Hessenberg form and from there to blocks of one or two rows.
private struct HessenbergIteration {
  private let n: Int
  /// Row-major.
  private var a: [Double]

  init(_ matrix: [Double], order: Int) {
    (n, a) = (order, matrix)
    for k in 0..<max(0, n - 2) {
      reflect(rows: (k + 1)..<n, away: (k + 2)..<n, column: k)
    }
  }

  /// A reflection I - beta v v^T that takes x to a multiple of the first unit vector; nil where it is one already.
  private static func reflection(_ x: [Double]) -> (v: [Double], beta: Double)? {
    let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard x.dropFirst().contains(where: { $0 != 0 }), norm > 0 else { return nil }
    var v = x
    v[0] += x[0] < 0 ? -norm : norm
    return (v, 2 / v.reduce(0) { $0 + $1 * $1 })
  }

  /// Makes column `column` zero in the rows `away`, by a similarity.
  private mutating func reflect(rows: Range<Int>, away: Range<Int>, column: Int) {
    guard let (v, beta) = Self.reflection(rows.map { a[$0 * n + column] }) else { return }
    applyLeft(v, beta, row: rows.lowerBound, columns: column..<n)
    applyRight(v, beta, column: rows.lowerBound, rows: 0..<n)
    for row in away { a[row * n + column] = 0 }
  }

  /// A := (I - beta v v^T) A, in some rows and columns.
  private mutating func applyLeft(_ v: [Double], _ beta: Double, row: Int, columns: Range<Int>) {
    var sums = [Double](repeating: 0, count: columns.count)
    for (i, factor) in v.enumerated() {
      let start = (row + i) * n + columns.lowerBound
      for j in 0..<sums.count { sums[j] += factor * a[start + j] }
    }
    for (i, factor) in v.enumerated() {
      let start = (row + i) * n + columns.lowerBound
      for j in 0..<sums.count { a[start + j] -= beta * factor * sums[j] }
    }
  }

  /// A := A (I - beta v v^T), in some rows and columns.
  private mutating func applyRight(_ v: [Double], _ beta: Double, column: Int, rows: Range<Int>) {
    for row in rows {
      let start = row * n + column
      var sum = 0.0
      for j in 0..<v.count { sum += a[start + j] * v[j] }
      sum *= beta
      for j in 0..<v.count { a[start + j] -= sum * v[j] }
    }
  }

  /// Takes blocks off the end of the matrix until nothing is left.
  mutating func eigenvalues() throws(AnalysisError) -> [Eigenvalues.Value] {
    var values: [Eigenvalues.Value] = []
    var end = n
    var tries = 0
    while end > 0 {
      let first = beginOfBlock(endingBefore: end)
      switch end - first {
      case 1: values.append(Eigenvalues.Value(real: a[first * n + first]))
      case 2: values += pair(at: first)
      default:
        tries += 1
        guard tries <= 30 else { throw .noConvergence(order: n) }
        step(first..<end, isExceptional: tries % 10 == 0)
        continue
      }
      end = first
      tries = 0
    }
    return values
  }

  /// The last row before which the matrix falls apart, as far as rounding lets one see.
  private mutating func beginOfBlock(endingBefore end: Int) -> Int {
    for row in stride(from: end - 1, to: 0, by: -1) {
      let neighbours = abs(a[(row - 1) * n + row - 1]) + abs(a[row * n + row])
      // All elements are at most 1 in magnitude; beside zeros, that is what counts as large.
      if abs(a[row * n + row - 1]) <= .ulpOfOne * (neighbours > 0 ? neighbours : 1) {
        a[row * n + row - 1] = 0
        return row
      }
    }
    return 0
  }

  /// The eigenvalues of a block of two rows.
  private func pair(at first: Int) -> [Eigenvalues.Value] {
    let (upper, lower) = (first * n + first, (first + 1) * n + first)
    let (b, c, d) = (a[upper + 1], a[lower], a[lower + 1])
    let half = (a[upper] - d) / 2
    let discriminant = half * half + b * c
    guard discriminant >= 0 else {
      let imaginary = (-discriminant).squareRoot()
      return [imaginary, -imaginary].map { Eigenvalues.Value(real: d + half, imaginary: $0) }
    }
    // The larger root first: the other one follows without cancellation.
    let root = half + (half < 0 ? -1 : 1) * discriminant.squareRoot()
    return [d + root, root == 0 ? d : d - b * c / root].map { Eigenvalues.Value(real: $0) }
  }

  /// One step of Francis in a block of at least three rows.
  private mutating func step(_ block: Range<Int>, isExceptional: Bool) {
    let (l, h) = (block.lowerBound, block.upperBound - 1)
    func at(_ row: Int, _ column: Int) -> Double { a[row * n + column] }
    // The sum and the product of the two shifts: the eigenvalues of the last two rows, unless they lead nowhere.
    var sum = at(h - 1, h - 1) + at(h, h)
    var product = at(h - 1, h - 1) * at(h, h) - at(h - 1, h) * at(h, h - 1)
    if isExceptional {
      let size = abs(at(h, h - 1)) + abs(at(h - 1, h - 2))
      (sum, product) = (1.5 * size, size * size)
    }
    var column = [
      at(l, l) * at(l, l) + at(l, l + 1) * at(l + 1, l) - sum * at(l, l) + product,
      at(l + 1, l) * (at(l, l) + at(l + 1, l + 1) - sum), at(l + 1, l) * at(l + 2, l + 1),
    ]
    for k in l..<h {
      let before = max(l, k - 1)
      if let (v, beta) = Self.reflection(column) {
        applyLeft(v, beta, row: k, columns: before..<(h + 1))
        applyRight(v, beta, column: k, rows: l..<(min(k + 3, h) + 1))
      }
      if k > l {
        for row in (k + 1)..<(k + column.count) { a[row * n + before] = 0 }
      }
      column = ((k + 1)...min(k + 3, h)).map { a[$0 * n + k] }
    }
  }
}
