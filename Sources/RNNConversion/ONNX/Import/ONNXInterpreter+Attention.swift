import RNNModel

extension ONNXInterpreter {
  // Attention over the steps: a product with one column, a softmax over the steps, and the sum of the steps by their shares.

  mutating func multiply(_ node: ONNXNode) throws(ConversionError) {
    if try isNormalisation(node) { return }
    let (first, second) = (try required(node, 0), try required(node, 1))
    switch (first, second) {
    case (.numbers(let axes, let scale), let other), (let other, .numbers(let axes, let scale)):
      guard let factor = try constant(other) else { throw refused(node, "tokens are multiplied with \(other.text)") }
      set(node, .numbers(axes, scale: scale * factor))
    case (.flow(let values), .flow(let shares)) where shares.head == .shares: try weigh(node, values, shares)
    case (.flow(let shares), .flow(let values)) where shares.head == .shares: try weigh(node, values, shares)
    default: try integerArithmetic(node)
    }
  }

  private mutating func weigh(_ node: ONNXNode, _ values: ONNXFlow, _ shares: ONNXFlow) throws(ConversionError) {
    let source = try materialized(values, node)
    guard values.hasFeaturesLast, values.outerAxes == shares.outerAxes, shares.sources.count == 1,
      network[shares.sources[0]]?.source == source
    else { throw refused(node, "attention is given to other values than those that it is computed from") }
    var weighted = values
    (weighted.sources, weighted.revision) = (shares.sources, shares.revision)
    (weighted.isFinal, weighted.head) = (false, .weighted)
    set(node, .flow(weighted))
  }

  mutating func reduceSum(_ node: ONNXNode) throws(ConversionError) {
    guard case .flow(let flow) = try required(node, 0), flow.head == .weighted else {
      throw refused(node, "it adds up something else than values by their attention")
    }
    let axes = try axes(node, input: 1)
    guard let axes, axes.count == 1, let axis = flow.axes.index(axes[0]), flow.axes.axes[axis] == time else {
      throw refused(node, "it does not add up the steps")
    }
    // The product with one column becomes the attention.
    guard let last = network.layers.last, last.layer.name == flow.sources[0], last.uses == 0,
      case .linear(let linear) = last.layer, !linear.bias, let weights = last.parameters["weights"],
      case .weights(let vector, _) = try self.weights(
        node, depth: 0, { () throws(TensorFormulaError) in try weights.reshaped([linear.inputs]) })
    else { throw refused(node, "its attention is not a product with parameters alone") }
    let name = network.name("attention")
    network.replaceLast(.attention(.init(name: name, width: linear.inputs)), ["weights": vector])
    var outer = flow.outerAxes
    if try integer(node, "keepdims", 1) == 0 { outer.remove(at: axis) } else { outer[axis] = [] }
    set(node, self.flow(name, width: linear.inputs, outer: outer))
  }
}
