import Kernels
import RNNFormat
import RNNModel

/// Builds a model of the layers and arrays of a Keras file.
struct KerasAssembly {
  /// The output of a Keras layer while the model is being built.
  private struct Node {
    /// The layer here that gives it; nil for vectors that come in.
    var layer: String?
    var width: Int
    /// What is still to be applied to it.
    var activation = KerasActivation.function(.linear)
  }

  private let model: KerasModel
  private let weights: KerasWeights
  private let flow: KerasFlow
  private var assembly: ModelAssembly
  private var nodes: [String: Node] = [:]
  /// Whether the last step is taken where Keras gives only one output, and not at the very end.
  private var poolsExplicitly = false

  private init(_ model: KerasModel, _ file: KerasFile, choices: ImportChoices) {
    self.model = model
    weights = KerasWeights(file)
    flow = KerasFlow(model)
    assembly = ModelAssembly(of: file, choices: choices)
  }

  /// Puts a model together.
  ///
  /// - Parameters:
  ///   - context: how such a model sees a text, if that is known.
  ///   - assumed: what was taken to be so before the layers were known.
  /// - Throws: ``ConversionError``.
  static func build(
    _ model: KerasModel, _ file: KerasFile, choices: ImportChoices,
    context: Architecture.Context? = nil, settling assumed: (inout ModelAssembly) -> Void = { _ in }
  ) throws -> ImportedModel {
    var builder = KerasAssembly(model, file, choices: choices)
    assumed(&builder.assembly)
    return try builder.build(file, context)
  }

  private mutating func build(_ file: KerasFile, _ known: Architecture.Context?) throws -> ImportedModel {
    if let problem = flow.problem { throw malformed(problem.layer, problem.reason) }
    guard let last = model.layers.last else { throw malformed("", "the model has no layers") }
    let context = settleContext(known)
    poolsExplicitly = flow.needsPooling || (context == .sequence && flow.isPooled(model))
    if flow.needsPooling || flow.readsBackward, context == .stream {
      throw malformed(last.name, "the model reads whole windows or sequences, so it cannot be one of a stream")
    }
    let size = try addInput()
    for layer in model.layers { try add(layer) }
    let output = try finishOutput(last, size: size.size, takesTokens: size.input == .tokens)
    for layer in model.layers { note(layer) }
    for (what, count) in file.leftBehindCounts {
      assembly.leave(what, because: "it belongs to the training, not to the model (arrays: \(count))")
    }
    return try assembly.finish(size: size.size, context: context, input: size.input, output: output)
  }

  private func malformed(_ layer: String, _ reason: String) -> ConversionError {
    .malformed(file: weights.file.path, place: layer.isEmpty ? "the model" : "layer '\(layer)'", reason: reason)
  }

  // MARK: What comes in

  /// The axes of what comes in; empty where nothing says it.
  private var inputShape: [Int?] {
    for layer in model.layers {
      if case .input(let shape) = layer.kind { return shape }
    }
    return []
  }

  /// How many steps a window has, if they are counted.
  private var steps: Int? { inputShape.first ?? nil }

  private mutating func settleContext(_ known: Architecture.Context?) -> Architecture.Context {
    let given = assembly.choices.context
    func settle(_ usual: Architecture.Context, _ reason: String) -> Architecture.Context {
      assembly.settle(given, else: usual, "context", flag: "--context", because: reason)
    }
    if let known { return settle(known, "models of this name have it so") }
    if !flow.isPooled(model) {
      if flow.readsBackward { return settle(.sequence, "a layer reads from the end, and every step has an output") }
      let reason = flow.isStateful ? "the layers are stateful" : "every step has an output"
      return settle(.stream, reason)
    }
    if flow.isStateful, !flow.needsPooling, !flow.readsBackward { return settle(.stream, "the layers are stateful") }
    if let steps {
      return settle(
        .window(length: steps, padding: nil),
        "the model takes \(steps) steps and gives one output; what stands in front of a shorter text, Keras does not say"
      )
    }
    return flow.needsPooling || flow.readsBackward
      ? settle(.sequence, "the model gives one output for sequences of any length")
      : settle(.stream, "the model gives one output for any number of steps, the state before which is zero")
  }

