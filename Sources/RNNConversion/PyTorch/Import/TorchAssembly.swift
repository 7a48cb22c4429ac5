import Kernels
import RNNFormat
import RNNModel

/// Makes a model of PyTorch's modules in their order.
struct TorchAssembly {
  private var assembly: ModelAssembly
  private let choices: ImportChoices
  private let source: any ArraySource
  private let isWhole: Bool
  /// What all paths of modules begin with.
  private let prefix: String
  /// The embedding, if one comes first: its layer and its weights.
  private var embedding: (layer: Architecture.Embedding, weights: String)?
  /// The width of what the layers so far give.
  private var width = 0
  private var isBidirectional = false

  init(_ dict: StateDict, _ parts: TorchParts, choices: ImportChoices) {
    assembly = ModelAssembly(of: dict.source, choices: choices)
    self.choices = choices
    source = dict.source
    isWhole = dict.isWhole
    prefix = Self.prefix(of: parts.parts.map(\.path))
    for (name, reason) in parts.left { assembly.leave(name, because: reason) }
  }

  /// The components that all paths begin with, each with its dot; the last component of each stays.
  private static func prefix(of paths: [String]) -> String {
    guard var common = paths.first?.split(separator: ".").dropLast() else { return "" }
    for path in paths.dropFirst() {
      let shared = zip(common, path.split(separator: ".").dropLast()).prefix { $0 == $1 }.count
      common = common.prefix(shared)
    }
    return common.map { $0 + "." }.joined()
  }

  private func malformed(_ place: String, _ reason: String) -> ConversionError {
    .malformed(file: source.path, place: place, reason: reason)
  }

  private func name(of part: TorchPart) -> String {
    let name = part.path.dropFirst(prefix.count)
    return name.isEmpty ? "layer" : String(name)
  }

  /// Adds all modules and finishes the model.
  mutating func build(_ chain: TorchChain, vocabulary: (Int) throws -> VocabularyWithOrder?) throws -> ImportedModel {
    if !chain.isCertain || !isWhole { settleOrder(chain) }
    let input = try begin(chain)
    for (index, link) in chain.links.enumerated() {
      do {
        try add(link, isLast: index == chain.links.count - 1)
      } catch let error as TensorFormulaError {
        throw malformed(link.name, error.description)
      }
    }
    let size = embedding?.layer.inputs ?? chain.links[0].inputs ?? 0
    let (context, output) = settleEnds(size: size, input)
    return try assembly.finish(
      size: size, context: context, input: input, output: output,
      vocabulary: input == .tokens && !choices.hasVocabulary ? try vocabulary(size) : nil)
  }

  // MARK: - What the file does not say

  private mutating func settleOrder(_ chain: TorchChain) {
    let order = chain.links.map(\.name).joined(separator: " -> ")
    let reason =
      chain.isCertain
      ? "parameters do not say how their modules are computed: this order, with nothing between them, is the only one that their widths allow"
      : "parameters do not say how their modules are computed: this is the order that their widths allow, with an affine map at the end and, where they are alike, that of the file; with nothing between them"
    _ = assembly.settle(
      choices.architecture == nil ? nil : order, else: order, "order of modules", flag: "--architecture",
      because: reason)
  }

  /// What comes in, where there is no embedding to take tokens; adds the one-hot layer of tokens.
  private mutating func begin(_ chain: TorchChain) throws -> Architecture.Input {
    if case .embedding = chain.links[0] { return .tokens }
    let (first, last) = (chain.links[0].inputs ?? 0, chain.links.last { $0.outputs != nil }?.outputs ?? 0)
    let reason =
      "there is no embedding, and \(chain.links[0].name) takes \(first) numbers: one-hot vectors of tokens, or other vectors"
    let input = assembly.settle(
      choices.input, else: first == last && first > 1 ? .tokens : .features, "input", flag: "--input", because: reason)
    width = first
    if input == .tokens {
      assembly.add(.oneHot(.init(name: assembly.freeName(for: "one_hot"), size: first)))
    }
    return input
  }

