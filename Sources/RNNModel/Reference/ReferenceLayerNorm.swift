/// h(t) = gain x̂ + bias with x̂ = (x(t) - mean) / sqrt(variance + epsilon), over the units of one step: Ba, Kiros &
/// Hinton (2016), equation 4.
struct ReferenceLayerNorm<Scalar: ReferenceScalar>: ReferenceLayer {
  let epsilon: Scalar
  let gain: ReferenceTensor<Scalar>
  let bias: ReferenceTensor<Scalar>

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    let x = input.vector
    let count = Scalar(x.count)
    let mean = x.reduce(0, +) / count
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let deviation = (variance + epsilon).squareRoot()
    let normal = x.map { ($0 - mean) / deviation }
    let h = normal.indices.map { gain.element($0) * normal[$0] + bias.element($0) }
    return ReferenceStep(
      input: input, previous: state, state: state, output: h, quantities: [normal, [deviation]])
  }

  /// dL/dx = (v - mean(v) - x̂ mean(v x̂)) / sqrt(variance + epsilon), with v = dL/dh gain: x moves the mean and the
  /// variance, too.
  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) {
    let (normal, deviation) = (step.quantities[0], step.quantities[1][0])
    for (unit, delta) in outputGradient.enumerated() {
      gain.accumulate(unit, delta: delta * normal[unit], &gradient)
      bias.accumulate(unit, delta: delta, &gradient)
    }
    let v = outputGradient.indices.map { outputGradient[$0] * gain.element($0) }
    let count = Scalar(v.count)
    let mean = v.reduce(0, +) / count
    let slope = zip(v, normal).reduce(0) { $0 + $1.0 * $1.1 } / count
    return (zip(v, normal).map { ($0 - mean - $1 * slope) / deviation }, stateGradient)
  }
}
