import RNNModel

/// How far a layer normalisation has been written out: before operator set 17 it has no operator of its own.
enum ONNXNormalisation: Hashable, Sendable {
  /// The mean of the units.
  case mean
  /// x - mean.
  case centred
  /// (x - mean)^2.
  case squares
  /// The mean of that.
  case variance
  /// variance + epsilon.
  case steadied(Double)
  /// The root of that.
  case deviation(Double)
  /// (x - mean) / deviation.
  case normalised(Double)
}

extension ONNXInterpreter {
  /// Operators of one input, or with a constant, that occur only in normalisations.
  mutating func normalisation(_ node: ONNXNode) throws(ConversionError) {
    var flow = try taken(node, 0)
    switch (node.operatorType, flow.head) {
    case ("ReduceMean", nil), ("ReduceMean", .normalisation(.squares)):
      let axes = try axes(node, input: 1)
      guard let axes, axes.count == 1, flow.axes.index(axes[0]) == flow.axes.rank - 1,
        try integer(node, "keepdims", 1) == 1
      else { throw refused(node, "it is not over the units alone") }
      let head = flow.head == nil ? ONNXNormalisation.mean : .variance
      if flow.head == nil {
        let source = try materialized(flow, node)
        (flow.sources, flow.revision) = ([source], network[source]?.revision ?? 0)
      }
      flow.axes.axes[flow.axes.rank - 1] = []
      (flow.features, flow.width, flow.isFinal, flow.head) = ([], 1, false, .normalisation(head))
    case ("Pow", .normalisation(.centred)):
      guard try constant(try required(node, 1)) == 2 else { throw refused(node, "its power is not 2") }
      flow.head = .normalisation(.squares)
    case ("Sqrt", .normalisation(.steadied(let epsilon))): flow.head = .normalisation(.deviation(epsilon))
    default: throw refused(node, "it is not a part of a normalisation over units")
    }
    set(node, .flow(flow))
  }

  /// Whether an operator of two inputs is a part of a normalisation; its output has a meaning then.
  mutating func isNormalisation(_ node: ONNXNode) throws(ConversionError) -> Bool {
    let (first, second) = (try required(node, 0), try required(node, 1))
    switch (node.operatorType, first, second) {
    case ("Sub", .flow(let values), .flow(let mean)) where mean.head == .normalisation(.mean):
      guard values.hasFeaturesLast, values.outerAxes == mean.outerAxes,
        try materialized(values, node) == mean.sources[0]
      else { throw refused(node, "the mean is that of other values") }
      var centred = values
      (centred.sources, centred.revision) = (mean.sources, mean.revision)
      (centred.isFinal, centred.head) = (false, .normalisation(.centred))
      set(node, .flow(centred))
    case ("Add", .flow(var flow), let other), ("Add", let other, .flow(var flow)):
      guard flow.head == .normalisation(.variance), let epsilon = try constant(other) else { return false }
      flow.head = .normalisation(.steadied(epsilon))
      set(node, .flow(flow))
    case ("Div", .flow(var centred), .flow(let deviation)):
      guard centred.head == .normalisation(.centred), centred.sources == deviation.sources,
        case .normalisation(.deviation(let epsilon))? = deviation.head
      else { return false }
      centred.head = .normalisation(.normalised(epsilon))
      set(node, .flow(centred))
    case ("Mul", .flow(let flow), .weights(let gain, _)), ("Mul", .weights(let gain, _), .flow(let flow)):
      guard case .normalisation(.normalised(let epsilon))? = flow.head else { return false }
      guard gain.shape == [flow.width] else { throw refused(node, "its gain is not a parameter for each unit") }
      try checkCurrent(flow, node)
      network.connect(flow.sources[0])
      let name = network.name("layer_norm")
      network.add(
        .layerNorm(.init(name: name, width: flow.width, epsilon: epsilon, bias: false)), ["gain": gain])
      set(node, self.flow(name, width: flow.width, outer: flow.outerAxes))
    default: return false
    }
    return true
  }
}
