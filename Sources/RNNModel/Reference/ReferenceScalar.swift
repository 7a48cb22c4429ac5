import RealModule

/// A number that the reference computes with: Float or Double.
public protocol ReferenceScalar: Real, BinaryFloatingPoint, Sendable {}
extension Float: ReferenceScalar {}
extension Double: ReferenceScalar {}

extension ReferenceScalar {
  /// sum += factor * x, for the elements that x has.
  @_specialize(where Self == Double)
  @_specialize(where Self == Float)
  static func add(_ factor: Self, times x: [Self], to sum: inout [Self]) {
    if factor == 0 { return }
    for index in x.indices { sum[index] += factor * x[index] }
  }
}
