import RNNFormat
import RNNModel

// What goes out, and what has to be said about it.
extension KerasAssembly {
  mutating func finishOutput(
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

  mutating func note(_ layer: KerasLayer) {
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
