/// h(t) is the sum of several layers' outputs, which come in one after another: a residual connection (He et al. 2016).
struct ReferenceSum<Scalar: ReferenceScalar>: ReferenceLayer {
  /// The number of layers.
  let count: Int

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    let x = input.vector
    let width = x.count / count
    let h = (0..<width).map { unit in (0..<count).reduce(Scalar(0)) { $0 + x[$1 * width + unit] } }
    return ReferenceStep(input: input, previous: state, state: state, output: h)
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) {
    ((0..<count).flatMap { _ in outputGradient }, stateGradient)
  }
}

/// h(t) is several layers' outputs one after another, as they come in.
struct ReferenceConcatenation<Scalar: ReferenceScalar>: ReferenceLayer {
  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    ReferenceStep(input: input, previous: state, state: state, output: input.vector)
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) { (outputGradient, stateGradient) }
}
