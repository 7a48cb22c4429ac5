import Kernels

extension Architecture {
  /// A stack of like recurrent layers between tokens and the probabilities of the next token: the usual language model, described by its
  /// few choices.
  public struct Stack: Hashable, Sendable, Codable {
    /// The recurrent layers' kind.
    public enum Cell: String, Hashable, Sendable, Codable, CaseIterable { case lstm, gru, elman }

    /// Dropout rates by place (Zaremba et al. 2014: only where nothing is carried through time).
    public struct Dropouts: Hashable, Sendable, Codable {
      /// After the embedding.
      public var input: Double
      /// Between recurrent layers.
      public var hidden: Double
      /// After the last recurrent layer.
      public var output: Double
      /// Whether all steps of a window share a mask (Gal & Ghahramani 2016).
      public var locked: Bool

      /// Makes rates; zero means no layer.
      public init(input: Double = 0, hidden: Double = 0, output: Double = 0, locked: Bool = false) {
        self.input = input
        self.hidden = hidden
        self.output = output
        self.locked = locked
      }
    }

    /// The recurrent layers' kind.
    public var cell = Cell.lstm
    /// The units of each recurrent layer.
    public var hidden = 256
    /// The number of recurrent layers.
    public var layers = 1
    /// The width of the token embedding; 0 for one-hot input; nil for 0 with up to 512 tokens, else 128, and with tied weights for the
    /// number of hidden units.
    public var embedding: Int?
    /// The activation of an Elman layer.
    public var activation = Activation.tanh
    /// How much of an Elman unit is renewed at each step.
    public var leak = 1.0
    /// Whether the gates of an LSTM see its cells.
    public var peepholes = false
    /// Whether an LSTM's forget gate is one minus its input gate.
    public var coupledGates = false
    /// The largest magnitude of an LSTM's cell.
    public var cellClip: Double?
    /// The number of outputs that an LSTM's cells are projected to.
    public var projection: Int?
    /// The largest magnitude of a projected output.
    public var projectionClip: Double?
    /// Whether the layers have the second bias that some programs give them; a GRU with its reset after the product always has it.
    public var recurrentBias = false
    /// Where a GRU's reset gate acts.
    public var reset = GRU.Reset.after
    /// The state before the first symbol.
    public var initialState = InitialState.zero
    /// Whether each recurrent layer's output is normalised.
    public var layerNorm = false
    /// Whether each recurrent layer's input is added to its output, where the widths allow it.
    public var residual = false
    /// Whether the output takes all recurrent layers' outputs side by side, and not only the last one's.
    public var concatenated = false
    /// Whether the output layer's weights are those of the embedding; the last recurrent layer then is as wide as the embedding.
    public var tied = false
    /// Whether beside each recurrent layer one of the same size reads backward; only of networks that see whole sequences.
    public var bidirectional = false
    /// Dropout.
    public var dropouts = Dropouts()

    /// A stack; by default a single LSTM layer of 256 units. Rarer choices are set afterwards.
    public init(
      cell: Cell = .lstm, hidden: Int = 256, layers: Int = 1, embedding: Int? = nil, recurrentBias: Bool = false,
      tied: Bool = false, dropouts: Dropouts = Dropouts()
    ) {
      self.cell = cell
      self.hidden = hidden
      self.layers = layers
      self.embedding = embedding
      self.recurrentBias = recurrentBias
      self.tied = tied
      self.dropouts = dropouts
    }
  }

  /// Builds a stack for a number of tokens.
  ///
  /// - Precondition: at least one layer.
  public init(_ stack: Stack, size: Int) {
    var builder = StackBuilder(stack, size: size)
    self.init(size: size, layers: builder.layers())
  }

