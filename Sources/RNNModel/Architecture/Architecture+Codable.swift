import Kernels

extension Architecture: Codable {
  private enum Key: String, CodingKey { case context, input, layers, output }
  private enum PartKey: String, CodingKey { case kind, size, activation }

  /// Reads the JSON of `docs/FORMAT.md`, section 4.
  ///
  /// - Throws: `DecodingError` for a missing key or a meaning that this version does not have.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let context = try container.nestedContainer(keyedBy: PartKey.self, forKey: .context)
    try context.require("stream", forKey: .kind)
    let input = try container.nestedContainer(keyedBy: PartKey.self, forKey: .input)
    try input.require("tokens", forKey: .kind)
    let output = try container.nestedContainer(keyedBy: PartKey.self, forKey: .output)
    try output.require("softmax", forKey: .activation)
    self.init(
      size: try input.decode(Int.self, forKey: .size), layers: try container.decode([Layer].self, forKey: .layers))
  }

  /// Writes the JSON of `docs/FORMAT.md`, section 4, every key written out.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    var context = container.nestedContainer(keyedBy: PartKey.self, forKey: .context)
    try context.encode("stream", forKey: .kind)
    var input = container.nestedContainer(keyedBy: PartKey.self, forKey: .input)
    try input.encode("tokens", forKey: .kind)
    try input.encode(size, forKey: .size)
    try container.encode(layers, forKey: .layers)
    var output = container.nestedContainer(keyedBy: PartKey.self, forKey: .output)
    try output.encode("softmax", forKey: .activation)
  }
}

extension Architecture.Layer: Codable {
  private enum Key: String, CodingKey { case kind }

  /// Reads a layer by its `kind`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(String.self, forKey: .kind) {
    case "one_hot": self = .oneHot(try .init(from: decoder))
    case "embedding": self = .embedding(try .init(from: decoder))
    case "elman": self = .elman(try .init(from: decoder))
    case "lstm": self = .lstm(try .init(from: decoder))
    case "gru": self = .gru(try .init(from: decoder))
    case "dropout": self = .dropout(try .init(from: decoder))
    case "linear": self = .linear(try .init(from: decoder))
    case let kind:
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: container, debugDescription: "layers of kind '\(kind)' are not known")
    }
  }

  /// Writes a layer with its `kind`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(kind, forKey: .kind)
    switch self {
    case .oneHot(let layer): try layer.encode(to: encoder)
    case .embedding(let layer): try layer.encode(to: encoder)
    case .elman(let layer): try layer.encode(to: encoder)
    case .lstm(let layer): try layer.encode(to: encoder)
    case .gru(let layer): try layer.encode(to: encoder)
    case .dropout(let layer): try layer.encode(to: encoder)
    case .linear(let layer): try layer.encode(to: encoder)
    }
  }
}

/// The keys of the recurrent layers' JSON.
private enum RecurrentKey: String, CodingKey {
  case name, inputs, outputs, gates, activation, bias, direction, peepholes, projection, reset
  case recurrentActivation = "recurrent_activation"
  case cellActivation = "cell_activation"
  case forgetBias = "forget_bias"
  case recurrentBias = "recurrent_bias"
  case cellClip = "cell_clip"
  case coupledGates = "coupled_gates"
  case updateKeeps = "update_keeps"
  case initialState = "initial_state"
}

extension Architecture.Elman: Codable {
  /// Reads the layer's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: RecurrentKey.self)
    try container.requireRecurrence(gates: ["hidden"])
    self.init(
      name: try container.decode(String.self, forKey: .name),
      inputs: try container.decode(Int.self, forKey: .inputs),
      outputs: try container.decode(Int.self, forKey: .outputs),
      activation: try container.decode(Activation.self, forKey: .activation),
      bias: try container.decode(Bool.self, forKey: .bias),
      recurrentBias: try container.decode(Bool.self, forKey: .recurrentBias))
  }

  /// Writes the layer's JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: RecurrentKey.self)
    try container.encode(name, forKey: .name)
    try container.encode(inputs, forKey: .inputs)
    try container.encode(outputs, forKey: .outputs)
    try container.encode(activation, forKey: .activation)
    try container.encode(bias, forKey: .bias)
    try container.encode(recurrentBias, forKey: .recurrentBias)
    try container.encodeRecurrence(gates: ["hidden"])
  }
}

