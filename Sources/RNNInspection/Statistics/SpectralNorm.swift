/// The largest singular value of a matrix: the most that a vector can grow when it is multiplied with it.
///
/// A recurrent matrix whose norm is below 1 makes what it is given smaller at every step, and so the gradient that flows back through it
/// (Pascanu, Mikolov & Bengio 2013, section 2.1).
public enum SpectralNorm {
  /// The root of the largest eigenvalue of the transpose times the matrix, by the method of Lanczos (1950).
  ///
  /// Each step reads the matrix once, as a step of power iteration does, but the estimate is the best in the span of all steps so far: a few
  /// dozen give twelve digits of the norm of a matrix of any size, where power iteration needs hundreds for six. The vectors are made orthogonal to
  /// all before them, so that rounding does not find the same value again and again.
  ///
  /// - Parameters:
  ///   - matrix: `[rows, columns]`, row-major.
  ///   - columns: the length of a row.
  /// - Returns: nil where a value is not finite.
  public static func of(_ matrix: [Double], columns: Int) -> Double? {
    guard columns > 0, matrix.allSatisfy({ $0.isFinite }) else { return nil }
    let scale = matrix.reduce(0) { max($0, abs($1)) }
    guard scale > 0 else { return 0 }
    // Values up to one, so that no square overflows or vanishes.
    let matrix = matrix.map { $0 / scale }
    var (basis, vector) = ([[Double]](), start(columns))
    var (diagonal, beside): ([Double], [Double]) = ([], [])
    var (estimate, settled) = (0.0, 0)
    for _ in 0..<min(columns, 300) {
      basis.append(vector)
      var next = product(matrix, vector)
      diagonal.append(dot(next, vector))
      for earlier in basis {
        let part = dot(next, earlier)
        for k in next.indices { next[k] -= part * earlier[k] }
      }
      let value = largestEigenvalue(diagonal, beside)
      settled = value - estimate <= value * 1e-13 ? settled + 1 : 0
      estimate = value
      let length = dot(next, next).squareRoot()
      // Nothing is left beside what has been seen, but rounding.
      if settled == 3 || length <= estimate * 1e-14 { break }
      beside.append(length)
      vector = next.map { $0 / length }
    }
    return estimate.squareRoot() * scale
  }

  /// The transpose of A times A v.
  private static func product(_ matrix: [Double], _ vector: [Double]) -> [Double] {
    let columns = vector.count
    var product = [Double](repeating: 0, count: columns)
    for row in stride(from: 0, to: matrix.count - columns + 1, by: columns) {
      // Four sums, because one alone would wait for each addition before the next.
      var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
      let whole = columns & ~3
      for k in stride(from: 0, to: whole, by: 4) {
        a += matrix[row + k] * vector[k]
        b += matrix[row + k + 1] * vector[k + 1]
        c += matrix[row + k + 2] * vector[k + 2]
        d += matrix[row + k + 3] * vector[k + 3]
      }
      for k in whole..<columns { a += matrix[row + k] * vector[k] }
      let value = (a + b) + (c + d)
      for k in 0..<columns { product[k] += value * matrix[row + k] }
    }
    return product
  }

  private static func dot(_ first: [Double], _ second: [Double]) -> Double {
    var sum = 0.0
    for k in first.indices { sum += first[k] * second[k] }
    return sum
  }

  /// A vector of length 1 in no particular direction: always the same.
  private static func start(_ count: Int) -> [Double] {
    // Multiples of the golden ratio, modulo 1: spread evenly (Weyl 1916), and orthogonal to nothing that is likely.
    let values = (1...count).map { (Double($0) * 0.6180339887498949).truncatingRemainder(dividingBy: 1) - 0.45 }
    let length = dot(values, values).squareRoot()
    return values.map { $0 / length }
  }

  /// Of a symmetric matrix with entries only on its diagonal and beside it, by bisection: the number of negative pivots is that of the
  /// eigenvalues below a number (Givens 1954).
  private static func largestEigenvalue(_ diagonal: [Double], _ beside: [Double]) -> Double {
    func isAbove(_ number: Double) -> Bool {
      var pivot = 1.0
      for k in diagonal.indices {
        let square = k > 0 ? beside[k - 1] * beside[k - 1] : 0
        pivot = diagonal[k] - number - square / pivot
        if pivot >= 0 { return false }
      }
      return true
    }
    var low = diagonal.reduce(0) { max($0, $1) }
    var high = diagonal.indices.reduce(low) { bound, k in
      max(bound, diagonal[k] + (k > 0 ? beside[k - 1] : 0) + (k < beside.count ? beside[k] : 0))
    }
    for _ in 0..<70 {
      let middle = (low + high) / 2
      if isAbove(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