  /// Builds a stack that labels whole sequences of a number of tokens.
  ///
  /// - Parameters:
  ///   - stack: the layers; without connections across them, and with weights of its own for the output.
  ///   - size: the number of tokens.
  ///   - labels: the number of labels.
  ///   - pools: whether a sequence gets one label, and not each of its tokens.
  /// - Precondition: at least one layer.
  public init(_ stack: Stack, size: Int, labels: Int, pools: Bool) {
    var builder = StackBuilder(stack, size: size)
    self.init(size: size, layers: builder.layers(labels: labels, pools: pools), context: .sequence)
  }
}

/// A stack as JSON, with every choice written out; one that is absent is the usual one.
extension Architecture.Stack {
  private enum CodingKeys: String, CodingKey {
    case cell, hidden, layers, embedding, activation, leak, peepholes, projection, reset, residual, concatenated, tied
    case dropouts, bidirectional
    case coupledGates = "coupled_gates"
    case cellClip = "cell_clip"
    case projectionClip = "projection_clip"
    case recurrentBias = "recurrent_bias"
    case initialState = "initial_state"
    case layerNorm = "layer_norm"
  }

  /// Reads a stack.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    cell = try values.decode(.cell, else: cell)
    hidden = try values.decode(.hidden, else: hidden)
    layers = try values.decode(.layers, else: layers)
    embedding = try values.decodeIfPresent(Int.self, forKey: .embedding)
    activation = try values.decode(.activation, else: activation)
    leak = try values.decode(.leak, else: leak)
    peepholes = try values.decode(.peepholes, else: peepholes)
    coupledGates = try values.decode(.coupledGates, else: coupledGates)
    cellClip = try values.decodeIfPresent(Double.self, forKey: .cellClip)
    projection = try values.decodeIfPresent(Int.self, forKey: .projection)
    projectionClip = try values.decodeIfPresent(Double.self, forKey: .projectionClip)
    recurrentBias = try values.decode(.recurrentBias, else: recurrentBias)
    reset = try values.decode(.reset, else: reset)
    initialState = try values.decode(.initialState, else: initialState)
    layerNorm = try values.decode(.layerNorm, else: layerNorm)
    residual = try values.decode(.residual, else: residual)
    concatenated = try values.decode(.concatenated, else: concatenated)
    tied = try values.decode(.tied, else: tied)
    dropouts = try values.decode(.dropouts, else: dropouts)
    bidirectional = try values.decode(.bidirectional, else: bidirectional)
  }
}

extension Architecture.Stack.Dropouts {
  private enum CodingKeys: String, CodingKey { case input, hidden, output, locked }

  /// Reads rates.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      input: try values.decode(.input, else: 0), hidden: try values.decode(.hidden, else: 0),
      output: try values.decode(.output, else: 0), locked: try values.decode(.locked, else: false))
  }
}

/// Puts the layers of a stack one after another.
private struct StackBuilder {
  private let stack: Architecture.Stack
  private let size: Int
  private var made: [Architecture.Layer] = []
  private var width: Int

  init(_ stack: Architecture.Stack, size: Int) {
    self.stack = stack
    self.size = size
    width = size
  }

  private var embedding: Int { stack.embedding ?? (stack.tied ? stack.hidden : size <= 512 ? 0 : 128) }

  mutating func layers() -> [Architecture.Layer] {
    addInput()
    let outputs = (1...stack.layers).map { addBlock($0) }
    if stack.concatenated, stack.layers > 1 {
      made.append(.concatenation(.init(name: "all", of: outputs.map(\.name))))
      width = outputs.reduce(0) { $0 + $1.width }
    }
    made.append(
      .linear(.init(name: "output", inputs: width, outputs: size, weightsOf: stack.tied ? "embedding" : nil)))
    return made
  }

  mutating func layers(labels: Int, pools: Bool) -> [Architecture.Layer] {
    addInput()
    for index in 1..<stack.layers { _ = addBlock(index) }
    if pools { addPooledBlock(stack.layers) } else { _ = addBlock(stack.layers) }
    made.append(.linear(.init(name: "output", inputs: width, outputs: labels)))
    return made
  }