extension Architecture.LSTM: Codable {
  /// Reads the layer's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: RecurrentKey.self)
    try container.requireRecurrence(gates: Self.gates)
    try container.require(false, forKey: .peepholes)
    try container.require(false, forKey: .coupledGates)
    try container.requireNull(forKey: .projection)
    try container.requireNull(forKey: .cellClip)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      inputs: try container.decode(Int.self, forKey: .inputs),
      outputs: try container.decode(Int.self, forKey: .outputs),
      recurrentActivation: try container.decode(Activation.self, forKey: .recurrentActivation),
      activation: try container.decode(Activation.self, forKey: .activation),
      cellActivation: try container.decode(Activation.self, forKey: .cellActivation),
      forgetBias: try container.decode(Double.self, forKey: .forgetBias),
      bias: try container.decode(Bool.self, forKey: .bias),
      recurrentBias: try container.decode(Bool.self, forKey: .recurrentBias))
  }

  /// Writes the layer's JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: RecurrentKey.self)
    try container.encode(name, forKey: .name)
    try container.encode(inputs, forKey: .inputs)
    try container.encode(outputs, forKey: .outputs)
    try container.encode(recurrentActivation, forKey: .recurrentActivation)
    try container.encode(activation, forKey: .activation)
    try container.encode(cellActivation, forKey: .cellActivation)
    try container.encode(forgetBias, forKey: .forgetBias)
    try container.encode(bias, forKey: .bias)
    try container.encode(recurrentBias, forKey: .recurrentBias)
    try container.encode(false, forKey: .peepholes)
    try container.encode(false, forKey: .coupledGates)
    try container.encodeNil(forKey: .projection)
    try container.encodeNil(forKey: .cellClip)
    try container.encodeRecurrence(gates: Self.gates)
  }
}

extension Architecture.GRU: Codable {
  /// Reads the layer's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: RecurrentKey.self)
    try container.requireRecurrence(gates: Self.gates)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      inputs: try container.decode(Int.self, forKey: .inputs),
      outputs: try container.decode(Int.self, forKey: .outputs),
      recurrentActivation: try container.decode(Activation.self, forKey: .recurrentActivation),
      activation: try container.decode(Activation.self, forKey: .activation),
      reset: try container.decode(Reset.self, forKey: .reset),
      updateKeeps: try container.decode(Update.self, forKey: .updateKeeps),
      bias: try container.decode(Bool.self, forKey: .bias),
      recurrentBias: try container.decode(Bool.self, forKey: .recurrentBias))
  }

  /// Writes the layer's JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: RecurrentKey.self)
    try container.encode(name, forKey: .name)
    try container.encode(inputs, forKey: .inputs)
    try container.encode(outputs, forKey: .outputs)
    try container.encode(recurrentActivation, forKey: .recurrentActivation)
    try container.encode(activation, forKey: .activation)
    try container.encode(reset, forKey: .reset)
    try container.encode(updateKeeps, forKey: .updateKeeps)
    try container.encode(bias, forKey: .bias)
    try container.encode(recurrentBias, forKey: .recurrentBias)
    try container.encodeRecurrence(gates: Self.gates)
  }
}

extension KeyedDecodingContainer {
  /// Refuses any other meaning than the one that this version computes.
  fileprivate func require<Value: Decodable & Equatable>(_ value: Value, forKey key: Key) throws {
    guard try decode(Value.self, forKey: key) == value else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "this version only computes '\(key.stringValue)' = \(value)")
    }
  }

  fileprivate func requireNull(forKey key: Key) throws {
    guard contains(key), try decodeNil(forKey: key) else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "this version only computes '\(key.stringValue)' = null")
    }
  }
}

extension KeyedDecodingContainer<RecurrentKey> {
  fileprivate func requireRecurrence(gates: [String]) throws {
    try require(gates, forKey: .gates)
    try require("forward", forKey: .direction)
    try require("zero", forKey: .initialState)
  }
}

extension KeyedEncodingContainer<RecurrentKey> {
  fileprivate mutating func encodeRecurrence(gates: [String]) throws {
    try encode(gates, forKey: .gates)
    try encode("forward", forKey: .direction)
    try encode("zero", forKey: .initialState)
  }
}
