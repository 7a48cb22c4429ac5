import RealModule

/// A number that the reference computes with: Float or Double.
///
/// Nearly all of the reference's time is spent in the two loops that are required here. Each type has its own, because
/// loops over a type that is not known until run time take ten times as long.
public protocol ReferenceScalar: Real, BinaryFloatingPoint, Sendable {
  /// The sum of `weights[offset + k] * x[k]` over all k of x.
  static func dot(_ weights: [Self], at offset: Int, _ x: [Self]) -> Self

  /// Adds `factor * values[start + k]` to `sums[offset + k]`, for k in 0 ..< count.
  static func add(
    _ factor: Self, times values: [Self], from start: Int, count: Int, to sums: inout [Self], at offset: Int)
}

extension Float: ReferenceScalar {
  /// The sum of `weights[offset + k] * x[k]` over all k of x.
  public static func dot(_ weights: [Float], at offset: Int, _ x: [Float]) -> Float { sum(weights, offset, x) }

  /// Adds `factor * values[start + k]` to `sums[offset + k]`, for k in 0 ..< count.
  public static func add(
    _ factor: Float, times values: [Float], from start: Int, count: Int, to sums: inout [Float], at offset: Int
  ) { accumulate(factor, values, start, count, &sums, offset) }
}

extension Double: ReferenceScalar {
  /// The sum of `weights[offset + k] * x[k]` over all k of x.
  public static func dot(_ weights: [Double], at offset: Int, _ x: [Double]) -> Double { sum(weights, offset, x) }

  /// Adds `factor * values[start + k]` to `sums[offset + k]`, for k in 0 ..< count.
  public static func add(
    _ factor: Double, times values: [Double], from start: Int, count: Int, to sums: inout [Double], at offset: Int
  ) { accumulate(factor, values, start, count, &sums, offset) }
}

extension ReferenceScalar {
  /// sums += factor * values, for the elements that values has.
  static func add(_ factor: Self, times values: [Self], to sums: inout [Self]) {
    add(factor, times: values, from: 0, count: values.count, to: &sums, at: 0)
  }
}

/// Four partial sums: one alone would wait for each addition before the next.
@inline(__always)
private func sum<Scalar: ReferenceScalar>(_ weights: [Scalar], _ offset: Int, _ x: [Scalar]) -> Scalar {
  var (a, b, c, d): (Scalar, Scalar, Scalar, Scalar) = (0, 0, 0, 0)
  let whole = x.count & ~3
  for k in stride(from: 0, to: whole, by: 4) {
    a += weights[offset + k] * x[k]
    b += weights[offset + k + 1] * x[k + 1]
    c += weights[offset + k + 2] * x[k + 2]
    d += weights[offset + k + 3] * x[k + 3]
  }
  for k in whole..<x.count { a += weights[offset + k] * x[k] }
  return (a + b) + (c + d)
}

@inline(__always)
private func accumulate<Scalar: ReferenceScalar>(
  _ factor: Scalar, _ values: [Scalar], _ start: Int, _ count: Int, _ sums: inout [Scalar], _ offset: Int
) {
  for k in 0..<count { sums[offset + k] += factor * values[start + k] }
}
