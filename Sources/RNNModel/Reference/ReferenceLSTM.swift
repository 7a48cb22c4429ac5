import Kernels

/// Positions on the gate axis; `k` is what the cell shows: k(c(t)).
private enum Gate { static let (i, f, g, o, c, k) = (0, 1, 2, 3, 4, 5) }

/// Long short-term memory with a forget gate: ``Architecture/LSTM``.
struct ReferenceLSTM<Scalar: ReferenceScalar>: ReferenceLayer {
  let layer: Architecture.LSTM
  let H: Int
  let W, U, b, r: ReferenceTensor<Scalar>

  init(
    _ layer: Architecture.LSTM, W: ReferenceTensor<Scalar>, U: ReferenceTensor<Scalar>, b: ReferenceTensor<Scalar>,
    r: ReferenceTensor<Scalar>
  ) {
    (self.layer, H) = (layer, layer.outputs)
    (self.W, self.U, self.b, self.r) = (W, U, b, r)
  }

  var zeroState: Reference<Scalar>.LayerState {
    .init(hidden: [Scalar](repeating: 0, count: H), cell: [Scalar](repeating: 0, count: H))
  }

  func forward(_ input: ReferenceSequence<Scalar>, from state: Reference<Scalar>.LayerState) -> ReferenceTrace<Scalar> {
    var (h, c) = (state.hidden, state.cell)
    var trace = ReferenceTrace<Scalar>(outputs: [], initialState: state, finalState: state)
    let forgetBias = Scalar(layer.forgetBias)
    for x in input.vectors {
      func net(_ gate: Int, _ unit: Int) -> Scalar {
        W.dot(gate: gate, row: unit, x) + b.element(gate: gate, unit) + U.dot(gate: gate, row: unit, h)
          + r.element(gate: gate, unit)
      }
      let i = (0..<H).map { layer.recurrentActivation.value(net(Gate.i, $0)) }
      let f = (0..<H).map { layer.recurrentActivation.value(net(Gate.f, $0) + forgetBias) }
      let g = (0..<H).map { layer.activation.value(net(Gate.g, $0)) }
      let o = (0..<H).map { layer.recurrentActivation.value(net(Gate.o, $0)) }
      c = (0..<H).map { f[$0] * c[$0] + i[$0] * g[$0] }
      let k = c.map { layer.cellActivation.value($0) }
      h = (0..<H).map { o[$0] * k[$0] }
      trace.outputs.append(h)
      trace.gates.append([i, f, g, o, c, k])
    }
    trace.finalState = .init(hidden: h, cell: c)
    return trace
  }

  func backward(
    _ trace: ReferenceTrace<Scalar>, input: ReferenceSequence<Scalar>, outputGradients: [[Scalar]],
    into gradient: inout [Scalar]
  ) -> [[Scalar]] {
    let xs = input.vectors
    var inputGradients = [[Scalar]](repeating: [], count: xs.count)
    var hFromLater = [Scalar](repeating: 0, count: H)
    var cFromLater = [Scalar](repeating: 0, count: H)
    for t in xs.indices.reversed() {
      let gates = trace.gates[t]
      let previousH = t > 0 ? trace.outputs[t - 1] : trace.initialState.hidden
      let previousC = t > 0 ? trace.gates[t - 1][Gate.c] : trace.initialState.cell
      var xGradient = [Scalar](repeating: 0, count: xs[t].count)
      var previousGradient = [Scalar](repeating: 0, count: H)
      for unit in 0..<H {
        let (i, f, g) = (gates[Gate.i][unit], gates[Gate.f][unit], gates[Gate.g][unit])
        let (o, k) = (gates[Gate.o][unit], gates[Gate.k][unit])
        let dh = outputGradients[t][unit] + hFromLater[unit]
        let dc = dh * o * layer.cellActivation.derivative(at: k) + cFromLater[unit]
        cFromLater[unit] = dc * f
        let deltas = [
          dc * g * layer.recurrentActivation.derivative(at: i),
          dc * previousC[unit] * layer.recurrentActivation.derivative(at: f),
          dc * i * layer.activation.derivative(at: g),
          dh * k * layer.recurrentActivation.derivative(at: o),
        ]
        for (gate, delta) in deltas.enumerated() {
          W.propagate(gate: gate, row: unit, delta: delta, x: xs[t], to: &xGradient, &gradient)
          U.propagate(gate: gate, row: unit, delta: delta, x: previousH, to: &previousGradient, &gradient)
          b.accumulate(gate: gate, unit, delta: delta, &gradient)
          r.accumulate(gate: gate, unit, delta: delta, &gradient)
        }
      }
      inputGradients[t] = xGradient
      hFromLater = previousGradient
    }
    return inputGradients
  }
}
