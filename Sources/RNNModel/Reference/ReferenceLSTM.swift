import Kernels

/// What a step keeps: the gates, the candidate, what the cell shows k(c(t)), and what leaves the cell, before the
/// projection.
private enum Quantity { static let (i, f, g, o, k, m) = (0, 1, 2, 3, 4, 5) }

/// Long short-term memory with a forget gate: ``Architecture/LSTM``.
///
/// Graves (2012), section 4.5, with peepholes that see c(t-1), the output gate's c(t) (Gers, Schraudolph & Schmidhuber
/// 2002); coupled gates as in Greff et al. (2017); the recurrent projection of Sak, Senior & Beaufays (2014).
struct ReferenceLSTM<Scalar: ReferenceScalar>: ReferenceLayer {
  let direction: Architecture.Direction
  let start: ReferenceStart<Scalar>
  let layer: Architecture.LSTM
  /// The number of cells.
  let H: Int
  let W, U, b, r, P, peepholes: ReferenceTensor<Scalar>
  let cellClip, projectionClip: Scalar?
  /// Positions on the gate axis; coupled gates have no forget gate of their own.
  let inputGate = 0
  let forgetGate: Int?
  let candidate: Int
  let outputGate: Int

  init(_ layer: Architecture.LSTM, tensor: (_ name: String) -> ReferenceTensor<Scalar>) {
    (self.layer, H, direction) = (layer, layer.cells, layer.direction)
    (W, U) = (tensor("input_weights"), tensor("recurrent_weights"))
    (b, r) = (tensor("bias"), tensor("recurrent_bias"))
    (P, peepholes) = (tensor("projection_weights"), tensor("peephole_weights"))
    cellClip = layer.cellClip.map { Scalar($0) }
    projectionClip = layer.projection?.clip.map { Scalar($0) }
    (forgetGate, candidate, outputGate) = layer.coupledGates ? (nil, 1, 2) : (1, 2, 3)
    start = ReferenceStart(
      widths: (layer.outputs, H), hidden: tensor("initial_hidden"), cell: tensor("initial_cell"))
  }

  /// A gate's row of the peepholes; the candidate, last but one of the gates, has none.
  private func peephole(_ gate: Int) -> Int { gate == outputGate ? gate - 1 : gate }

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    let x = input.vector
    let forgetBias = Scalar(layer.forgetBias)
    func net(_ gate: Int, _ unit: Int) -> Scalar {
      W.dot(gate: gate, row: unit, x) + b.element(gate: gate, unit) + U.dot(gate: gate, row: unit, state.hidden)
        + r.element(gate: gate, unit)
    }
    func seen(_ gate: Int, _ unit: Int, _ cell: Scalar) -> Scalar {
      peepholes.element(gate: peephole(gate), unit) * cell
    }
    var c = state.cell
    var kept = [[Scalar]](repeating: c, count: 6)
    for unit in 0..<H {
      let previous = c[unit]
      let i = layer.recurrentActivation.value(net(inputGate, unit) + seen(inputGate, unit, previous))
      let f =
        forgetGate.map {
          layer.recurrentActivation.value(net($0, unit) + seen($0, unit, previous) + forgetBias)
        } ?? 1 - i
      let g = layer.activation.value(net(candidate, unit))
      c[unit] = limited(f * previous + i * g, to: cellClip)
      let o = layer.recurrentActivation.value(net(outputGate, unit) + seen(outputGate, unit, c[unit]))
      let k = layer.cellActivation.value(c[unit])
      for (quantity, value) in [i, f, g, o, k, o * k].enumerated() { kept[quantity][unit] = value }
    }
    let m = kept[Quantity.m]
    let h = P.isPresent ? (0..<P.rows).map { limited(P.dot(row: $0, m), to: projectionClip) } : m
    return ReferenceStep(
      input: input, previous: state, state: .init(hidden: h, cell: c), output: h, quantities: kept)
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) {
    let (x, h, c) = (step.input.vector, step.state.hidden, step.state.cell)
    let previous = step.previous
    var xGradient = [Scalar](repeating: 0, count: x.count)
    var previousGradient = previous.zeros
    // dL/dh(t), then dL/dm(t), of what leaves the cells.
    let hGradient = zip(outputGradient, stateGradient.hidden).map { $0 + $1 }
    var mGradient = P.isPresent ? [Scalar](repeating: 0, count: H) : hGradient
    if P.isPresent {
      for row in 0..<P.rows where isWithin(h[row], projectionClip) {
        P.propagate(row: row, delta: hGradient[row], x: step.quantities[Quantity.m], to: &mGradient, &gradient)
      }
    }
    for unit in 0..<H {
      let kept = step.quantities.map { $0[unit] }
      let (i, f, g) = (kept[Quantity.i], kept[Quantity.f], kept[Quantity.g])
      let (o, k) = (kept[Quantity.o], kept[Quantity.k])
      let outputDelta = mGradient[unit] * k * layer.recurrentActivation.derivative(at: o)
      let seenByOutput = peepholes.element(gate: peephole(outputGate), unit) * outputDelta
      let limitedGradient =
        stateGradient.cell[unit] + mGradient[unit] * o * layer.cellActivation.derivative(at: k) + seenByOutput
      let dc = isWithin(c[unit], cellClip) ? limitedGradient : 0
      let throughForget = forgetGate == nil ? -previous.cell[unit] : 0
      let inputDelta = dc * (g + throughForget) * layer.recurrentActivation.derivative(at: i)
      let candidateDelta = dc * i * layer.activation.derivative(at: g)
      previousGradient.cell[unit] += dc * f
      var deltas = [(inputGate, inputDelta), (candidate, candidateDelta), (outputGate, outputDelta)]
      if let forgetGate {
        deltas.append((forgetGate, dc * previous.cell[unit] * layer.recurrentActivation.derivative(at: f)))
      }
      for (gate, delta) in deltas {
        W.propagate(gate: gate, row: unit, delta: delta, x: x, to: &xGradient, &gradient)
        U.propagate(
          gate: gate, row: unit, delta: delta, x: previous.hidden, to: &previousGradient.hidden, &gradient)
        b.accumulate(gate: gate, unit, delta: delta, &gradient)
        r.accumulate(gate: gate, unit, delta: delta, &gradient)
        if gate == outputGate {
          peepholes.accumulate(gate: peephole(gate), unit, delta: delta * c[unit], &gradient)
        } else if gate != candidate {
          let seen = peepholes.element(gate: peephole(gate), unit)
          previousGradient.cell[unit] += seen * delta
          peepholes.accumulate(gate: peephole(gate), unit, delta: delta * previous.cell[unit], &gradient)
        }
      }
    }
    return (xGradient, previousGradient)
  }
}

/// x, or the nearest number in -clip ... clip.
private func limited<Scalar: ReferenceScalar>(_ x: Scalar, to clip: Scalar?) -> Scalar {
  clip.map { min($0, max(-$0, x)) } ?? x
}

/// Whether a limited number has not been changed, so that a gradient flows.
private func isWithin<Scalar: ReferenceScalar>(_ x: Scalar, _ clip: Scalar?) -> Bool {
  clip.map { abs(x) < $0 } ?? true
}
