import Kernels

/// Positions on the gate axis; `u` is U_n h(t-1) + r_n where the reset gate acts after the product, and
/// q h(t-1) where it acts before.
private enum Gate { static let (z, q, n, u) = (0, 1, 2, 3) }

/// Gated recurrent units in all four variants: ``Architecture/GRU``.
struct ReferenceGRU<Scalar: ReferenceScalar>: ReferenceLayer {
  let layer: Architecture.GRU
  let H: Int
  let W, U, b, r: ReferenceTensor<Scalar>

  init(
    _ layer: Architecture.GRU, W: ReferenceTensor<Scalar>, U: ReferenceTensor<Scalar>, b: ReferenceTensor<Scalar>,
    r: ReferenceTensor<Scalar>
  ) {
    (self.layer, H) = (layer, layer.outputs)
    (self.W, self.U, self.b, self.r) = (W, U, b, r)
  }

  var zeroState: Reference<Scalar>.LayerState { .init(hidden: [Scalar](repeating: 0, count: H), cell: []) }

  func forward(_ input: ReferenceSequence<Scalar>, from state: Reference<Scalar>.LayerState) -> ReferenceTrace<Scalar> {
    var h = state.hidden
    var trace = ReferenceTrace<Scalar>(outputs: [], initialState: state, finalState: state)
    for x in input.vectors {
      func fromInput(_ gate: Int, _ unit: Int) -> Scalar {
        W.dot(gate: gate, row: unit, x) + b.element(gate: gate, unit)
      }
      func fromState(_ gate: Int, _ unit: Int, _ state: [Scalar]) -> Scalar {
        U.dot(gate: gate, row: unit, state) + r.element(gate: gate, unit)
      }
      let z = (0..<H).map { layer.recurrentActivation.value(fromInput(Gate.z, $0) + fromState(Gate.z, $0, h)) }
      let q = (0..<H).map { layer.recurrentActivation.value(fromInput(Gate.q, $0) + fromState(Gate.q, $0, h)) }
      let n: [Scalar]
      let u: [Scalar]
      switch layer.reset {
      case .after:
        u = (0..<H).map { fromState(Gate.n, $0, h) }
        n = (0..<H).map { layer.activation.value(fromInput(Gate.n, $0) + q[$0] * u[$0]) }
      case .before:
        u = (0..<H).map { q[$0] * h[$0] }
        n = (0..<H).map { layer.activation.value(fromInput(Gate.n, $0) + fromState(Gate.n, $0, u)) }
      }
      h = (0..<H).map { unit in
        switch layer.updateKeeps {
        case .previous: z[unit] * h[unit] + (1 - z[unit]) * n[unit]
        case .candidate: (1 - z[unit]) * h[unit] + z[unit] * n[unit]
        }
      }
      trace.outputs.append(h)
      trace.gates.append([z, q, n, u])
    }
    trace.finalState = .init(hidden: h, cell: [])
    return trace
  }

  func backward(
    _ trace: ReferenceTrace<Scalar>, input: ReferenceSequence<Scalar>, outputGradients: [[Scalar]],
    into gradient: inout [Scalar]
  ) -> [[Scalar]] {
    let xs = input.vectors
    let zeros = [Scalar](repeating: 0, count: H)
    var inputGradients = [[Scalar]](repeating: [], count: xs.count)
    var fromLater = zeros
    for t in xs.indices.reversed() {
      let (z, q) = (trace.gates[t][Gate.z], trace.gates[t][Gate.q])
      let (n, u) = (trace.gates[t][Gate.n], trace.gates[t][Gate.u])
      let previous = t > 0 ? trace.outputs[t - 1] : trace.initialState.hidden
      var xGradient = [Scalar](repeating: 0, count: xs[t].count)
      var previousGradient = zeros
      // What flows into the candidate, and the direct path to h(t-1).
      var candidateDelta = zeros
      var updateDelta = zeros
      for unit in 0..<H {
        let dh = outputGradients[t][unit] + fromLater[unit]
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
          W.propagate(gate: gate, row: unit, delta: delta, x: xs[t], to: &xGradient, &gradient)
          b.accumulate(gate: gate, unit, delta: delta, &gradient)
        }
      }
      inputGradients[t] = xGradient
      fromLater = previousGradient
    }
    return inputGradients
  }
}
