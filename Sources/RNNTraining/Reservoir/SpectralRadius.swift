import Kernels
import RealModule

/// The largest magnitude of a matrix's eigenvalues.
enum SpectralRadius {
  /// By Gelfand's formula, rho(A) = lim |A^m|^(1/m), with m = 2^30 reached by squaring.
  ///
  /// That needs no eigenvector and does not mind that random matrices have many complex eigenvalues of nearly the largest
  /// magnitude, on which power iteration never settles. Each power is scaled to norm 1, so that nothing overflows. The error of the
  /// formula is below log(n cond) / 2^30; what is left is the rounding of the products in float32, about 1e-6 of the
  /// radius for random matrices. A matrix whose norm is many times its radius (far from normal) fares worse; a
  /// nilpotent one gives 0, or a small number.
  ///
  /// - Parameters:
  ///   - matrix: `[size, size]`, row-major.
  ///   - size: the number of rows.
  static func of(_ matrix: [Float], size: Int) -> Double {
    var power = matrix
    var logarithm = 0.0
    var weight = 1.0
    for step in 0...30 {
      let norm = VectorOperations.sumOfSquares(power.span).squareRoot()
      guard norm > 0, norm.isFinite else { return 0 }
      // A^(2^step) is the power times exp(what the norms so far say).
      logarithm += weight * .log(norm)
      weight /= 2
      if step == 30 { break }
      do {
        var span = power.mutableSpan
        VectorOperations.scale(&span, by: Float(1 / norm))
      }
      power = square(power, size: size)
    }
    return .exp(logarithm)
  }

  private static func square(_ matrix: [Float], size: Int) -> [Float] {
    var result = [Float](repeating: 0, count: matrix.count)
    var span = result.mutableSpan
    MatrixProduct.multiply(matrix.span, matrix.span, into: &span, rows: size, columns: size, inner: size)
    return result
  }
}
