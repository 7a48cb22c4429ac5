import Kernels

// A key that came after format 1.0 is written only where it says something that a layer without it does not mean.

extension Architecture.Dropout: Codable {
  private enum Key: String, CodingKey { case name, rate, locked }

  /// Reads the layer's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if container.contains(.locked) { try container.require(true, forKey: .locked) }
    self.init(
      name: try container.decode(String.self, forKey: .name), rate: try container.decode(Double.self, forKey: .rate),
      locked: container.contains(.locked))
  }

  /// Writes the layer's JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(rate, forKey: .rate)
    if locked { try container.encode(true, forKey: .locked) }
  }
}

extension Architecture.LayerNorm: Codable {
  private enum Key: String, CodingKey { case name, inputs, outputs, epsilon, bias }

  /// Reads the layer's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let width = try container.decode(Int.self, forKey: .inputs)
    try container.require(width, forKey: .outputs)
    self.init(
      name: try container.decode(String.self, forKey: .name), width: width,
      epsilon: try container.decode(Double.self, forKey: .epsilon), bias: try container.decode(Bool.self, forKey: .bias)
    )
  }

  /// Writes the layer's JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(width, forKey: .inputs)
    try container.encode(width, forKey: .outputs)
    try container.encode(epsilon, forKey: .epsilon)
    try container.encode(bias, forKey: .bias)
  }
}

extension Architecture.Delay: Codable {
  private enum Key: String, CodingKey { case name, inputs, outputs, steps }

  /// Reads the layer's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      name: try container.decode(String.self, forKey: .name), inputs: try container.decode(Int.self, forKey: .inputs),
      steps: try container.decode(Int.self, forKey: .steps))
    try container.require(outputs, forKey: .outputs)
  }

  /// Writes the layer's JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(inputs, forKey: .inputs)
    try container.encode(outputs, forKey: .outputs)
    try container.encode(steps, forKey: .steps)
  }
}

extension Architecture.Attention: Codable {
  private enum Key: String, CodingKey { case name, inputs, outputs }

  /// Reads the layer's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let width = try container.decode(Int.self, forKey: .inputs)
    try container.require(width, forKey: .outputs)
    self.init(name: try container.decode(String.self, forKey: .name), width: width)
  }

  /// Writes the layer's JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(width, forKey: .inputs)
    try container.encode(width, forKey: .outputs)
  }
}

extension Architecture.Linear: Codable {
  private enum Key: String, CodingKey {
    case name, inputs, outputs, bias
    case weightsOf = "weights_of"
  }

  /// Reads the layer's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      name: try container.decode(String.self, forKey: .name), inputs: try container.decode(Int.self, forKey: .inputs),
      outputs: try container.decode(Int.self, forKey: .outputs), bias: try container.decode(Bool.self, forKey: .bias),
      weightsOf: container.contains(.weightsOf) ? try container.decode(String.self, forKey: .weightsOf) : nil)
  }

  /// Writes the layer's JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(inputs, forKey: .inputs)
    try container.encode(outputs, forKey: .outputs)
    try container.encode(bias, forKey: .bias)
    try container.encodeIfPresent(weightsOf, forKey: .weightsOf)
  }
}

extension KeyedDecodingContainer {
  /// Refuses any other meaning than the one that this version computes.
  func require<Value: Decodable & Equatable>(_ value: Value, forKey key: Key) throws {
    guard try decode(Value.self, forKey: key) == value else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "this version only computes '\(key.stringValue)' = \(value)")
    }
  }

  /// A value or null; the key has to be there.
  func decodeNullable<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    try decodeNil(forKey: key) ? nil : try decode(type, forKey: key)
  }
}
