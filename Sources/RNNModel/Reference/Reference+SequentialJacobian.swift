extension Reference {
  /// Which of the two vectors of the output layer.
  public enum OutputQuantity: Hashable, Sendable {
    /// in_k(t), before the output's activation.
    case logits
    /// y_k(t) = p(token k) or p(bit k), after it.
    case probabilities
  }

  /// One row of the sequential Jacobian of Graves (2012), chapter 3: d output_k(t) / d input_i(t') for one output at
  /// one step and all inputs at all steps. It shows how much of the context a network uses, and where the influence of
  /// an input vanishes or explodes.
  ///
  /// - Parameters:
  ///   - unit: the output, k.
  ///   - step: its step, t, counted from 0.
  ///   - quantity: what is taken as the output.
  ///   - inputs: what is fed; tokens count as one-hot vectors.
  ///   - state: the state before the first input.
  /// - Returns: `[t'][i]`; zero for steps that output_k(t) does not see.
  /// - Precondition: there is such a step and such an output.
  public func sequentialJacobian(
    ofOutput unit: Int, at step: Int, quantity: OutputQuantity = .probabilities, inputs: Inputs, state: [LayerState]
  ) -> [Vector] {
    precondition((0..<inputs.count).contains(step), "\(inputs.count) steps, not \(step)")
    let trace = run(inputs, from: state)
    var outputGradients = trace.outputs.map { Vector(repeating: 0, count: $0.count) }
    outputGradients[step] = derivatives(of: unit, quantity, logits: trace.outputs[step])
    var unused = Vector(repeating: 0, count: parameterCount)
    return backpropagate(trace, steps: 0..<inputs.count, outputGradients: outputGradients, into: &unused).inputs
  }

  /// d output_k / d logits.
  private func derivatives(of unit: Int, _ quantity: OutputQuantity, logits: Vector) -> Vector {
    precondition(logits.indices.contains(unit), "\(logits.count) outputs, not \(unit)")
    let y = output.logProbabilities(logits).map { Scalar.exp($0) }
    return logits.indices.map { index in
      switch (quantity, output) {
      case (.logits, _), (.probabilities, .values), (.probabilities, .logProbabilities): index == unit ? 1 : 0
      case (.probabilities, .softmax): y[unit] * ((index == unit ? 1 : 0) - y[index])
      case (.probabilities, .sigmoid): index == unit ? y[unit] * (1 - y[unit]) : 0
      }
    }
  }
}
