import RNNFormat
import RNNModel

// What comes in, and how the model sees it.
extension KerasAssembly {
  /// The axes of what comes in; empty where nothing says it.
  var inputShape: [Int?] {
    for layer in model.layers {
      if case .input(let shape) = layer.kind { return shape }
    }
    return []
  }

  /// How many steps a window has, if they are counted.
  var steps: Int? { inputShape.first ?? nil }

  mutating func settleContext(_ known: Architecture.Context?) -> Architecture.Context {
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
  mutating func addInput() throws -> (size: Int, input: Architecture.Input) {
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
    // Vectors are what Keras says; that they stand for tokens, only their number or the user tells.
    let usual: Architecture.Input = width == outputs && isSoftmax ? .tokens : .features
    if width > 1, usual == .tokens || assembly.choices.input == .tokens,
      settleInput(usual, "each step has as many units as there are outputs") == .tokens
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

  mutating func settleInput(_ usual: Architecture.Input, _ reason: String) -> Architecture.Input {
    assembly.settle(assembly.choices.input, else: usual, "input", flag: "--input", because: reason)
  }

  /// The layers that take what comes in, behind those that pass it on.
  func takers(of input: String) -> [KerasLayer] {
    var names: Set<String> = [input]
    var takers: [KerasLayer] = []
    // A layer stands behind those that it takes from.
    for layer in model.layers where layer.sources.contains(where: { names.contains($0) }) {
      switch layer.kind {
      case .identity, .dropout: names.insert(layer.name)
      default: takers.append(layer)
      }
    }
    return takers
  }

  /// Whether vectors that come in have to have a name.
  func isTakenTwice(_ input: String) -> Bool {
    let takers = takers(of: input)
    return takers.count > 1
      || takers.contains { layer in
        switch layer.kind {
        case .bidirectional, .concatenation, .sum: true
        default: false
        }
      }
  }

  /// The width of what comes in, from the kernel of the layer that takes it.
  func widthFromWeights(_ input: String) throws -> Int? {
    for layer in takers(of: input) {
      switch layer.kind {
      case .recurrent(let recurrent):
        return try weights.arrays(of: layer, cells: recurrent.places).first?.first?.shape.first
      case .bidirectional(let forward, let backward, _):
        let cells = forward.places("forward_layer") + backward.places("backward_layer")
        return try weights.arrays(of: layer, cells: cells).first?.first?.shape.first
      case .dense(_, _, let bias):
        return try weights.arrays(of: layer, bias ? ["kernel", "bias"] : ["kernel"]).first?.shape.first
      default: continue
      }
    }
    return nil
  }

  /// The number of outputs of the last layer that has a number of its own.
  func outputWidth() throws -> Int {
    for layer in model.layers.reversed() {
      switch layer.kind {
      case .dense(let units, _, _): return units
      case .activation, .dropout, .identity: continue
      default: return 0
      }
    }
    return 0
  }

  var lastActivation: KerasActivation {
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
}

extension ModelAssembly {
  fileprivate mutating func noteScale(_ size: Int) {
    _ = settle(
      nil, else: "token / \(size)", "scale", flag: "--scale", because: "Keras does not say how tokens became numbers")
  }
}