  private mutating func addInput() {
    if embedding == 0 {
      made = [.oneHot(.init(name: "input", size: size))]
    } else {
      made = [.embedding(.init(name: "embedding", inputs: size, outputs: embedding))]
      width = embedding
    }
    addDropout("dropout_input", rate: stack.dropouts.input)
  }

  /// The recurrent layers of a block, forward and backward: their names and widths.
  private mutating func addRecurrent(_ index: Int, outputs: Int) -> [(name: String, width: Int)] {
    let name = "\(stack.cell.rawValue)_\(index)"
    let below = made.last?.name ?? ""
    let forward = recurrent(name, outputs: outputs)
    made.append(forward)
    var both = [(name: name, width: forward.outputs ?? outputs)]
    if stack.bidirectional {
      let backward = recurrent("\(name)_backward", outputs: outputs, direction: .backward)
      made += [.sum(.init(name: "below_\(index)", of: [below])), backward]
      both.append((name: backward.name, width: backward.outputs ?? outputs))
    }
    return both
  }

  /// Joins layers side by side; one alone stays as it is, if it is the last.
  private mutating func join(_ layers: [(name: String, width: Int)], as name: String) {
    if layers.count > 1 { made.append(.concatenation(.init(name: name, of: layers.map(\.name)))) }
    width = layers.reduce(0) { $0 + $1.width }
  }

  /// The last block where a sequence gets one label: what its recurrent layers give at the step that each reads last.
  private mutating func addPooledBlock(_ index: Int) {
    let layers = addRecurrent(index, outputs: stack.projection ?? stack.hidden)
    for layer in layers { made.append(.final(.init(name: "last_of_\(layer.name)", of: layer.name))) }
    join(layers.map { (name: "last_of_\($0.name)", width: $0.width) }, as: "both_\(index)")
    if stack.layerNorm { made.append(.layerNorm(.init(name: "norm_\(index)", width: width))) }
    addDropout("dropout_\(index)", rate: stack.dropouts.output)
  }

  /// One recurrent layer and what follows it.
  private mutating func addBlock(_ index: Int) -> (name: String, width: Int) {
    let before = (name: made.last?.name ?? "", width: width)
    let isLast = index == stack.layers
    let outputs = stack.tied && isLast && embedding > 0 ? embedding : stack.projection ?? stack.hidden
    join(addRecurrent(index, outputs: outputs), as: "both_\(index)")
    if stack.layerNorm { made.append(.layerNorm(.init(name: "norm_\(index)", width: width))) }
    if stack.residual, before.width == width {
      made.append(.sum(.init(name: "residual_\(index)", of: [before.name, made.last?.name ?? ""])))
    }
    addDropout("dropout_\(index)", rate: isLast ? stack.dropouts.output : stack.dropouts.hidden)
    return (made.last?.name ?? "", width)
  }

  private mutating func addDropout(_ name: String, rate: Double) {
    if rate > 0 { made.append(.dropout(.init(name: name, rate: rate, locked: stack.dropouts.locked))) }
  }

  private func recurrent(
    _ name: String, outputs: Int, direction: Architecture.Direction = .forward
  ) -> Architecture.Layer {
    switch stack.cell {
    case .lstm:
      let projection = stack.projection.map { _ in
        Architecture.LSTM.Projection(cells: stack.hidden, clip: stack.projectionClip)
      }
      return .lstm(
        .init(
          name: name, inputs: width, outputs: outputs, recurrentBias: stack.recurrentBias, peepholes: stack.peepholes,
          coupledGates: stack.coupledGates, cellClip: stack.cellClip,
          projection: projection, direction: direction, initialState: stack.initialState))
    case .gru:
      return .gru(
        .init(
          name: name, inputs: width, outputs: outputs, reset: stack.reset,
          recurrentBias: stack.recurrentBias || stack.reset == .after, direction: direction,
          initialState: stack.initialState))
    case .elman:
      return .elman(
        .init(
          name: name, inputs: width, outputs: outputs, activation: stack.activation, leak: stack.leak,
          recurrentBias: stack.recurrentBias, direction: direction, initialState: stack.initialState))
    }
  }
}
