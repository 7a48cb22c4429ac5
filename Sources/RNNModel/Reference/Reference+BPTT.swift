extension Reference {
  /// The result of a backward pass.
  public struct Gradient: Sendable {
    /// -ln p(targets | inputs), summed over the steps, in nats.
    public var loss: Scalar
    /// dL/dw for each parameter, in the order of the ``ParameterTable``.
    public var values: Vector
    /// The state after the last step, one for each layer.
    public var state: [LayerState]
  }

  /// Back-propagation through time over one stretch of a sequence: Graves (2012), section 3.2; Goodfellow, Bengio &
  /// Courville (2016), section 10.2.2.
  ///
  /// - Parameters:
  ///   - inputs: what is fed.
  ///   - targets: what should come out at each step.
  ///   - state: the state before the first input. It is taken as a constant, except that ``initialState`` hands its
  ///     gradient to the layers that learn it.
  /// - Returns: the loss and its derivatives.
  /// - Precondition: as many targets as inputs, or one where the steps are pooled, of the output's kind.
  public func gradient(inputs: Inputs, targets: Targets, state: [LayerState]) -> Gradient {
    let isPooled = hasOneStep.last ?? false
    precondition(
      targets.count == (isPooled ? 1 : inputs.count), "\(inputs.count) inputs, \(targets.count) targets")
    let trace = run(inputs, from: state)
    return gradient(trace, targets: targets, losses: 0..<targets.count, steps: 0..<inputs.count)
  }

  /// ``gradient(inputs:targets:state:)`` of tokens; negative targets do not count.
  public func gradient(inputs: [Int32], targets: [Int32], state: [LayerState]) -> Gradient {
    gradient(inputs: .tokens(inputs), targets: .classes(targets), state: state)
  }

  /// Truncated back-propagation through time, for parameters that stay as they are: every `k1` steps, the gradient of
  /// the loss of the last `k1` steps, which flows back through the last `k2` steps; the state before those is a
  /// constant.
  ///
  /// This is BPTT(h; h') of Williams & Peng (1990) with h = k2 and h' = k1; Sutskever (2013) names the two lengths.
  /// With k1 = k2 the windows do not overlap.
  ///
  /// - Parameters:
  ///   - inputs: what is fed.
  ///   - targets: what should come out at each step.
  ///   - state: the state before the first input, as for ``gradient(inputs:targets:state:)``.
  ///   - k1: the number of steps between updates.
  ///   - k2: the number of steps that the gradient flows back.
  /// - Returns: the gradient of each update; the last one may have fewer than k1 steps. A gradient's state is that
  ///   after its last step.
  /// - Throws: ``ReferenceError/truncation(k1:k2:)`` unless 1 <= k1 <= k2, ``ReferenceError/backwardLayer(_:)`` for a
  ///   layer that needs the sequence as a whole.
  /// - Precondition: as many targets as inputs, of the output's kind.
  public func truncatedGradients(
    inputs: Inputs, targets: Targets, state: [LayerState], k1: Int, k2: Int
  ) throws(ReferenceError) -> [Gradient] {
    guard 1 <= k1, k1 <= k2 else { throw .truncation(k1: k1, k2: k2) }
    try requireForwardLayers()
    precondition(inputs.count == targets.count, "\(inputs.count) inputs, \(targets.count) targets")
    let trace = run(inputs, from: state)
    return stride(from: 0, to: inputs.count, by: k1).map { begin in
      let end = min(begin + k1, inputs.count)
      return gradient(trace, targets: targets, losses: begin..<end, steps: max(0, end - k2)..<end)
    }
  }

  /// The gradient of the losses of some steps, flowing back through `steps`, which end with them.
  private func gradient(
    _ trace: Trace, targets: Targets, losses lossSteps: Range<Int>, steps: Range<Int>
  ) -> Gradient {
    let (losses, deltas) = losses(of: trace, targets, at: lossSteps)
    let width = trace.outputs.first?.count ?? 0
    let isPooled = hasOneStep.last ?? false
    let unwanted = [Vector](
      repeating: Vector(repeating: 0, count: width), count: isPooled ? 0 : steps.count - lossSteps.count)
    var values = Vector(repeating: 0, count: parameterCount)
    _ = backpropagate(trace, steps: steps, outputGradients: unwanted + deltas, into: &values)
    return Gradient(loss: losses.reduce(0, +), values: values, state: trace.state(after: steps.upperBound))
  }

  /// Refuses layers that run from the end of a sequence to its beginning.
  func requireForwardLayers() throws(ReferenceError) {
    if let index = layers.firstIndex(where: { $0.direction == .backward || $0 is any ReferencePooling<Scalar> }) {
      throw .backwardLayer(names[index])
    }
  }
}

extension Reference.Trace {
  /// The state after the first `count` steps.
  fileprivate func state(after count: Int) -> [Reference<Scalar>.LayerState] {
    guard count < steps.last?.count ?? 0 else { return finalState }
    return steps.map { $0[count].previous }
  }
}
