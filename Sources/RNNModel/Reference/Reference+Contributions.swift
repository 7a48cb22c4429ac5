extension Reference {
  /// The contributions of each use of some parameters to the gradient of each step's loss.
  ///
  /// Element `[t][i]` is dJ(t)/dW |(i): the derivative of the loss of step t through the use of W in step i alone, as
  /// if every step had its own copy of W. Summed over i it is the gradient of J(t), and summed over both that of
  /// ``gradient(inputs:targets:state:)``: "back-propagation through time" in the notes of Stanford's course CS224N.
  /// Where a net looks only back, what lies right of the diagonal is zero. The learned initial state counts as used by
  /// the step that starts from it.
  ///
  /// - Parameters:
  ///   - parameters: where W, or one element of it, lies among the parameters: an entry's range in the
  ///     ``ParameterTable``, or a part of it.
  ///   - inputs: what is fed.
  ///   - targets: what should come out at each step.
  ///   - state: the state before the first input.
  ///   - summary: what to keep of each contribution, `[parameter]`: its norm, its only element, or all of it.
  /// - Returns: `[t][i]`.
  /// - Precondition: as many targets as inputs, of the output's kind; the range is within the parameters.
  public func contributions<Summary>(
    to parameters: Range<Int>, inputs: Inputs, targets: Targets, state: [LayerState],
    summary: (_ contribution: Vector) -> Summary
  ) -> [[Summary]] {
    precondition(inputs.count == targets.count, "\(inputs.count) inputs, \(targets.count) targets")
    precondition(parameters.upperBound <= parameterCount, "\(parameterCount) parameters, not \(parameters)")
    let steps = 0..<inputs.count
    let trace = run(inputs, from: state)
    let (_, deltas) = losses(of: trace, targets, at: steps)
    var gradient = Vector(repeating: 0, count: parameterCount)
    let zeros = Vector(repeating: 0, count: parameters.count)
    return steps.map { t in
      var outputGradients = deltas.map { Vector(repeating: 0, count: $0.count) }
      outputGradients[t] = deltas[t]
      var contributions = steps.map { _ in zeros }
      _ = backpropagate(trace, steps: steps, outputGradients: outputGradients, into: &gradient) { i, gradient in
        // What has been added to the gradient since the last call belongs to step i.
        Scalar.add(
          1, times: gradient, from: parameters.lowerBound, count: parameters.count, to: &contributions[i], at: 0)
        gradient.replaceSubrange(parameters, with: zeros)
      }
      return contributions.map(summary)
    }
  }

  /// The contributions to the gradient of one parameter, `[t][i]`: see
  /// ``contributions(to:inputs:targets:state:summary:)``.
  public func contributions(
    toParameter index: Int, inputs: Inputs, targets: Targets, state: [LayerState]
  ) -> [Vector] {
    contributions(to: index..<(index + 1), inputs: inputs, targets: targets, state: state) { $0[0] }
  }

  /// The Euclidean norms of the contributions to a tensor's gradient, `[t][i]`: see
  /// ``contributions(to:inputs:targets:state:summary:)``.
  public func contributionNorms(
    to parameters: Range<Int>, inputs: Inputs, targets: Targets, state: [LayerState]
  ) -> [Vector] {
    contributions(to: parameters, inputs: inputs, targets: targets, state: state) { contribution in
      contribution.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
  }
}