  /// Adds the layer that takes what comes in.
  private mutating func addInput() throws -> (size: Int, input: Architecture.Input) {
    let inputs = model.layers.filter { if case .input = $0.kind { true } else { false } }
    guard inputs.count <= 1 else { throw malformed(inputs[1].name, "the model has more than one input") }
    guard let input = inputs.first else { throw malformed("", "nothing says what the model takes") }
    for layer in model.layers where layer.sources == [input.name] {
      // A layer of tokens takes them from the input itself.
      if case .embedding(let tokens, _) = layer.kind { return (tokens, .tokens) }
    }
    guard let width = inputShape.count == 2 ? inputShape[1] : try widthFromWeights(input.name), width > 0 else {
      throw malformed(
        input.name, "its shape \(inputShape.map { $0.map(String.init) ?? "any" }) is not that of steps with units")
    }
    let outputs = try outputWidth()
    let isSoftmax = lastActivation == .softmax || lastActivation == .function(.linear)
    let name = assembly.freeName(for: input.name)
    if width == 1, outputs > 1, isSoftmax,
      settleInput(.tokens, "each step is one number, and there are \(outputs) outputs") == .tokens
    {
      assembly.add(.scalar(.init(name: name, size: outputs, scale: 1 / Double(outputs))))
      assembly.noteScale(outputs)
      nodes[input.name] = Node(layer: name, width: 1)
      return (outputs, .tokens)
    }
    if width > 1, width == outputs, isSoftmax,
      settleInput(.tokens, "each step has as many units as there are outputs") == .tokens
    {
      assembly.add(.oneHot(.init(name: name, size: width)))
      nodes[input.name] = Node(layer: name, width: width)
      return (width, .tokens)
    }
    nodes[input.name] = Node(layer: nil, width: width)
    if isTakenTwice(input.name) {
      // Only a layer has a name that others can take from.
      assembly.add(.activation(.init(name: name, activation: .linear)))
      nodes[input.name] = Node(layer: name, width: width)
    }
    return (width, .features)
  }

  private mutating func settleInput(_ usual: Architecture.Input, _ reason: String) -> Architecture.Input {
    assembly.settle(assembly.choices.input, else: usual, "input", flag: "--input", because: reason)
  }

  private func isTakenTwice(_ name: String) -> Bool {
    let takers = model.layers.filter { $0.sources.contains(name) }
    return takers.count > 1
      || takers.contains { layer in
        switch layer.kind {
        case .bidirectional, .concatenation, .sum: true
        case .identity, .dropout: isTakenTwice(layer.name)
        default: false
        }
      }
  }

  /// The width of what comes in, from the kernel of the layer that takes it.
  private func widthFromWeights(_ input: String) throws -> Int? {
    for layer in model.layers where layer.sources == [input] {
      if case .recurrent(let recurrent) = layer.kind {
        return try weights.arrays(of: layer, cells: recurrent.places).first?.first?.shape.first
      }
      if case .dense(_, _, let bias) = layer.kind {
        return try weights.arrays(of: layer, bias ? ["kernel", "bias"] : ["kernel"]).first?.shape.first
      }
    }
    return nil
  }

  /// The number of outputs of the last layer that has a number of its own.
  private func outputWidth() throws -> Int {
    for layer in model.layers.reversed() {
      switch layer.kind {
      case .dense(let units, _, _): return units
      case .activation, .dropout, .identity: continue
      default: return 0
      }
    }
    return 0
  }

  private var lastActivation: KerasActivation {
    for layer in model.layers.reversed() {
      switch layer.kind {
      case .activation(let activation): return activation
      case .dense(_, let activation, _): return activation
      case .dropout, .identity: continue
      default: return .function(.linear)
      }
    }
    return .function(.linear)
  }

  // MARK: Layers

