import Kernels
import RNNFormat
import RNNModel

extension ONNXPlanner {
  // MARK: - Two directions in one operator

  /// Finds backward layers that can share an operator with the forward layer before them: the same layer but for its direction.
  mutating func pairDirections() {
    var sources: [String: String] = [:]
    var below = ""
    var forward: (layer: Architecture.Layer, source: String)?
    for layer in architecture.layers {
      let source = layer.sources.map { $0.count == 1 && !layer.pools ? sources[$0[0]] ?? $0[0] : layer.name } ?? below
      // A concatenation of one passes it on.
      sources[layer.name] = layer.sources != nil ? source : layer.name
      if layer.direction == .forward {
        forward = (layer, source)
      } else if layer.direction == .backward, let (other, otherSource) = forward, otherSource == source,
        other.isTwin(of: layer)
      {
        partners[other.name] = layer.name
        partners[layer.name] = other.name
        forward = nil
      }
      below = sources[layer.name] ?? layer.name
    }
  }

  /// The units of a forward and a backward layer side by side, if one operator gives them.
  mutating func bothDirections(_ names: [String]) -> String? {
    guard names.count == 2, partners[names[0]] == names[1], isForward(names[0]) else { return nil }
    let output = "/\(names[0]).both"
    if !made.insert(output).inserted { return output }
    let swapped = graph.node(
      "Transpose", ["/\(names[0]).y"], ["\(output).swapped"], [("perm", .integers([0, 2, 1, 3]))])
    return graph.node("Reshape", [swapped, graph.integers("joined_directions", [0, 0, -1])], [output])
  }

  private func isForward(_ name: String) -> Bool {
    architecture.layers.first { $0.name == name }?.direction == .forward
  }

  // MARK: - Operators

  mutating func addRecurrent(_ layer: Architecture.Layer, _ below: String) throws {
    let name = layer.name
    if let partner = partners[name], layer.direction == .backward {
      // Its operator stands where the forward layer is.
      values[name] = direction(1, of: partner)
      return
    }
    let both =
      [layer]
      + (partners[name].flatMap { partner in architecture.layers.first { $0.name == partner } }.map { [$0] } ?? [])
    guard let options = options(layer) else { return }
    var activations: [String] = [], alphas: [Float] = [], betas: [Float] = []
    for activation in both.flatMap(\.activations) {
      guard let (name, alpha, beta) = ONNXActivation.description(of: activation) else {
        problems.append(
          "the recurrent layer '\(layer.name)' has the activation \(activation.rawValue), which ONNX has not")
        return
      }
      activations.append(name)
      if let alpha { alphas.append(alpha) }
      if let beta { betas.append(beta) }
    }
    var attributes: [(String, ONNXGraphBuilder.Attribute)] = [
      ("hidden_size", .integer(layer.outputs ?? 0)), ("activations", .texts(activations)),
      ("direction", .text(both.count == 2 ? "bidirectional" : layer.direction == .backward ? "reverse" : "forward")),
    ]
    if !alphas.isEmpty { attributes.append(("activation_alpha", .floats(alphas))) }
    if !betas.isEmpty { attributes.append(("activation_beta", .floats(betas))) }
    attributes += options.attributes
    var inputs = [below]
    for (part, formulas) in try parameters(both) {
      inputs.append(formulas.map { graph.parameter("\(name).\(part)", $0) } ?? "")
    }
    let initial = try initialStates(both, below)
    let peepholes = inputs.count > 4 ? inputs.removeLast() : ""
    // sequence_lens, which is absent, the two states, the peepholes.
    inputs += [""] + initial + [String](repeating: "", count: 2 - initial.count) + [peepholes]
    while inputs.last == "" { inputs.removeLast() }
    let isStream = architecture.context == .stream
    let outputs = ["/\(name).y", isStream ? "\(name).hidden.next" : "/\(name).h"]
    graph.node(
      options.operation, inputs, outputs + (isStream && layer.kind == "lstm" ? ["\(name).cell.next"] : []), attributes)
    if isStream {
      let parts = layer.kind == "lstm" ? ["hidden", "cell"] : ["hidden"]
      states += parts.map { ("\(name).\($0).next", layer.outputs ?? 0) }
    }
    values[name] = direction(0, of: name)
  }

  /// Whether anything takes one direction of two by itself, at every step.
  private func isTakenAlone(_ name: String) -> Bool {
    let layers = architecture.layers
    guard layers.last?.name != name else { return true }
    return layers.indices.contains { index in
      guard let sources = layers[index].sources else { return index > 0 && layers[index - 1].name == name }
      switch layers[index] {
      case .final: return false
      case .concatenation where sources.count == 2 && partners[sources[0]] == sources[1] && isForward(sources[0]):
        return false
      default: return sources.contains(name)
      }
    }
  }

