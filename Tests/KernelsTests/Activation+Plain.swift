import Foundation
import Kernels

extension Activation {
  /// The formula of the activation in Double, as plainly as it is defined.
  func plain(_ x: Double) -> Double {
    switch self {
    case .linear: x
    case .tanh: Foundation.tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .hardSigmoid: min(max(0.2 * x + 0.5, 0), 1)
    case .hardSigmoidSixth: min(max(x / 6 + 0.5, 0), 1)
    case .relu: max(x, 0)
    case .softsign: x / (1 + abs(x))
    case .softplus: max(x, 0) + log1p(exp(-abs(x)))
    case .elu: x > 0 ? x : expm1(x)
    case .hardTanh: min(max(x, -1), 1)
    }
  }
}
