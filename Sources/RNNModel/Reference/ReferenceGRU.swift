import Kernels

/// Positions on the gate axis; `u` is U_n h(t-1) + r_n where the reset gate acts after the product, and
/// q h(t-1) where it acts before.
private enum Gate { static let (z, q, n, u) = (0, 1, 2, 3) }

/// Gated recurrent units in all four variants: ``Architecture/GRU``.
struct ReferenceGRU<Scalar: ReferenceScalar>: ReferenceLayer {
  let direction: Architecture.Direction
  let start: ReferenceStart<Scalar>
  let layer: Architecture.GRU
  let H: Int
  let W, U, b, r: ReferenceTensor<Scalar>

  init(_ layer: Architecture.GRU, tensor: (_ name: String) -> ReferenceTensor<Scalar>) {
    (self.layer, H, direction) = (layer, layer.outputs, layer.direction)
    (W, U) = (tensor("input_weights"), tensor("recurrent_weights"))
    (b, r) = (tensor("bias"), tensor("recurrent_bias"))
    start = ReferenceStart(widths: (H, 0), hidden: tensor("initial_hidden"))
  }

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    let (x, previous) = (input.vector, state.hidden)
    func fromInput(_ gate: Int, _ unit: Int) -> Scalar {
      W.dot(gate: gate, row: unit, x) + b.element(gate: gate, unit)
    }
    func fromState(_ gate: Int, _ unit: Int, _ state: [Scalar]) -> Scalar {
      U.dot(gate: gate, row: unit, state) + r.element(gate: gate, unit)
    }
    let z = (0..<H).map { layer.recurrentActivation.value(fromInput(Gate.z, $0) + fromState(Gate.z, $0, previous)) }
    let q = (0..<H).map { layer.recurrentActivation.value(fromInput(Gate.q, $0) + fromState(Gate.q, $0, previous)) }
    let n: [Scalar]
    let u: [Scalar]
    switch layer.reset {
    case .after:
      u = (0..<H).map { fromState(Gate.n, $0, previous) }
      n = (0..<H).map { layer.activation.value(fromInput(Gate.n, $0) + q[$0] * u[$0]) }
    case .before:
      u = (0..<H).map { q[$0] * previous[$0] }
      n = (0..<H).map { layer.activation.value(fromInput(Gate.n, $0) + fromState(Gate.n, $0, u)) }
    }
    let h = (0..<H).map { unit in
      switch layer.updateKeeps {
      case .previous: z[unit] * previous[unit] + (1 - z[unit]) * n[unit]
      case .candidate: (1 - z[unit]) * previous[unit] + z[unit] * n[unit]
      }
    }
    return ReferenceStep(
      input: input, previous: state, state: .init(hidden: h), output: h, quantities: [z, q, n, u])
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) {
    let zeros = [Scalar](repeating: 0, count: H)
    let (x, previous) = (step.input.vector, step.previous.hidden)
    let (z, q) = (step.quantities[Gate.z], step.quantities[Gate.q])
    let (n, u) = (step.quantities[Gate.n], step.quantities[Gate.u])
    var xGradient = [Scalar](repeating: 0, count: x.count)
    var previousGradient = zeros
    // What flows into the candidate, and the direct path to h(t-1).
    var candidateDelta = zeros
    var updateDelta = zeros
    for unit in 0..<H {
      let dh = outputGradient[unit] + stateGradient.hidden[unit]
      let keep = layer.updateKeeps == .previous ? z[unit] : 1 - z[unit]
      let towardsPrevious = layer.updateKeeps == .previous ? dh : -dh
      previousGradient[unit] += dh * keep
      candidateDelta[unit] = dh * (1 - keep) * layer.activation.derivative(at: n[unit])
      updateDelta[unit] =
        towardsPrevious * (previous[unit] - n[unit]) * layer.recurrentActivation.derivative(at: z[unit])
    }
    // dL/d u: the candidate's recurrent part.
    var resetGradient = zeros
    switch layer.reset {
    case .after:
      for unit in 0..<H {
        let delta = candidateDelta[unit] * q[unit]
        resetGradient[unit] = candidateDelta[unit] * u[unit]
        U.propagate(gate: Gate.n, row: unit, delta: delta, x: previous, to: &previousGradient, &gradient)
        r.accumulate(gate: Gate.n, unit, delta: delta, &gradient)
      }
    case .before:
      var maskedGradient = zeros
      for unit in 0..<H {
        let delta = candidateDelta[unit]
        U.propagate(gate: Gate.n, row: unit, delta: delta, x: u, to: &maskedGradient, &gradient)
        r.accumulate(gate: Gate.n, unit, delta: delta, &gradient)
      }
      for unit in 0..<H {
        resetGradient[unit] = maskedGradient[unit] * previous[unit]
        previousGradient[unit] += maskedGradient[unit] * q[unit]
      }
    }
    for unit in 0..<H {
      let resetDelta = resetGradient[unit] * layer.recurrentActivation.derivative(at: q[unit])
      for (gate, delta) in [(Gate.z, updateDelta[unit]), (Gate.q, resetDelta)] {
        U.propagate(gate: gate, row: unit, delta: delta, x: previous, to: &previousGradient, &gradient)
        r.accumulate(gate: gate, unit, delta: delta, &gradient)
      }
      for (gate, delta) in [
        (Gate.z, updateDelta[unit]), (Gate.q, resetDelta), (Gate.n, candidateDelta[unit]),
      ] {
        W.propagate(gate: gate, row: unit, delta: delta, x: x, to: &xGradient, &gradient)
        b.accumulate(gate: gate, unit, delta: delta, &gradient)
      }
    }
    return (xGradient, .init(hidden: previousGradient))
  }
}