  /// What one direction of an operator gives at every step.
  private mutating func direction(_ index: Int, of name: String) -> String {
    if let partner = partners[name], !isTakenAlone(index == 0 ? name : partner) { return "" }
    let output = "/\(name).\(index == 0 ? "forward" : "backward")"
    guard made.insert(output).inserted else { return output }
    if partners[name] == nil {
      return graph.node("Squeeze", ["/\(name).y", graph.integers("direction_axis", [1])], [output])
    }
    return graph.node(
      "Gather", ["/\(name).y", graph.integer("direction_\(index)", index)], [output], [("axis", .integer(1))])
  }

  /// What a layer gives at the step that it reads last.
  mutating func final(of source: String, giving output: String) -> String {
    let layer = architecture.layers.first { $0.name == source }
    guard let direction = layer?.direction else {
      return graph.node(
        "Gather", [values[source] ?? "", graph.integer("last_step", -1)], [output], [("axis", .integer(0))])
    }
    let owner = direction == .backward ? partners[source] ?? source : source
    let index = owner == source ? 0 : 1
    return graph.node(
      "Gather", ["/\(owner).h", graph.integer("direction_\(index)", index)], [output], [("axis", .integer(0))])
  }

  // MARK: - What an operator has

  private mutating func options(
    _ layer: Architecture.Layer
  ) -> (operation: String, attributes: [(String, ONNXGraphBuilder.Attribute)])? {
    switch layer {
    case .elman(let layer):
      if layer.leak != 1 { problems.append("the layer '\(layer.name)' has leaky units") }
      return ("RNN", [])
    case .gru(let layer):
      if layer.updateKeeps == .candidate,
        ![.sigmoid, .hardSigmoid, .hardSigmoidSixth].contains(layer.recurrentActivation)
      {
        problems.append("the update gate of '\(layer.name)' keeps the candidate, which ONNX's does not")
      }
      return ("GRU", [("linear_before_reset", .integer(layer.reset == .after ? 1 : 0))])
    case .lstm(let layer):
      if layer.cellClip != nil {
        problems.append("the layer '\(layer.name)' limits its cells; ONNX's clip limits what goes into the activations")
      }
      if layer.projection != nil { problems.append("the layer '\(layer.name)' has a projection") }
      return ("LSTM", layer.coupledGates ? [("input_forget", .integer(1))] : [])
    default: return nil
    }
  }

  // MARK: - States

  /// The inputs `initial_h` and `initial_c`.
  private mutating func initialStates(_ layers: [Architecture.Layer], _ below: String) throws -> [String] {
    let layer = layers[0]
    let parts =
      layer.kind == "lstm" ? [("hidden", "initial_hidden"), ("cell", "initial_cell")] : [("hidden", "initial_hidden")]
    let hidden = layer.outputs ?? 0
    if layer.initialState == .learned {
      guard architecture.context != .stream else {
        problems.append("the stream's learned initial state of '\(layer.name)' would have to be known to the caller")
        return []
      }
      let shape = graph.node(
        "Shape", [below], ["/\(layer.name).shape"], [("start", .integer(1)), ("end", .integer(2))])
      let count = graph.integers("directions_\(layers.count)", [layers.count]),
        width = graph.integers("width_\(hidden)", [hidden])
      let full = graph.node("Concat", [count, shape, width], ["/\(layer.name).state_shape"], [("axis", .integer(0))])
      return try parts.map { part, name in
        let formulas = try layers.compactMap { try formula($0.name, name)?.reshaped([1, 1, hidden]) }
        let state = graph.parameter("\(layer.name).\(part)", try .joining(formulas))
        return graph.node("Expand", [state, full], ["/\(layer.name).\(part)"])
      }
    }
    guard architecture.context == .stream || layer.initialState == .given else { return [] }
    return parts.map { part, _ in
      graph.input("\(layer.name).\(part)", .float, [.fixed(layers.count), Self.batch, .fixed(hidden)])
    }
  }
}

extension Architecture.Layer {
  /// Whether two layers are the same but for the direction, their activations and their parameters.
  fileprivate func isTwin(of other: Architecture.Layer) -> Bool {
    switch (self, other) {
    case (.elman(let first), .elman(var second)):
      (second.name, second.direction, second.activation) = (first.name, first.direction, first.activation)
      return first == second
    case (.gru(let first), .gru(var second)):
      (second.name, second.direction) = (first.name, first.direction)
      (second.activation, second.recurrentActivation) = (first.activation, first.recurrentActivation)
      return first == second
    case (.lstm(let first), .lstm(var second)):
      (second.name, second.direction, second.cellActivation) = (first.name, first.direction, first.cellActivation)
      (second.activation, second.recurrentActivation) = (first.activation, first.recurrentActivation)
      return first == second
    default: return false
    }
  }

  /// The activations in ONNX's order: gates, candidate, cell.
  fileprivate var activations: [Activation] {
    switch self {
    case .elman(let layer): [layer.activation]
    case .gru(let layer): [layer.recurrentActivation, layer.activation]
    case .lstm(let layer): [layer.recurrentActivation, layer.activation, layer.cellActivation]
    default: []
    }
  }
}
