import Kernels

extension Architecture: Codable {
  private enum Key: String, CodingKey { case context, input, layers, output }
  private enum PartKey: String, CodingKey { case kind, size, activation }

  /// Reads the JSON of `docs/FORMAT.md`, section 4.
  ///
  /// - Throws: `DecodingError` for a missing key or a meaning that this version does not have.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let context = try container.decode(Context.self, forKey: .context)
    let input = try container.nestedContainer(keyedBy: PartKey.self, forKey: .input)
    let output = try container.nestedContainer(keyedBy: PartKey.self, forKey: .output)
    self.init(
      size: try input.decode(Int.self, forKey: .size), layers: try container.decode([Layer].self, forKey: .layers),
      context: context, input: try input.decode(Input.self, forKey: .kind),
      output: try output.decode(Output.self, forKey: .activation))
  }

  /// Writes the JSON of `docs/FORMAT.md`, section 4.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(context, forKey: .context)
    var inputPart = container.nestedContainer(keyedBy: PartKey.self, forKey: .input)
    try inputPart.encode(input, forKey: .kind)
    try inputPart.encode(size, forKey: .size)
    try container.encode(layers, forKey: .layers)
    var outputPart = container.nestedContainer(keyedBy: PartKey.self, forKey: .output)
    try outputPart.encode(output, forKey: .activation)
  }
}

extension Architecture.Context: Codable {
  private enum Key: String, CodingKey { case kind, length, padding }

  /// Reads a context by its `kind`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(String.self, forKey: .kind) {
    case "stream": self = .stream
    case "sequence": self = .sequence
    case "window":
      self = .window(
        length: try container.decode(Int.self, forKey: .length),
        padding: try container.decodeNullable(Int.self, forKey: .padding))
    case let kind:
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: container, debugDescription: "contexts of kind '\(kind)' are not known")
    }
  }

  /// Writes a context with its `kind`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(kind, forKey: .kind)
    if case .window(let length, let padding) = self {
      try container.encode(length, forKey: .length)
      try container.encode(padding, forKey: .padding)
    }
  }

  /// The `kind` of the context's JSON.
  public var kind: String {
    switch self {
    case .stream: "stream"
    case .sequence: "sequence"
    case .window: "window"
    }
  }
}

extension Architecture.Context: CustomStringConvertible {
  /// `stream`, `sequence`, `window:40`, or `window:40:0` with padding.
  public var description: String {
    guard case .window(let length, let padding) = self else { return kind }
    return "window:\(length)" + (padding.map { ":\($0)" } ?? "")
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
    case "scalar": self = .scalar(try .init(from: decoder))
    case "elman": self = .elman(try .init(from: decoder))
    case "lstm": self = .lstm(try .init(from: decoder))
    case "gru": self = .gru(try .init(from: decoder))
    case "dropout": self = .dropout(try .init(from: decoder))
    case "layer_norm": self = .layerNorm(try .init(from: decoder))
    case "delay": self = .delay(try .init(from: decoder))
    case "sum": self = .sum(try .init(from: decoder))
    case "concatenation": self = .concatenation(try .init(from: decoder))
    case "final": self = .final(try .init(from: decoder))
    case "attention": self = .attention(try .init(from: decoder))
    case "linear": self = .linear(try .init(from: decoder))
    case "activation": self = .activation(try .init(from: decoder))
    case "ngram": self = .ngram(try .init(from: decoder))
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
    case .scalar(let layer): try layer.encode(to: encoder)
    case .elman(let layer): try layer.encode(to: encoder)
    case .lstm(let layer): try layer.encode(to: encoder)
    case .gru(let layer): try layer.encode(to: encoder)
    case .dropout(let layer): try layer.encode(to: encoder)
    case .layerNorm(let layer): try layer.encode(to: encoder)
    case .delay(let layer): try layer.encode(to: encoder)
    case .sum(let layer), .concatenation(let layer): try layer.encode(to: encoder)
    case .final(let layer): try layer.encode(to: encoder)
    case .attention(let layer): try layer.encode(to: encoder)
    case .linear(let layer): try layer.encode(to: encoder)
    case .activation(let layer): try layer.encode(to: encoder)
    case .ngram(let layer): try layer.encode(to: encoder)
    }
  }
}
