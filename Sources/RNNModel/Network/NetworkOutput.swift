/// The last layer with the loss that belongs to it.
enum NetworkOutput {
  case softmax(SoftmaxOutput)

  init(
    _ layer: Architecture.Linear, _ kind: Architecture.Output, _ table: ParameterTable, takesTokens: Bool,
    capacity: Window, trains: Bool
  ) throws(ArchitectureError) {
    switch kind {
    case .softmax:
      self = .softmax(SoftmaxOutput(layer, table, takesTokens: takesTokens, capacity: capacity, trains: trains))
    case .sigmoid:
      throw .outOfRange(layer: layer.name, what: "sigmoid outputs are not computed yet")
    }
  }

  func prepare(_ parameters: [Float]) {
    switch self {
    case .softmax(let output): output.prepare(parameters)
    }
  }

  /// Writes dL/dh of the layer below, adds dL/dw to `gradient`, and returns the loss summed over the targets.
  func backpropagate(
    _ input: LayerInput, _ window: Window, targets: Network.Targets, scale: Float, parameters: [Float],
    gradient: inout [Float]
  ) -> Double {
    switch (self, targets) {
    case (.softmax(let output), .classes(let classes)):
      precondition(classes.count == window.rows, "\(classes.count) targets for \(window.rows) rows")
      return output.backpropagate(
        input, window, targets: classes, scale: scale, parameters: parameters, gradient: &gradient)
    case (.softmax, .bits): preconditionFailure("bits as targets of a softmax")
    }
  }

  /// ln p of each row's target.
  func score(
    _ input: LayerInput, _ window: Window, targets: Network.Targets, parameters: [Float], into results: inout [Double]
  ) {
    switch (self, targets) {
    case (.softmax(let output), .classes(let classes)):
      precondition(classes.count == window.rows, "\(classes.count) targets for \(window.rows) rows")
      output.score(input, window, targets: classes, parameters: parameters, into: &results)
    case (.softmax, .bits): preconditionFailure("bits as targets of a softmax")
    }
  }

  /// The logits `[rows, outputs]`.
  func logits(_ input: LayerInput, _ window: Window, parameters: [Float], into results: inout [Float]) {
    switch self {
    case .softmax(let output): output.logits(input, window, parameters: parameters, into: &results)
    }
  }
}
