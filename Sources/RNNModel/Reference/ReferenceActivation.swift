import Kernels

extension Activation {
  /// g(x): `docs/FORMAT.md`, section 4.
  public func value<Scalar: ReferenceScalar>(_ x: Scalar) -> Scalar {
    switch self {
    case .linear: x
    case .tanh: Scalar.tanh(x)
    case .sigmoid: x >= 0 ? 1 / (1 + Scalar.exp(-x)) : Scalar.exp(x) / (1 + Scalar.exp(x))
    case .hardSigmoid: min(1, max(0, x / 5 + 0.5))
    case .hardSigmoidSixth: min(1, max(0, x / 6 + 0.5))
    case .relu: max(0, x)
    case .softsign: x / (1 + abs(x))
    case .softplus: max(x, 0) + Scalar.log(onePlus: Scalar.exp(-abs(x)))
    case .elu: x > 0 ? x : Scalar.expMinusOne(x)
    case .hardTanh: min(1, max(-1, x))
    }
  }

  /// g'(x), written with y = g(x).
  public func derivative<Scalar: ReferenceScalar>(at y: Scalar) -> Scalar {
    switch self {
    case .linear: 1
    case .tanh: 1 - y * y
    case .sigmoid: y * (1 - y)
    case .hardSigmoid: y > 0 && y < 1 ? 1 / 5 : 0
    case .hardSigmoidSixth: y > 0 && y < 1 ? 1 / 6 : 0
    case .relu: y > 0 ? 1 : 0
    case .softsign: (1 - abs(y)) * (1 - abs(y))
    case .softplus: 1 - Scalar.exp(-y)
    case .elu: y > 0 ? 1 : 1 + y
    case .hardTanh: y > -1 && y < 1 ? 1 : 0
    }
  }
}
