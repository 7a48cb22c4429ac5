import Kernels
import RNNModel

extension ONNXInterpreter {
  /// A function that may be the output's meaning; it becomes a layer only if something takes it.
  mutating func head(_ node: ONNXNode) throws(ConversionError) {
    var flow = try taken(node, 0)
    if node.operatorType == "Log" {
      guard flow.head == .softmax else { throw refused(node, "a logarithm of something else than a softmax") }
      flow.head = .logSoftmax
      return set(node, .flow(flow))
    }
    if flow.head != nil || flow.isFinal || flow.sources.count > 1 {
      let source = try materialized(flow, node)
      (flow.sources, flow.revision) = ([source], network[source]?.revision ?? 0)
      (flow.isFinal, flow.head) = (false, nil)
    }
    if node.operatorType == "Sigmoid" {
      flow.head = .sigmoid
    } else {
      // Before operator set 13 all axes from this one on counted as one, and 1 was usual.
      let axis = flow.axes.index(try integer(node, "axis", operatorSet < 13 ? 1 : -1))
      let isOverSteps = axis.map { flow.axes.axes[$0] == time && flow.width == 1 } ?? false
      guard axis == flow.axes.rank - 1 || isOverSteps else {
        throw refused(node, "its sum is not over the units alone")
      }
      flow.head = isOverSteps ? .shares : node.operatorType == "Softmax" ? .softmax : .logSoftmax
      if isOverSteps, node.operatorType != "Softmax" { throw refused(node, "the logarithm of attention is taken") }
    }
    set(node, .flow(flow))
  }

  mutating func activation(_ node: ONNXNode) throws(ConversionError) {
    let input = try taken(node, 0)
    let function: Activation?
    if node.operatorType == "Clip" {
      let low = try bound(node, "min", 1), high = try bound(node, "max", 2)
      function = low == -1 && high == 1 ? .hardTanh : nil
    } else {
      let alpha = node.attributes["alpha"] == nil ? nil : try float(node, "alpha", 0)
      let beta = node.attributes["beta"] == nil ? nil : try float(node, "beta", 0)
      function = ONNXActivation.named(node.operatorType, alpha: alpha, beta: beta)
    }
    guard let function else { throw refused(node, "its constants make it a function that is not known") }
    let source = try materialized(input, node)
    network.connect(source)
    let name = network.name("activation")
    network.add(.activation(.init(name: name, activation: function)))
    set(node, flow(name, width: input.width, outer: input.outerAxes))
  }

  private mutating func bound(_ node: ONNXNode, _ name: String, _ index: Int) throws(ConversionError) -> Double? {
    if node.attributes[name] != nil { return Double(try float(node, name, 0)) }
    guard let meaning = try meaning(node, index) else { return nil }
    return try constant(meaning)
  }
}
