import Kernels
import RNNFormat
import RNNModel

/// Makes a model of TensorFlow's variables in the order of a chain.
struct TensorFlowAssembly {
  private var assembly: ModelAssembly
  private let choices: ImportChoices
  private let path: String
  private let parameters: [String: TensorFlowCell.Parameters]
  private var embedding: String?
  private var isBidirectional = false

  init(_ source: any ArraySource, _ parameters: [String: TensorFlowCell.Parameters], choices: ImportChoices) {
    assembly = ModelAssembly(of: source, choices: choices)
    self.choices = choices
    self.parameters = parameters
    path = source.path
  }

  private func malformed(_ place: String, _ reason: String) -> ConversionError {
    .malformed(file: path, place: place, reason: reason)
  }

  /// Adds all links and finishes the model.
  ///
  /// - Parameters:
  ///   - left: what is no part of the model, and why.
  ///   - vocabulary: the tokens that lie beside the variables, if there are as many.
  mutating func build(
    _ chain: TensorFlowChain, left: [(name: String, reason: String)], vocabulary: (Int) throws -> VocabularyWithOrder?
  ) throws -> ImportedModel {
    let (size, outputs) = chain.ends
    let input = settleInput(chain, size: size, outputs: outputs)
    settleOrder(chain)
    let options = settleOptions(chain)
    for link in chain.links {
      do {
        try add(link, options)
      } catch let error as TensorFormulaError {
        throw malformed("'\(link.name)'", error.description)
      }
    }
    for (name, reason) in left { assembly.leave(name, because: reason) }
    let predicts = input == .tokens && size == outputs
    var endsInMap = false
    if case .linear? = assembly.layers.last { endsInMap = true }
    let output = assembly.settle(
      choices.output, else: predicts && endsInMap ? .softmax : .values, "output", flag: "--output",
      because: "variables do not say what the \(outputs) outputs mean")
    let context = assembly.settle(
      choices.context, else: isBidirectional || (input == .tokens && !predicts) ? .sequence : .stream, "context",
      flag: "--context",
      because: isBidirectional
        ? "layers that read backward need the whole sequence" : "variables do not say whether the state is carried on")
    let isGiven = choices.vocabulary != nil || choices.vocabularyFile != nil
    return try assembly.finish(
      size: size, context: context, input: input, output: output,
      vocabulary: input == .tokens && !isGiven ? try vocabulary(size) : nil)
  }

  // MARK: - What the file does not say

  private mutating func settleInput(_ chain: TensorFlowChain, size: Int, outputs: Int) -> Architecture.Input {
    if case .embedding? = chain.links.first { return .tokens }
    let input = assembly.settle(
      choices.input, else: size == outputs && size > 1 ? .tokens : .features, "input", flag: "--input",
      because:
        "there is no embedding, and \(chain.links.first?.name ?? "the model") takes \(size) numbers: one-hot vectors of tokens, or other vectors"
    )
    if input == .tokens { assembly.add(.oneHot(.init(name: "one_hot", size: size))) }
    return input
  }

  private mutating func settleOrder(_ chain: TensorFlowChain) {
    let order = chain.links.map(\.name).joined(separator: " -> ")
    _ = assembly.settle(
      choices.architecture?["layers"] == nil ? nil : order, else: order, "order of layers", flag: "--architecture",
      because:
        "variables do not say how they are used: this is the order that their names and widths allow, with nothing between them"
    )
  }

  /// What cells have that no variable shows.
  struct Options {
    var forgetBias = 0.0
    var activation = Activation.tanh
    var cellClip: Double?
    var projectionClip: Double?
  }

  private mutating func settleOptions(_ chain: TensorFlowChain) -> Options {
    var options = Options()
    var cells: [TensorFlowCell] = []
    for case .stack(let stack) in chain.links { cells += stack.forward + stack.backward }
    options.activation = assembly.settle(
      choices.activation, else: .tanh, "activation", flag: "--activation",
      because: "variables do not say it; this is that of TensorFlow's cells unless they are given another one")
    if cells.contains(where: { $0.kind == .lstm }) {
      let usual = cells.contains(where: \.isCuDNN) ? 0.0 : 1
      options.forgetBias = assembly.settle(
        choices.forgetBias, else: usual, "forget bias", flag: "--forget-bias",
        because: usual == 0
          ? "the names are those of cells that cuDNN trained, which adds none"
          : "TensorFlow adds it at run time and does not store it; 1 is what its cells add unless told otherwise")
    }
    if cells.contains(where: \.mayClip) {
      options.cellClip = choices.architecture?["cell_clip"]?.number
      options.projectionClip = choices.architecture?["projection_clip"]?.number
      let text = [
        options.cellClip.map { "cells \($0)" }, options.projectionClip.map { "projections \($0)" },
      ].compactMap(\.self).joined(separator: ", ")
      _ = assembly.settle(
        text.isEmpty ? nil : text, else: "none", "limits", flag: "--architecture",
        because: "variables do not say whether an LSTMCell limits its cells or projections (cell_clip, projection_clip)"
      )
    }
    return options
  }

