import RNNModel

extension Optimizer: Codable {
  private enum Key: String, CodingKey {
    case name, momentum, dampening, nesterov, alpha, epsilon, centred, beta1, beta2
    case rateDecay = "rate_decay"
    case initialSum = "initial_sum"
    case nonMonotone = "non_monotone"
  }

  /// Reads `{"name": "sgd", "momentum": 0.9, ...}`; a hyper-parameter that is absent is the default.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let name = try container.decode(String.self, forKey: .name)
    switch Optimizer(name: name) {
    case .sgd(let momentum, let dampening, let nesterov):
      self = .sgd(
        momentum: try container.decode(.momentum, else: momentum),
        dampening: try container.decode(.dampening, else: dampening),
        nesterov: try container.decode(.nesterov, else: nesterov))
    case .rmsprop(let alpha, let epsilon, let momentum, let centred):
      self = .rmsprop(
        alpha: try container.decode(.alpha, else: alpha), epsilon: try container.decode(.epsilon, else: epsilon),
        momentum: try container.decode(.momentum, else: momentum),
        centred: try container.decode(.centred, else: centred))
    case .adagrad(let rateDecay, let initialSum, let epsilon):
      self = .adagrad(
        rateDecay: try container.decode(.rateDecay, else: rateDecay),
        initialSum: try container.decode(.initialSum, else: initialSum),
        epsilon: try container.decode(.epsilon, else: epsilon))
    case .adam(let beta1, let beta2, let epsilon):
      self = .adam(
        beta1: try container.decode(.beta1, else: beta1), beta2: try container.decode(.beta2, else: beta2),
        epsilon: try container.decode(.epsilon, else: epsilon))
    case .adamW(let beta1, let beta2, let epsilon):
      self = .adamW(
        beta1: try container.decode(.beta1, else: beta1), beta2: try container.decode(.beta2, else: beta2),
        epsilon: try container.decode(.epsilon, else: epsilon))
    case .averagedSGD(let nonMonotone):
      self = .averagedSGD(nonMonotone: try container.decode(.nonMonotone, else: nonMonotone))
    case nil:
      throw DecodingError.dataCorruptedError(
        forKey: .name, in: container, debugDescription: "the optimizer '\(name)' is not known")
    }
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    switch self {
    case .sgd(let momentum, let dampening, let nesterov):
      try container.encode(momentum, forKey: .momentum)
      try container.encode(dampening, forKey: .dampening)
      try container.encode(nesterov, forKey: .nesterov)
    case .rmsprop(let alpha, let epsilon, let momentum, let centred):
      try container.encode(alpha, forKey: .alpha)
      try container.encode(epsilon, forKey: .epsilon)
      try container.encode(momentum, forKey: .momentum)
      try container.encode(centred, forKey: .centred)
    case .adagrad(let rateDecay, let initialSum, let epsilon):
      try container.encode(rateDecay, forKey: .rateDecay)
      try container.encode(initialSum, forKey: .initialSum)
      try container.encode(epsilon, forKey: .epsilon)
    case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
      try container.encode(beta1, forKey: .beta1)
      try container.encode(beta2, forKey: .beta2)
      try container.encode(epsilon, forKey: .epsilon)
    case .averagedSGD(let nonMonotone): try container.encode(nonMonotone, forKey: .nonMonotone)
    }
  }
}