  private mutating func add(_ layer: KerasLayer) throws {
    if case .input = layer.kind { return }
    let name = assembly.freeName(for: layer.name)
    do {
      nodes[layer.name] = try node(layer, name: name)
    } catch let error as TensorFormulaError {
      throw malformed(layer.name, error.description)
    }
  }

  private mutating func node(_ layer: KerasLayer, name: String) throws -> Node {
    switch layer.kind {
    case .input: throw malformed(layer.name, "the model has more than one input")
    case .embedding(let tokens, let width):
      guard assembly.layers.isEmpty else {
        throw malformed(layer.name, "it takes something else than the model's input")
      }
      let arrays = try weights.arrays(of: layer, ["embeddings"])
      assembly.add(
        .embedding(.init(name: name, inputs: tokens, outputs: width)), ["weights": try assembly.take(arrays[0].name)])
      return Node(layer: name, width: width)
    case .recurrent(let recurrent):
      let source = try entered(layer)
      let arrays = try weights.arrays(of: layer, cells: recurrent.places)
      return try chain(recurrent, arrays, layer, name: name, inputs: source.width)
    case .bidirectional(let forward, let backward, let merge):
      return try both(forward, backward, merge, layer, name: name)
    case .dense(let units, let activation, let bias):
      let source = try entered(layer)
      let arrays = try weights.arrays(of: layer, bias ? ["kernel", "bias"] : ["kernel"])
      var parameters = ["weights": try assembly.take(arrays[0].name).transposed()]
      if bias { parameters["bias"] = try assembly.take(arrays[1].name) }
      assembly.add(.linear(.init(name: name, inputs: source.width, outputs: units, bias: bias)), parameters)
      return Node(layer: name, width: units, activation: activation)
    case .activation(let activation):
      var source = try source(layer)
      if source.activation != .function(.linear) { source = try entered(layer) }
      source.activation = activation
      return source
    case .dropout(let rate, let locked):
      guard try source(layer).activation == .function(.linear), rate > 0 else { return try source(layer) }
      let source = try entered(layer)
      assembly.add(.dropout(.init(name: name, rate: rate, locked: locked)))
      return Node(layer: name, width: source.width)
    case .identity: return try source(layer)
    case .concatenation, .sum: return try joint(layer, name: name)
    case .layerNormalization(let epsilon, let scale, let center):
      let source = try entered(layer)
      guard scale else { throw malformed(layer.name, "it normalises without a gain, which layers here always have") }
      let arrays = try weights.arrays(of: layer, center ? ["gamma", "beta"] : ["gamma"])
      var parameters = ["gain": try assembly.take(arrays[0].name)]
      if center { parameters["bias"] = try assembly.take(arrays[1].name) }
      assembly.add(
        .layerNorm(.init(name: name, width: source.width, epsilon: epsilon, bias: center)), parameters)
      return Node(layer: name, width: source.width)
    case .shares, .weightedSum, .flattened: throw malformed(layer.name, "it is known only as a part of attention")
    case .attention:
      let source = try entered(layer)
      let arrays = try weights.arrays(of: layer, [layer.keeper == layer.name ? "attention_W" : "kernel"])
      assembly.add(
        .attention(.init(name: name, width: source.width)),
        ["weights": try assembly.take(arrays[0].name).reshaped([source.width])])
      return Node(layer: name, width: source.width)
    }
  }

  private func source(_ layer: KerasLayer) throws -> Node {
    guard let name = layer.sources.first, let node = nodes[name] else {
      throw malformed(layer.name, "nothing goes into it")
    }
    return node
  }

  /// The output that a layer takes, with its activation applied, made the last one so far.
  private mutating func entered(_ layer: KerasLayer) throws -> Node {
    guard let name = layer.sources.first else { throw malformed(layer.name, "nothing goes into it") }
    let node = try applied(name, for: layer)
    enter(node, for: layer.name)
    return node
  }

