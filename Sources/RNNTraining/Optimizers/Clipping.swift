/// How a gradient is limited before it changes the parameters.
public enum Clipping: Hashable, Sendable {
  /// The gradient of all parameters together is shortened to this Euclidean norm if it is longer (Pascanu, Mikolov &
  /// Bengio 2013), by max / (norm + 1e-6) as PyTorch's `clip_grad_norm_` does.
  case norm(Double)
  /// Each element is limited to ± this value, as in char-rnn.
  case value(Double)

  /// The norm or value.
  public var limit: Double {
    switch self {
    case .norm(let limit), .value(let limit): limit
    }
  }

  /// What a gradient of this norm is multiplied with.
  func factor(norm: Double) -> Double {
    switch self {
    case .norm(let limit): min(1, limit / (norm + 1e-6))
    case .value: 1
    }
  }
}
