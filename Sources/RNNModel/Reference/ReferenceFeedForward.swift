import Kernels

/// h(t) is 1 at the token's index.
struct ReferenceOneHot<Scalar: ReferenceScalar>: ReferenceLayer {
  let size: Int

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    var h = [Scalar](repeating: 0, count: size)
    h[input.token] = 1
    return ReferenceStep(input: input, previous: state, state: state, output: h)
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) { (outputGradient, stateGradient) }
}

/// h(t) is the token's index times a constant.
struct ReferenceScalarInput<Scalar: ReferenceScalar>: ReferenceLayer {
  let size: Int
  let scale: Scalar

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    ReferenceStep(input: input, previous: state, state: state, output: [Scalar(input.token) * scale])
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) {
    // The token is a one-hot vector, multiplied with the row of all indices.
    ((0..<size).map { Scalar($0) * scale * outputGradient[0] }, stateGradient)
  }
}

/// h(t) = g(x(t)), unit by unit.
struct ReferenceActivated<Scalar: ReferenceScalar>: ReferenceLayer {
  let activation: Activation

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    ReferenceStep(input: input, previous: state, state: state, output: input.vector.map { activation.value($0) })
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) {
    (zip(outputGradient, step.output).map { $0 * activation.derivative(at: $1) }, stateGradient)
  }
}

/// h(t) is the token's row of the weights.
struct ReferenceEmbedding<Scalar: ReferenceScalar>: ReferenceLayer {
  let weights: ReferenceTensor<Scalar>

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    ReferenceStep(input: input, previous: state, state: state, output: weights.vector(row: input.token))
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) {
    for (unit, delta) in outputGradient.enumerated() {
      weights.accumulate(gate: step.input.token, unit, delta: delta, &gradient)
    }
    // The token is a one-hot vector that selects a row.
    return ((0..<weights.rows).map { weights.dot(row: $0, outputGradient) }, stateGradient)
  }
}

/// h(t) = x(t) times a given mask, or x(t).
struct ReferenceDropout<Scalar: ReferenceScalar>: ReferenceLayer {
  /// `[step][unit]`.
  let masks: [[Scalar]]?

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    ReferenceStep(input: input, previous: state, state: state, output: masked(input.vector, at: t))
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) { (masked(outputGradient, at: t), stateGradient) }

  private func masked(_ vector: [Scalar], at t: Int) -> [Scalar] {
    guard let masks else { return vector }
    return zip(vector, masks[t]).map { $0 * $1 }
  }
}

/// h(t) = W x(t) + b.
struct ReferenceLinear<Scalar: ReferenceScalar>: ReferenceLayer {
  let weights: ReferenceTensor<Scalar>
  let bias: ReferenceTensor<Scalar>

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    let x = input.vector
    let h = (0..<weights.rows).map { weights.dot(row: $0, x) + bias.element($0) }
    return ReferenceStep(input: input, previous: state, state: state, output: h)
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) {
    let x = step.input.vector
    var xGradient = [Scalar](repeating: 0, count: x.count)
    for (unit, delta) in outputGradient.enumerated() {
      weights.propagate(row: unit, delta: delta, x: x, to: &xGradient, &gradient)
      bias.accumulate(unit, delta: delta, &gradient)
    }
    return (xGradient, stateGradient)
  }
}
