extension Optimizer: Codable {
  private enum Key: String, CodingKey {
    case name, momentum, dampening, nesterov, alpha, epsilon, centred, beta1, beta2
    case rateDecay = "rate_decay"
    case initialSum = "initial_sum"
    case nonMonotone = "non_monotone"
  }

  /// Reads `{"name": "sgd", "momentum": 0.9, ...}`, every hyper-parameter written out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func number(_ key: Key) throws -> Double { try container.decode(Double.self, forKey: key) }
    func flag(_ key: Key) throws -> Bool { try container.decode(Bool.self, forKey: key) }
    let name = try container.decode(String.self, forKey: .name)
    switch Optimizer(name: name) {
    case .sgd:
      self = .sgd(momentum: try number(.momentum), dampening: try number(.dampening), nesterov: try flag(.nesterov))
    case .rmsprop:
      self = .rmsprop(
        alpha: try number(.alpha), epsilon: try number(.epsilon), momentum: try number(.momentum),
        centred: try flag(.centred))
    case .adagrad:
      self = .adagrad(
        rateDecay: try number(.rateDecay), initialSum: try number(.initialSum), epsilon: try number(.epsilon))
    case .adam: self = .adam(beta1: try number(.beta1), beta2: try number(.beta2), epsilon: try number(.epsilon))
    case .adamW: self = .adamW(beta1: try number(.beta1), beta2: try number(.beta2), epsilon: try number(.epsilon))
    case .averagedSGD: self = .averagedSGD(nonMonotone: try container.decode(Int.self, forKey: .nonMonotone))
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