  private mutating func settleEnds(
    size: Int, _ input: Architecture.Input
  ) -> (Architecture.Context, Architecture.Output) {
    let predicts = input == .tokens && width == size
    var endsInMap = false
    if case .linear? = assembly.layers.last { endsInMap = true }
    let output = assembly.settle(
      choices.output, else: predicts && endsInMap ? .softmax : .values, "output", flag: "--output",
      because: "parameters do not say what the \(width) outputs mean")
    let context = assembly.settle(
      choices.context, else: isBidirectional || (input == .tokens && !predicts) ? .sequence : .stream, "context",
      flag: "--context",
      because: isBidirectional
        ? "layers that read backward need the whole sequence" : "parameters do not say whether the state is carried on")
    return (context, output)
  }

  // MARK: - Layers

  private mutating func add(_ link: TorchChain.Link, isLast: Bool) throws {
    switch link {
    case .activation(let activation):
      // Named as one that does nothing: so the user says that nothing is between two modules.
      guard activation != .linear else { return }
      assembly.add(.activation(.init(name: assembly.freeName(for: activation.rawValue), activation: activation)))
    case .embedding(let part):
      guard case .matrix(let weight, _, let rows, let columns, _, _) = part.kind else { return }
      let layer = Architecture.Embedding(name: assembly.freeName(for: name(of: part)), inputs: rows, outputs: columns)
      assembly.add(.embedding(layer), ["weights": try assembly.take(weight)])
      embedding = (layer, weight)
      width = columns
    case .module(let part):
      switch part.kind {
      case .matrix(let weight, let bias, let rows, let columns, _, _):
        try addMap(part, weight: weight, bias: bias, rows: rows, columns: columns, isLast: isLast)
      case .bias(let bias, let width):
        let layer = Architecture.Linear(
          name: assembly.freeName(for: name(of: part)), inputs: self.width, outputs: width, bias: true,
          weightsOf: embedding?.layer.name)
        assembly.add(.linear(layer), ["bias": try assembly.take(bias)])
        self.width = width
      case .norm(let weight, let bias, let width, let epsilon):
        try addNorm(part, weight: weight, bias: bias, width: width, epsilon: epsilon)
      case .recurrent(let parameters, let nonlinearity, let dropout):
        try addRecurrent(part, parameters, nonlinearity, dropout: dropout)
      }
    }
    if case .module(let part) = link { addDropout(behind: part) }
    if case .embedding(let part) = link { addDropout(behind: part) }
  }

  private mutating func addDropout(behind part: TorchPart) {
    for case .dropout(let rate) in part.followers { addDropout(rate) }
  }

  private mutating func addDropout(_ rate: Double) {
    guard rate > 0, rate < 1 else { return }
    assembly.add(.dropout(.init(name: assembly.freeName(for: "dropout"), rate: rate)))
  }

  private mutating func addMap(
    _ part: TorchPart, weight: String, bias: String?, rows: Int, columns: Int, isLast: Bool
  ) throws {
    var parameters: [String: TensorFormula] = [:]
    if let bias { parameters["bias"] = try assembly.take(bias) }
    var layer = Architecture.Linear(
      name: assembly.freeName(for: name(of: part)), inputs: columns, outputs: rows, bias: bias != nil)
    if isLast, let embedding, try isSame(weight, embedding.weights) {
      layer.weightsOf = embedding.layer.name
      assembly.leave(weight, because: "the same as \(embedding.weights), which both use")
    } else {
      parameters["weights"] = try assembly.take(weight)
    }
    assembly.add(.linear(layer), parameters)
    width = rows
  }

  /// Whether two matrices are one: in one place of the file, or with the same values.
  private func isSame(_ first: String, _ second: String) throws -> Bool {
    if let file = source as? TorchFile, file.isSame(first, second) { return true }
    guard let first = source.arrays[first], let second = source.arrays[second], first.shape == second.shape,
      first.type == second.type
    else { return false }
    return try source.bytes(of: first) == source.bytes(of: second)
  }

  private mutating func addNorm(
    _ part: TorchPart, weight: String, bias: String?, width: Int, epsilon: Double?
  ) throws {
    let epsilon =
      epsilon
      ?? assembly.settle(
        choices.layerNormEpsilon, else: 1e-5, "epsilon of \(part.path)", flag: "--layer-norm-epsilon",
        because: "parameters do not say it; this is PyTorch's own")
    var parameters = ["gain": try assembly.take(weight)]
    if let bias { parameters["bias"] = try assembly.take(bias) }
    assembly.add(
      .layerNorm(
        .init(name: assembly.freeName(for: name(of: part)), width: width, epsilon: epsilon, bias: bias != nil)),
      parameters)
  }
}

// MARK: - Recurrent layers

