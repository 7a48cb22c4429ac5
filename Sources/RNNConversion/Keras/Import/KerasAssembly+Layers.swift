import RNNFormat
import RNNModel

extension KerasAssembly {
  mutating func add(_ layer: KerasLayer) throws {
    if case .input = layer.kind { return }
    let name = assembly.freeName(for: layer.name)
    do {
      nodes[layer.name] = try node(layer, name: name)
    } catch let error as TensorFormulaError {
      throw malformed(layer.name, error.description)
    }
  }

  mutating func node(_ layer: KerasLayer, name: String) throws -> Node {
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

  func source(_ layer: KerasLayer) throws -> Node {
    guard let name = layer.sources.first, let node = nodes[name] else {
      throw malformed(layer.name, "nothing goes into it")
    }
    return node
  }

  /// The output that a layer takes, with its activation applied, made the last one so far.
  mutating func entered(_ layer: KerasLayer) throws -> Node {
    guard let name = layer.sources.first else { throw malformed(layer.name, "nothing goes into it") }
    let node = try applied(name, for: layer)
    enter(node, for: layer.name)
    return node
  }

  /// Makes a layer's output the one that the next layer takes.
  mutating func enter(_ node: Node, for layer: String) {
    guard let name = node.layer, assembly.layers.last?.name != name else { return }
    // Layers take the output of the one before; this one stands for another.
    assembly.add(.concatenation(.init(name: assembly.freeName(for: "to_\(layer)"), of: [name])))
  }

  /// A layer's output with its activation applied.
  mutating func applied(_ name: String, for layer: KerasLayer) throws -> Node {
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

  mutating func joint(_ layer: KerasLayer, name: String) throws -> Node {
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
}
