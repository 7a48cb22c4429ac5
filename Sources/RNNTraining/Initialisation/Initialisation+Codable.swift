extension Initialisation.Distribution: Codable {
  private enum Key: String, CodingKey { case kind, range, deviation, gain, value }

  private enum Kind: String, Codable {
    case customary, uniform, normal, orthogonal, constant
    case uniformFan = "uniform_fan"
    case glorotUniform = "glorot_uniform"
    case glorotNormal = "glorot_normal"
  }

  /// Reads `{"kind": "uniform", "range": 0.08}`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func number(_ key: Key) throws -> Double { try container.decode(Double.self, forKey: key) }
    switch try container.decode(Kind.self, forKey: .kind) {
    case .customary: self = .customary
    case .uniform: self = .uniform(range: try number(.range))
    case .uniformFan: self = .uniformFan
    case .normal: self = .normal(deviation: try number(.deviation))
    case .glorotUniform: self = .glorotUniform
    case .glorotNormal: self = .glorotNormal
    case .orthogonal: self = .orthogonal(gain: try number(.gain))
    case .constant: self = .constant(try number(.value))
    }
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    func write(_ kind: Kind, _ key: Key? = nil, _ number: Double = 0) throws {
      try container.encode(kind, forKey: .kind)
      if let key { try container.encode(number, forKey: key) }
    }
    switch self {
    case .customary: try write(.customary)
    case .uniform(let range): try write(.uniform, .range, range)
    case .uniformFan: try write(.uniformFan)
    case .normal(let deviation): try write(.normal, .deviation, deviation)
    case .glorotUniform: try write(.glorotUniform)
    case .glorotNormal: try write(.glorotNormal)
    case .orthogonal(let gain): try write(.orthogonal, .gain, gain)
    case .constant(let value): try write(.constant, .value, value)
    }
  }
}