extension TorchAssembly {
  private mutating func addRecurrent(
    _ part: TorchPart, _ parameters: TorchRecurrent, _ nonlinearity: Activation?, dropout: Double
  ) throws {
    var activation = Activation.tanh
    if parameters.kind == .elman {
      activation =
        nonlinearity
        ?? assembly.settle(
          choices.activation, else: .tanh, "activation of \(part.path)", flag: "--activation",
          because: "parameters do not say whether an nn.RNN has tanh or relu")
    }
    for (index, directions) in parameters.layers.enumerated() {
      if index > 0 { addDropout(dropout) }
      let base = name(of: part) + (parameters.layers.count > 1 ? "_l\(index)" : "")
      let inputs = index == 0 ? parameters.inputs : parameters.width
      guard directions.count == 2 else {
        try add(directions[0], parameters, base, inputs: inputs, activation, .forward)
        continue
      }
      isBidirectional = true
      if assembly.layers.isEmpty {
        // Both directions take the input itself, which has no name: an identity gives it one.
        assembly.add(.dropout(.init(name: "input", rate: 0)))
      }
      let before = assembly.layers[assembly.layers.count - 1].name
      let forward = try add(directions[0], parameters, base, inputs: inputs, activation, .forward)
      assembly.add(.sum(.init(name: assembly.freeName(for: "\(base)_input"), of: [before])))
      let backward = try add(directions[1], parameters, "\(base)_reverse", inputs: inputs, activation, .backward)
      assembly.add(.concatenation(.init(name: assembly.freeName(for: "\(base)_both"), of: [forward, backward])))
    }
    width = parameters.width
  }

  /// Adds one layer in one direction, and gives its name.
  @discardableResult
  private mutating func add(
    _ direction: TorchRecurrent.Direction, _ parameters: TorchRecurrent, _ base: String, inputs: Int,
    _ activation: Activation, _ order: Architecture.Direction
  ) throws -> String {
    let name = assembly.freeName(for: base)
    let gates: [String]
    let layer: Architecture.Layer
    let (bias, recurrentBias) = (direction.bias != nil, direction.recurrentBias != nil)
    switch parameters.kind {
    case .elman:
      gates = Architecture.Elman.gates
      layer = .elman(
        .init(
          name: name, inputs: inputs, outputs: parameters.outputs, activation: activation, bias: bias,
          recurrentBias: recurrentBias, direction: order))
    case .lstm:
      gates = Architecture.LSTM.gates
      layer = .lstm(
        .init(
          name: name, inputs: inputs, outputs: parameters.outputs, bias: bias, recurrentBias: recurrentBias,
          projection: direction.projection.map { _ in .init(cells: parameters.hidden) }, direction: order))
    case .gru:
      gates = ["reset", "update", "candidate"]
      layer = .gru(
        .init(
          name: name, inputs: inputs, outputs: parameters.outputs, bias: bias, recurrentBias: recurrentBias,
          direction: order))
    }
    var formulas: [String: TensorFormula] = [:]
    for (own, foreign) in [
      ("input_weights", direction.inputWeights), ("recurrent_weights", direction.recurrentWeights),
      ("bias", direction.bias), ("recurrent_bias", direction.recurrentBias),
    ] {
      guard let foreign else { continue }
      let array = try assembly.take(foreign)
      guard let rows = array.shape.first, rows == gates.count * parameters.hidden else {
        throw malformed(
          foreign, "it has the shape \(array.shape), but \(gates.count * parameters.hidden) rows are needed")
      }
      formulas[own] = try array.reshaped([gates.count, parameters.hidden] + array.shape.dropFirst())
        .gates(gates, as: parameters.kind == .gru ? Architecture.GRU.gates : gates)
    }
    if let projection = direction.projection { formulas["projection_weights"] = try assembly.take(projection) }
    assembly.add(layer, formulas)
    return name
  }
}

extension TorchChain.Link {
  /// The module's path, or the activation.
  var name: String {
    switch self {
    case .embedding(let part), .module(let part): part.path
    case .activation(let activation): activation.rawValue
    }
  }

  var inputs: Int? { ends?.inputs }
  var outputs: Int? { ends?.outputs }

  private var ends: (inputs: Int, outputs: Int)? {
    switch self {
    case .embedding(let part), .module(let part): part.ends(tokens: nil, embeddingWidth: nil)
    case .activation: nil
    }
  }
}
