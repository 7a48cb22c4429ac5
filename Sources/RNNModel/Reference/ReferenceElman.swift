import Kernels

/// h(t) = (1 - a) h(t-1) + a g(in(t)), in(t) = W x(t) + b + U h(t-1) + r: Graves (2012), equations 3.30 and 3.31, of
/// which a = 1 is the usual case; leaky units after Jaeger (2001) and Goodfellow, Bengio & Courville (2016), section
/// 10.9.2.
struct ReferenceElman<Scalar: ReferenceScalar>: ReferenceLayer {
  let direction: Architecture.Direction
  let start: ReferenceStart<Scalar>
  let H: Int
  let g: Activation
  let a: Scalar
  let W, U, b, r: ReferenceTensor<Scalar>

  init(_ layer: Architecture.Elman, tensor: (_ name: String) -> ReferenceTensor<Scalar>) {
    (H, g, a) = (layer.outputs, layer.activation, Scalar(layer.leak))
    (W, U) = (tensor("input_weights"), tensor("recurrent_weights"))
    (b, r) = (tensor("bias"), tensor("recurrent_bias"))
    direction = layer.direction
    start = ReferenceStart(widths: (H, 0), hidden: tensor("initial_hidden"))
  }

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    let (x, previous) = (input.vector, state.hidden)
    let y = (0..<H).map {
      g.value(W.dot(row: $0, x) + b.element($0) + U.dot(row: $0, previous) + r.element($0))
    }
    let h = (0..<H).map { (1 - a) * previous[$0] + a * y[$0] }
    return ReferenceStep(input: input, previous: state, state: .init(hidden: h), output: h, quantities: [y])
  }

  /// delta(t) = a g'(in(t)) (dL/dh(t) + U^T delta(t+1)), to which leaky units add what flows past them: Graves (2012),
  /// equation 3.33, for a = 1.
  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) {
    let (x, previous, y) = (step.input.vector, step.previous.hidden, step.quantities[0])
    var xGradient = [Scalar](repeating: 0, count: x.count)
    var previousGradient = [Scalar](repeating: 0, count: H)
    for unit in 0..<H {
      let dh = outputGradient[unit] + stateGradient.hidden[unit]
      let delta = a * g.derivative(at: y[unit]) * dh
      previousGradient[unit] += (1 - a) * dh
      W.propagate(row: unit, delta: delta, x: x, to: &xGradient, &gradient)
      U.propagate(row: unit, delta: delta, x: previous, to: &previousGradient, &gradient)
      b.accumulate(unit, delta: delta, &gradient)
      r.accumulate(unit, delta: delta, &gradient)
    }
    return (xGradient, .init(hidden: previousGradient))
  }
}
