extension Architecture {
  /// The fixed-window neural model of Bengio, Ducharme, Vincent & Jauvin (2003): the next token from the last ones, through their embeddings
  /// side by side.
  ///
  /// With x those embeddings, the outputs before the softmax are y = b + W x + U tanh(d + H x) (equation 1), where W is there with
  /// ``direct`` only.
  public struct FixedWindow: Hashable, Sendable, Codable {
    /// How many tokens the model sees; n - 1 in the paper.
    public var window = 4
    /// The width of a token's embedding; m in the paper.
    public var embedding = 60
    /// The number of hidden units; h in the paper.
    public var hidden = 100
    /// Whether the embeddings reach the output directly too.
    public var direct = false
    /// The dropout rate of the hidden units.
    public var dropout = 0.0

    /// Makes the description of a model.
    public init(window: Int = 4, embedding: Int = 60, hidden: Int = 100, direct: Bool = false, dropout: Double = 0) {
      self.window = window
      self.embedding = embedding
      self.hidden = hidden
      self.direct = direct
      self.dropout = dropout
    }
  }

  /// Builds a fixed-window model for a number of tokens.
  ///
  /// A window of one token needs no delay line, and gets none.
  public init(_ model: FixedWindow, size: Int) {
    var layers: [Layer] = [.embedding(.init(name: "embedding", inputs: size, outputs: model.embedding))]
    let delay = Delay(name: "window", inputs: model.embedding, steps: model.window)
    let width = model.window > 1 ? delay.outputs : model.embedding
    if model.window > 1 { layers.append(.delay(delay)) }
    let seen = layers.last?.name ?? ""
    layers.append(.linear(.init(name: "hidden", inputs: width, outputs: model.hidden)))
    layers.append(.activation(.init(name: "tanh", activation: .tanh)))
    if model.dropout > 0 { layers.append(.dropout(.init(name: "dropout", rate: model.dropout))) }
    var outputs = model.hidden
    if model.direct {
      layers.append(.concatenation(.init(name: "direct", of: [seen, layers.last?.name ?? ""])))
      outputs = width.addingReportingOverflow(model.hidden).overflow ? .max : width + model.hidden
    }
    layers.append(.linear(.init(name: "output", inputs: outputs, outputs: size)))
    self.init(size: size, layers: layers)
  }
}
