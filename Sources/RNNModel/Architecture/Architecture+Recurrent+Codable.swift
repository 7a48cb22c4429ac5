import Kernels

/// The keys of the recurrent layers' JSON.
private enum RecurrentKey: String, CodingKey {
  case name, inputs, outputs, gates, activation, leak, bias, direction, peepholes, projection, reset
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
    try container.require(Self.gates, forKey: .gates)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      inputs: try container.decode(Int.self, forKey: .inputs),
      outputs: try container.decode(Int.self, forKey: .outputs),
      activation: try container.decode(Activation.self, forKey: .activation),
      leak: container.contains(.leak) ? try container.decode(Double.self, forKey: .leak) : 1,
      bias: try container.decode(Bool.self, forKey: .bias),
      recurrentBias: try container.decode(Bool.self, forKey: .recurrentBias),
      direction: try container.decode(Architecture.Direction.self, forKey: .direction),
      initialState: try container.decode(Architecture.InitialState.self, forKey: .initialState))
  }

  /// Writes the layer's JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: RecurrentKey.self)
    try container.encode(name, forKey: .name)
    try container.encode(inputs, forKey: .inputs)
    try container.encode(outputs, forKey: .outputs)
    try container.encode(activation, forKey: .activation)
    if leak != 1 { try container.encode(leak, forKey: .leak) }
    try container.encode(bias, forKey: .bias)
    try container.encode(recurrentBias, forKey: .recurrentBias)
    try container.encode(Self.gates, forKey: .gates)
    try container.encode(direction, forKey: .direction)
    try container.encode(initialState, forKey: .initialState)
  }
}

extension Architecture.LSTM: Codable {
  /// Reads the layer's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: RecurrentKey.self)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      inputs: try container.decode(Int.self, forKey: .inputs),
      outputs: try container.decode(Int.self, forKey: .outputs),
      recurrentActivation: try container.decode(Activation.self, forKey: .recurrentActivation),
      activation: try container.decode(Activation.self, forKey: .activation),
      cellActivation: try container.decode(Activation.self, forKey: .cellActivation),
      forgetBias: try container.decode(Double.self, forKey: .forgetBias),
      bias: try container.decode(Bool.self, forKey: .bias),
      recurrentBias: try container.decode(Bool.self, forKey: .recurrentBias),
      peepholes: try container.decode(Bool.self, forKey: .peepholes),
      coupledGates: try container.decode(Bool.self, forKey: .coupledGates),
      cellClip: try container.decodeNullable(Double.self, forKey: .cellClip),
      projection: try container.decodeNullable(Projection.self, forKey: .projection),
      direction: try container.decode(Architecture.Direction.self, forKey: .direction),
      initialState: try container.decode(Architecture.InitialState.self, forKey: .initialState))
    try container.require(gates, forKey: .gates)
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
    try container.encode(peepholes, forKey: .peepholes)
    try container.encode(coupledGates, forKey: .coupledGates)
    try container.encode(projection, forKey: .projection)
    try container.encode(cellClip, forKey: .cellClip)
    try container.encode(gates, forKey: .gates)
    try container.encode(direction, forKey: .direction)
    try container.encode(initialState, forKey: .initialState)
  }
}

extension Architecture.LSTM.Projection: Codable {
  private enum Key: String, CodingKey { case cells, clip }

  /// Reads the projection's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      cells: try container.decode(Int.self, forKey: .cells),
      clip: try container.decodeNullable(Double.self, forKey: .clip))
  }

  /// Writes the projection's JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(cells, forKey: .cells)
    try container.encode(clip, forKey: .clip)
  }
}

extension Architecture.GRU: Codable {
  /// Reads the layer's JSON.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: RecurrentKey.self)
    try container.require(Self.gates, forKey: .gates)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      inputs: try container.decode(Int.self, forKey: .inputs),
      outputs: try container.decode(Int.self, forKey: .outputs),
      recurrentActivation: try container.decode(Activation.self, forKey: .recurrentActivation),
      activation: try container.decode(Activation.self, forKey: .activation),
      reset: try container.decode(Reset.self, forKey: .reset),
      updateKeeps: try container.decode(Update.self, forKey: .updateKeeps),
      bias: try container.decode(Bool.self, forKey: .bias),
      recurrentBias: try container.decode(Bool.self, forKey: .recurrentBias),
      direction: try container.decode(Architecture.Direction.self, forKey: .direction),
      initialState: try container.decode(Architecture.InitialState.self, forKey: .initialState))
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
    try container.encode(Self.gates, forKey: .gates)
    try container.encode(direction, forKey: .direction)
    try container.encode(initialState, forKey: .initialState)
  }
}
