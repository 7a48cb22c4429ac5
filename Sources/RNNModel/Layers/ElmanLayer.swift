import Kernels

/// h(t) = g(W x(t) + b + U h(t-1) + r): ``Architecture/Elman``.
final class ElmanLayer: RecurrentNetworkLayer {
  private var hidden: Int { width }
  private let activation: Activation
  private var input: AffineMap
  private let recurrent: RecurrentMap
  /// dL/d in(t) `[steps, batch, hidden]`.
  private var deltas: [Float]

  init(_ layer: Architecture.Elman, _ table: ParameterTable, takesTokens: Bool, capacity: Window, trains: Bool) {
    activation = layer.activation
    input = AffineMap(
      weights: table.range(layer.name, "input_weights"), bias: table.range(layer.name, "bias"), inputs: layer.inputs,
      outputs: layer.outputs, takesTokens: takesTokens, trains: trains)
    recurrent = RecurrentMap(
      weights: table.range(layer.name, "recurrent_weights"), bias: table.range(layer.name, "recurrent_bias"),
      hidden: layer.outputs, gates: 1)
    deltas = [Float](repeating: 0, count: trains ? capacity.rows * layer.outputs : 0)
    super.init(
      width: layer.outputs, initialHidden: table.range(layer.name, "initial_hidden"), capacity: capacity,
      trains: trains)
  }

  override func prepare(_ parameters: [Float]) { input.prepare(parameters) }

  override func forward(_ below: LayerInput, _ window: Window, parameters: [Float]) {
    let size = window.batch * hidden
    var values = outputs.taken()
    defer { outputs = values }
    var states = values.mutableSpan
    input.forward(below, window, parameters: parameters, into: &states, offset: size)
    recurrent.addBias(rows: window.rows, parameters: parameters, to: &states, from: size)
    for step in 0..<window.steps {
      states.split(at: (step + 1) * size) { earlier, later in
        recurrent.forward(
          earlier.span, slot: step, gates: 0..<1, batch: window.batch, parameters: parameters, into: &later, step: 0)
        later.withSlice(0..<size) { activation.apply(to: &$0) }
      }
    }
  }

  override func backward(_ below: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    let size = window.batch * hidden
    let outputs = outputs
    var gradients = outputGradients.taken()
    var deltas = deltas.taken()
    defer { (outputGradients, self.deltas) = (gradients, deltas) }
    var stateGradients = gradients.mutableSpan
    stateGradients.withSlice(0..<size) { VectorOperations.clear(&$0) }
    var deltaSpan = deltas.mutableSpan
    for step in (0..<window.steps).reversed() {
      let current = ((step + 1) * size)..<((step + 2) * size)
      deltaSpan.withSlice((step * size)..<((step + 1) * size)) { delta in
        VectorOperations.copy(stateGradients.span.extracting(current), to: &delta)
        activation.multiplyByDerivative(atOutputs: outputs.span.extracting(current), gradients: &delta)
      }
      // Nothing flows on from the first step: the state before the window is a constant.
      guard step > 0 else { continue }
      recurrent.propagate(
        deltaSpan.span, step: step, gates: 0..<1, batch: window.batch, parameters: parameters, into: &stateGradients,
        slot: step)
    }
    let used = deltas.span.extracting(0..<(window.rows * hidden))
    recurrent.accumulate(
      used, outputs.span.extracting(0..<(window.rows * hidden)), gates: 0..<1, rows: window.rows, gradient: &gradient)
    recurrent.accumulateBias(used, rows: window.rows, gradient: &gradient)
    input.backward(used, below, window, parameters: parameters, gradient: &gradient)
  }
}