  /// Makes a layer's output the one that the next layer takes.
  private mutating func enter(_ node: Node, for layer: String) {
    guard let name = node.layer, assembly.layers.last?.name != name else { return }
    // Layers take the output of the one before; this one stands for another.
    assembly.add(.concatenation(.init(name: assembly.freeName(for: "to_\(layer)"), of: [name])))
  }

  /// A layer's output with its activation applied.
  private mutating func applied(_ name: String, for layer: KerasLayer) throws -> Node {
    guard var node = nodes[name] else { throw malformed(layer.name, "nothing goes into it") }
    switch node.activation {
    case .softmax: throw malformed(layer.name, "it takes a softmax, which only the model's output can have here")
    case .function(.linear): return node
    case .function(let activation):
      enter(node, for: name)
      let applied = assembly.freeName(for: "\(name)_activation")
      assembly.add(.activation(.init(name: applied, activation: activation)))
      node.layer = applied
      node.activation = .function(.linear)
      nodes[name] = node
      return node
    }
  }

  private mutating func joint(_ layer: KerasLayer, name: String) throws -> Node {
    let parts = try layer.sources.map { try applied($0, for: layer) }
    let names = parts.compactMap(\.layer)
    guard names.count == parts.count, let width = parts.first?.width else {
      throw malformed(layer.name, "it joins nothing that has a name here")
    }
    guard Set(names).count == names.count else { throw malformed(layer.name, "it takes the same output twice") }
    if layer.kind == .sum {
      assembly.add(.sum(.init(name: name, of: names)))
      return Node(layer: name, width: width)
    }
    assembly.add(.concatenation(.init(name: name, of: names)))
    // No overflow: the check of the architecture bounds the sum, and each width is one of an array in memory.
    return Node(layer: name, width: parts.reduce(0) { $0 + $1.width })
  }

  // MARK: Recurrent layers

  /// Adds the cells of a layer on top of each other, and the choice of the last step where that is all Keras gives.
  private mutating func chain(
    _ recurrent: KerasRecurrent, _ arrays: [[ArrayDescription]], _ layer: KerasLayer, name: String, inputs: Int,
    isReversed: Bool? = nil
  ) throws -> Node {
    let before = layer.sources.first.flatMap { flow.outputs[$0] }?.isReversed ?? false
    let direction: Architecture.Direction =
      (isReversed ?? (before != recurrent.goesBackwards)) ? .backward : .forward
    var width = inputs
    var own = name
    for (index, cell) in recurrent.cells.enumerated() {
      if index > 0 { own = assembly.freeName(for: "\(name)_\(index + 1)") }
      let formulas = try arrays[index].map { try assembly.take($0.name) }
      let parameters = try KerasFormulas.parameters(formulas, of: cell)
      assembly.add(try make(cell, own, inputs: width, direction, parameters, layer), parameters)
      width = cell.units
    }
    if poolsExplicitly, !recurrent.returnsSequences {
      let final = assembly.freeName(for: "\(name)_final")
      assembly.add(.final(.init(name: final, of: own)))
      own = final
    }
    return Node(layer: own, width: width)
  }

  private func make(
    _ cell: KerasCell, _ name: String, inputs: Int, _ direction: Architecture.Direction,
    _ parameters: [String: TensorFormula], _ layer: KerasLayer
  ) throws -> Architecture.Layer {
    func function(_ activation: KerasActivation) throws -> Activation {
      guard case .function(let function) = activation else {
        throw malformed(layer.name, "its units have a softmax, which recurrent units cannot have here")
      }
      return function
    }
    let (bias, recurrentBias) = (parameters["bias"] != nil, parameters["recurrent_bias"] != nil)
    let activation = try function(cell.activation)
    switch cell.kind {
    case .simple:
      return .elman(
        .init(
          name: name, inputs: inputs, outputs: cell.units, activation: activation, bias: bias,
          recurrentBias: recurrentBias, direction: direction))
    case .lstm:
      return .lstm(
        .init(
          name: name, inputs: inputs, outputs: cell.units, recurrentActivation: try function(cell.recurrentActivation),
          activation: activation, cellActivation: activation, bias: bias, recurrentBias: recurrentBias,
          direction: direction))
    case .gru:
      return .gru(
        .init(
          name: name, inputs: inputs, outputs: cell.units, recurrentActivation: try function(cell.recurrentActivation),
          activation: activation, reset: cell.resetsAfter ? .after : .before, bias: bias, recurrentBias: recurrentBias,
          direction: direction))
    }
  }