  // MARK: - Layers

  private mutating func add(_ link: TensorFlowChain.Link, _ options: Options) throws {
    switch link {
    case .activation(let activation):
      assembly.add(.activation(.init(name: assembly.freeName(for: activation.rawValue), activation: activation)))
    case .embedding(let name, let rows, let columns):
      assembly.add(
        .embedding(.init(name: "embedding", inputs: rows, outputs: columns)), ["weights": try assembly.take(name)])
      embedding = "embedding"
    case .map(let map):
      let weights = try assembly.take(map.weights)
      var parameters = ["weights": map.isTransposed ? weights : try weights.transposed()]
      if let bias = map.bias { parameters["bias"] = try assembly.take(bias) }
      assembly.add(
        .linear(
          .init(
            name: assembly.freeName(for: "dense"), inputs: map.inputs, outputs: map.outputs, bias: map.bias != nil)),
        parameters)
    case .tied(let bias, let inputs, let outputs):
      assembly.add(
        .linear(
          .init(
            name: assembly.freeName(for: "dense"), inputs: inputs, outputs: outputs, bias: true, weightsOf: embedding)
        ), ["bias": try assembly.take(bias)])
    case .stack(let stack): try add(stack, options)
    }
  }

  private mutating func add(_ stack: TensorFlowChain.Stack, _ options: Options) throws {
    guard !stack.backward.isEmpty else {
      for cell in stack.forward { try add(cell, options, .forward) }
      return
    }
    isBidirectional = true
    if assembly.layers.isEmpty {
      // Both directions take the input itself, which has no name: an identity gives it one.
      assembly.add(.dropout(.init(name: "input", rate: 0)))
    }
    let before = assembly.layers[assembly.layers.count - 1].name
    var ends: [String] = []
    for cell in stack.forward { ends = [try add(cell, options, .forward)] }
    assembly.add(.sum(.init(name: assembly.freeName(for: "backward_input"), of: [before])))
    for (index, cell) in stack.backward.enumerated() {
      let name = try add(cell, options, .backward)
      if index == stack.backward.count - 1 { ends.append(name) }
    }
    _ = assembly.settle(
      nil, else: "side by side", "both directions of \(stack.path)", flag: "--architecture",
      because: "the program joins them, and usually so")
    assembly.add(.concatenation(.init(name: assembly.freeName(for: "both"), of: ends)))
  }

  /// Adds a cell as a layer, and gives its name.
  @discardableResult
  private mutating func add(
    _ cell: TensorFlowCell, _ options: Options, _ direction: Architecture.Direction
  ) throws -> String {
    guard let parameters = parameters[cell.scope] else { return "" }
    for name in parameters.formulas.values.flatMap(\.operands) { _ = try assembly.take(name) }
    let (formulas, widths) = (parameters.formulas, parameters.widths)
    let kind = cell.kind == .lstm ? "lstm" : cell.kind == .gru ? "gru" : "rnn"
    let name = assembly.freeName(for: kind)
    let bias = formulas["bias"] != nil
    switch cell.kind {
    case .elman:
      assembly.add(
        .elman(
          .init(
            name: name, inputs: widths.inputs, outputs: widths.outputs, activation: options.activation, bias: bias,
            direction: direction)), formulas)
    case .gru:
      assembly.add(
        .gru(
          .init(
            name: name, inputs: widths.inputs, outputs: widths.outputs, activation: options.activation, reset: .before,
            bias: bias, recurrentBias: false, direction: direction)), formulas)
    case .lstm:
      let isProjected = formulas["projection_weights"] != nil
      assembly.add(
        .lstm(
          .init(
            name: name, inputs: widths.inputs, outputs: widths.outputs, activation: options.activation,
            cellActivation: options.activation, forgetBias: options.forgetBias, bias: bias,
            peepholes: formulas["peephole_weights"] != nil, cellClip: cell.mayClip ? options.cellClip : nil,
            projection: isProjected
              ? .init(cells: widths.hidden, clip: cell.mayClip ? options.projectionClip : nil) : nil,
            direction: direction)), formulas)
    }
    return name
  }
}
