import Kernels

/// h(t) = (1 - a) h(t-1) + a g(W x(t) + b + U h(t-1) + r): ``Architecture/Elman``.
final class ElmanLayer: RecurrentNetworkLayer {
  private var sequence: ElmanSequence
  private var input: AffineMap
  private let recurrent: RecurrentMap
  /// `[steps, batch, hidden]`: what comes in, then g of it where the units leak.
  private var values: [Float]
  /// dL/d in(t) `[steps, batch, hidden]`.
  private var deltas: [Float]

  init(_ layer: Architecture.Elman, _ table: ParameterTable, takesTokens: Bool, capacity: Window, trains: Bool) {
    let H = layer.outputs
    sequence = ElmanSequence(
      .init(
        hidden: H, activation: layer.activation, leak: Float(layer.leak), runsBackward: layer.direction == .backward),
      trains: trains)
    input = AffineMap(
      weights: table.range(layer.name, "input_weights"), bias: table.range(layer.name, "bias"), inputs: layer.inputs,
      outputs: H, takesTokens: takesTokens, trains: trains)
    recurrent = RecurrentMap(
      weights: table.range(layer.name, "recurrent_weights"), bias: table.range(layer.name, "recurrent_bias"),
      units: H, inputs: H, gates: 1)
    values = [Float](repeating: 0, count: capacity.rows * H)
    deltas = [Float](repeating: 0, count: trains ? capacity.rows * H : 0)
    super.init(
      width: H, initialHidden: table.range(layer.name, "initial_hidden"), direction: layer.direction,
      capacity: capacity, trains: trains)
  }

  override func prepare(_ parameters: [Float]) {
    input.prepare(parameters)
    sequence.pack(parameters.span.extracting(recurrent.weights))
  }

  override func forward(_ below: LayerInput, _ window: Window, parameters: [Float]) {
    var (inner, states) = (values.taken(), outputs.taken())
    defer { (values, outputs) = (inner, states) }
    var innerSpan = inner.mutableSpan
    var stateSpan = states.mutableSpan
    input.forward(below, window, parameters: parameters, into: &innerSpan)
    placeInitialState(in: &stateSpan, window, width: width)
    sequence.forward(
      steps: window.steps, batch: window.batch, bias: parameters.span.extracting(recurrent.bias), values: &innerSpan,
      outputs: &stateSpan)
  }

  override func backward(_ below: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    let (values, outputs) = (values, outputs)
    var (states, deltas) = (outputGradients.taken(), deltas.taken())
    defer { (outputGradients, self.deltas) = (states, deltas) }
    do {
      var stateSpan = states.mutableSpan
      var deltaSpan = deltas.mutableSpan
      sequence.backward(
        steps: window.steps, batch: window.batch, values: values.span, outputs: outputs.span,
        outputGradients: &stateSpan, gateGradients: &deltaSpan,
        reachesInitialState: beginsStream && !initialHidden.isEmpty)
    }
    let used = deltas.span.extracting(0..<(window.rows * width))
    recurrent.accumulate(
      used, gates: 0..<1, outputs.span.extracting(previousStates(window, width: width)), rows: window.rows,
      gradient: &gradient)
    recurrent.accumulateBias(used, rows: window.rows, gradient: &gradient)
    accumulateInitialGradient(
      states.span.extracting(initialSlot(window, width: width)), of: initialHidden, batch: window.batch,
      gradient: &gradient)
    input.backward(used, below, window, parameters: parameters, gradient: &gradient)
  }
}