  /// Adds both directions and what joins them.
  private mutating func both(
    _ forward: KerasRecurrent, _ backward: KerasRecurrent, _ merge: KerasLayer.Merge, _ layer: KerasLayer, name: String
  ) throws -> Node {
    let source = try entered(layer)
    let arrays = try weights.arrays(
      of: layer, cells: forward.places("forward_layer") + backward.places("backward_layer"))
    let isReversed = (layer.sources.first.flatMap { flow.outputs[$0] }?.isReversed ?? false) != forward.goesBackwards
    let first = try chain(
      forward, Array(arrays[..<forward.cells.count]), layer, name: assembly.freeName(for: "\(name)_forward"),
      inputs: source.width, isReversed: isReversed)
    enter(source, for: "\(layer.name)_backward")
    let second = try chain(
      backward, Array(arrays[forward.cells.count...]), layer, name: assembly.freeName(for: "\(name)_backward"),
      inputs: source.width, isReversed: !isReversed)
    let names = [first.layer, second.layer].compactMap(\.self)
    switch merge {
    case .concatenation:
      assembly.add(.concatenation(.init(name: name, of: names)))
      return Node(layer: name, width: first.width + second.width)
    case .sum:
      assembly.add(.sum(.init(name: name, of: names)))
      return Node(layer: name, width: first.width)
    case .average, .product:
      throw malformed(layer.name, "its directions are joined by '\(merge.rawValue)', which no layer here does")
    }
  }

  // MARK: What goes out

  private mutating func finishOutput(
    _ last: KerasLayer, size: Int, takesTokens: Bool
  ) throws -> Architecture.Output {
    guard let node = nodes[last.name] else { throw malformed(last.name, "nothing goes out of it") }
    var isLinear = false
    if case .linear? = assembly.layers.last, assembly.layers.last?.name == node.layer { isLinear = true }
    switch node.activation {
    case .softmax:
      guard isLinear else {
        throw malformed(last.name, "its softmax is not that of an affine layer, as every one is here")
      }
      return .softmax
    case .function(.sigmoid) where isLinear: return .sigmoid
    case .function(.linear) where isLinear && takesTokens && node.width == size:
      return assembly.settle(
        assembly.choices.output, else: .softmax, "output", flag: "--output",
        because: "the last layer has one value for each token and no activation")
    case .function(.linear) where isLinear:
      return assembly.settle(
        assembly.choices.output, else: .values, "output", flag: "--output", because: "the last layer has no activation")
    default:
      let applied = try applied(last.name, for: last)
      enter(applied, for: "output")
      return .values
    }
  }

  private mutating func note(_ layer: KerasLayer) {
    for remark in layer.remarks {
      switch remark {
      case .training(let option):
        assembly.leave("\(option) of '\(layer.name)'", because: "it acts in training only")
      case .skipsSteps(let which):
        assembly.leave(
          "the mask of '\(layer.name)'",
          because: "Keras skips steps \(which); here they are read as any other")
      }
    }
  }
}

extension KerasRecurrent {
  /// The cells, and where Keras 3 keeps them below their layer.
  var places: [(cell: KerasCell, place: String)] { cells.map { ($0, $0.path) } }

  /// The same below a wrapper.
  func places(_ wrapper: String) -> [(cell: KerasCell, place: String)] { cells.map { ($0, "\(wrapper)/\($0.path)") } }
}

extension ModelAssembly {
  fileprivate mutating func noteScale(_ size: Int) {
    _ = settle(
      nil, else: "token / \(size)", "scale", flag: "--scale", because: "Keras does not say how tokens became numbers")
  }
}
