import Kernels

/// Random orthogonal matrices.
enum Orthogonal {
  /// A matrix, row-major, drawn uniformly from those with orthonormal rows, or columns if there are fewer of them.
  ///
  /// Vectors of the normal distribution are made orthonormal one after the other (Gram & Schmidt, each twice, which is enough
  /// for rounding: Giraud et al. 2005); that gives Haar's measure without the signs that a QR decomposition needs (Mezzadri 2007).
  static func matrix(rows: Int, columns: Int, using generator: inout RandomGenerator) -> [Double] {
    let (count, length) = (min(rows, columns), max(rows, columns))
    var vectors: [[Double]] = []
    vectors.reserveCapacity(count)
    while vectors.count < count {
      var vector = (0..<length).map { _ in generator.normal() }
      let before = norm(vector)
      for _ in 0..<2 {
        for other in vectors {
          let share = dot(vector, other)
          for index in vector.indices { vector[index] -= share * other[index] }
        }
      }
      let after = norm(vector)
      // One that lies in the space of the others, which all but never happens, is drawn again.
      guard after > 1e-6 * before else { continue }
      vectors.append(vector.map { $0 / after })
    }
    if rows <= columns { return vectors.flatMap { $0 } }
    var matrix = [Double](repeating: 0, count: rows * columns)
    for (column, vector) in vectors.enumerated() {
      for (row, value) in vector.enumerated() { matrix[row * columns + column] = value }
    }
    return matrix
  }

  private static func dot(_ left: [Double], _ right: [Double]) -> Double {
    // Eight sums at a time, which the compiler can keep in one vector.
    var sums = SIMD8<Double>.zero
    let blocks = left.count / 8 * 8
    for start in stride(from: 0, to: blocks, by: 8) {
      var (first, second) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
      for lane in 0..<8 {
        first[lane] = left[start + lane]
        second[lane] = right[start + lane]
      }
      sums += first * second
    }
    return (blocks..<left.count).reduce(sums.sum()) { $0 + left[$1] * right[$1] }
  }

  private static func norm(_ vector: [Double]) -> Double { dot(vector, vector).squareRoot() }
}
