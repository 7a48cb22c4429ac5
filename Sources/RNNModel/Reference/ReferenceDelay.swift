/// h(t) = x(t - n + 1), ..., x(t), one after another: a tapped delay line (Waibel et al. 1989). The state is h.
struct ReferenceDelay<Scalar: ReferenceScalar>: ReferenceLayer {
  let start: ReferenceStart<Scalar>
  /// The width of x(t).
  let inputs: Int

  init(_ layer: Architecture.Delay) {
    inputs = layer.inputs
    start = ReferenceStart(widths: (layer.outputs, 0))
  }

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    let h = Array(state.hidden.dropFirst(inputs)) + input.vector
    return ReferenceStep(input: input, previous: state, state: .init(hidden: h), output: h)
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) {
    let dh = zip(outputGradient, stateGradient.hidden).map { $0 + $1 }
    let oldest = [Scalar](repeating: 0, count: inputs)
    return (Array(dh.suffix(inputs)), .init(hidden: oldest + dh.dropLast(inputs)))
  }
}
