import RNNModel

extension Schedule: Codable {
  private enum Key: String, CodingKey {
    case kind, every, factor, from, final, patience, threshold, minimum
    case warmUp = "warm_up"
  }

  private enum Kind: String, Codable { case constant, step, exponential, cosine, plateau }

  /// Reads `{"kind": "cosine", "final": 0.1, "warm_up": 0}`; without a `warm_up` there is none.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func number(_ key: Key) throws -> Double { try container.decode(Double.self, forKey: key) }
    func count(_ key: Key) throws -> Int { try container.decode(Int.self, forKey: key) }
    let decay: Decay =
      switch try container.decode(Kind.self, forKey: .kind) {
      case .constant: .constant
      case .step: .step(every: try count(.every), factor: try number(.factor))
      case .exponential: .exponential(factor: try number(.factor), from: try count(.from))
      case .cosine: .cosine(final: try number(.final))
      case .plateau:
        .plateau(
          factor: try number(.factor), patience: try count(.patience), threshold: try number(.threshold),
          minimum: try number(.minimum))
      }
    self.init(decay, warmUp: try container.decode(.warmUp, else: 0))
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(warmUp, forKey: .warmUp)
    switch decay {
    case .constant: try container.encode(Kind.constant, forKey: .kind)
    case .step(let every, let factor):
      try container.encode(Kind.step, forKey: .kind)
      try container.encode(every, forKey: .every)
      try container.encode(factor, forKey: .factor)
    case .exponential(let factor, let from):
      try container.encode(Kind.exponential, forKey: .kind)
      try container.encode(factor, forKey: .factor)
      try container.encode(from, forKey: .from)
    case .cosine(let final):
      try container.encode(Kind.cosine, forKey: .kind)
      try container.encode(final, forKey: .final)
    case .plateau(let factor, let patience, let threshold, let minimum):
      try container.encode(Kind.plateau, forKey: .kind)
      try container.encode(factor, forKey: .factor)
      try container.encode(patience, forKey: .patience)
      try container.encode(threshold, forKey: .threshold)
      try container.encode(minimum, forKey: .minimum)
    }
  }
}
