/// The last layer with the loss that belongs to it.
enum NetworkOutput {
  case softmax(SoftmaxOutput)
  case sigmoid(SigmoidOutput)
  case values(ValuesOutput)

  func prepare(_ parameters: [Float]) {
    switch self {
    case .softmax(let output): output.prepare(parameters)
    case .sigmoid(let output): output.prepare(parameters)
    case .values: break
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
    case (.sigmoid(let output), .bits(let bits, _)):
      precondition(bits.count == window.rows * output.operation.outputs, "\(bits.count) bits for \(window.rows) rows")
      return output.backpropagate(
        input, window, targets: bits, scale: scale, parameters: parameters, gradient: &gradient)
    case (.softmax, .bits): preconditionFailure("bits as targets of a softmax")
    case (.sigmoid, .classes): preconditionFailure("classes as targets of independent bits")
    case (.values, _): preconditionFailure("targets of a network that is there to be run")
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
    case (.sigmoid(let output), .bits(let bits, _)):
      precondition(bits.count == window.rows * output.operation.outputs, "\(bits.count) bits for \(window.rows) rows")
      output.score(input, window, targets: bits, parameters: parameters, into: &results)
    case (.softmax, .bits): preconditionFailure("bits as targets of a softmax")
    case (.sigmoid, .classes): preconditionFailure("classes as targets of independent bits")
    case (.values, _): preconditionFailure("targets of a network that is there to be run")
    }
  }

  /// The logits `[rows, outputs]`.
  func logits(_ input: LayerInput, _ window: Window, parameters: [Float], into results: inout [Float]) {
    switch self {
    case .softmax(let output): output.logits(input, window, parameters: parameters, into: &results)
    case .sigmoid(let output): output.logits(input, window, parameters: parameters, into: &results)
    case .values(let output): output.values(input, window, into: &results)
    }
  }
}
