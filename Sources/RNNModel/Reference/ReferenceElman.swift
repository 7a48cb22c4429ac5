import Kernels

/// h(t) = g(W x(t) + b + U h(t-1) + r): Graves (2012), equations 3.30 and 3.31.
struct ReferenceElman<Scalar: ReferenceScalar>: ReferenceLayer {
  let H: Int
  let g: Activation
  let W, U, b, r: ReferenceTensor<Scalar>

  init(
    _ layer: Architecture.Elman, W: ReferenceTensor<Scalar>, U: ReferenceTensor<Scalar>, b: ReferenceTensor<Scalar>,
    r: ReferenceTensor<Scalar>
  ) {
    (H, g) = (layer.outputs, layer.activation)
    (self.W, self.U, self.b, self.r) = (W, U, b, r)
  }

  var zeroState: Reference<Scalar>.LayerState { .init(hidden: [Scalar](repeating: 0, count: H), cell: []) }

  func forward(_ input: ReferenceSequence<Scalar>, from state: Reference<Scalar>.LayerState) -> ReferenceTrace<Scalar> {
    var h = state.hidden
    let outputs = input.vectors.map { x in
      h = (0..<H).map { g.value(W.dot(row: $0, x) + b.element($0) + U.dot(row: $0, h) + r.element($0)) }
      return h
    }
    return ReferenceTrace(outputs: outputs, initialState: state, finalState: .init(hidden: h, cell: []))
  }

  /// delta(t) = g'(in(t)) (dL/dh(t) + U^T delta(t+1)): Graves (2012), equation 3.33.
  func backward(
    _ trace: ReferenceTrace<Scalar>, input: ReferenceSequence<Scalar>, outputGradients: [[Scalar]],
    into gradient: inout [Scalar]
  ) -> [[Scalar]] {
    let xs = input.vectors
    var inputGradients = [[Scalar]](repeating: [], count: xs.count)
    var fromLater = [Scalar](repeating: 0, count: H)
    for t in xs.indices.reversed() {
      let h = trace.outputs[t]
      let previous = t > 0 ? trace.outputs[t - 1] : trace.initialState.hidden
      var xGradient = [Scalar](repeating: 0, count: xs[t].count)
      var previousGradient = [Scalar](repeating: 0, count: H)
      for unit in 0..<H {
        let delta = g.derivative(at: h[unit]) * (outputGradients[t][unit] + fromLater[unit])
        W.propagate(row: unit, delta: delta, x: xs[t], to: &xGradient, &gradient)
        U.propagate(row: unit, delta: delta, x: previous, to: &previousGradient, &gradient)
        b.accumulate(unit, delta: delta, &gradient)
        r.accumulate(unit, delta: delta, &gradient)
      }
      inputGradients[t] = xGradient
      fromLater = previousGradient
    }
    return inputGradients
  }
}
