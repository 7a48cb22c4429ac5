extension Clipping: Codable {
  private enum Key: String, CodingKey { case norm, value }

  /// Reads `{"norm": 5}` or `{"value": 5}`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if let norm = try container.decodeIfPresent(Double.self, forKey: .norm) {
      self = .norm(norm)
    } else {
      self = .value(try container.decode(Double.self, forKey: .value))
    }
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .norm(let limit): try container.encode(limit, forKey: .norm)
    case .value(let limit): try container.encode(limit, forKey: .value)
    }
  }
}
