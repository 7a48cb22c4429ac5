import Kernels

/// Gated recurrent units: ``Architecture/GRU``.
final class GRULayer: RecurrentNetworkLayer {
  private var hidden: Int { width }
  private let reset: Architecture.GRU.Reset
  private let step: GRUStep
  private var input: AffineMap
  private let recurrent: RecurrentMap
  /// `[steps, batch, 3, hidden]`: what comes into the gates, then their values.
  private var gates: [Float]
  /// Reset after: U h(t-1) + r `[steps, batch, 3, hidden]`. Reset before: q h(t-1) `[steps, batch, hidden]`.
  private var recurrentParts: [Float]
  /// dL/d gates `[steps, batch, 3, hidden]`.
  private var deltas: [Float]
  /// Reset after: dL/d recurrentParts, of the same shape. Reset before: dL/d q h(t-1) `[batch, hidden]`.
  private var recurrentDeltas: [Float]

  init(_ layer: Architecture.GRU, _ table: ParameterTable, takesTokens: Bool, capacity: Window, trains: Bool) {
    let (H, rows) = (layer.outputs, capacity.rows)
    reset = layer.reset
    step = GRUStep(
      hidden: H, recurrent: layer.recurrentActivation, candidate: layer.activation,
      keepsPrevious: layer.updateKeeps == .previous)
    input = AffineMap(
      weights: table.range(layer.name, "input_weights"), bias: table.range(layer.name, "bias"), inputs: layer.inputs,
      outputs: 3 * H, takesTokens: takesTokens, trains: trains)
    recurrent = RecurrentMap(
      weights: table.range(layer.name, "recurrent_weights"), bias: table.range(layer.name, "recurrent_bias"),
      hidden: H, gates: 3)
    let parts = reset == .after ? 3 : 1
    gates = [Float](repeating: 0, count: rows * 3 * H)
    recurrentParts = [Float](repeating: 0, count: rows * parts * H)
    deltas = [Float](repeating: 0, count: trains ? rows * 3 * H : 0)
    recurrentDeltas = [Float](
      repeating: 0, count: !trains ? 0 : reset == .after ? rows * 3 * H : capacity.batch * H)
    super.init(
      width: H, initialHidden: table.range(layer.name, "initial_hidden"), capacity: capacity, trains: trains)
  }

  override func prepare(_ parameters: [Float]) { input.prepare(parameters) }

  override func forward(_ below: LayerInput, _ window: Window, parameters: [Float]) {
    var values = gates.taken()
    var span = values.mutableSpan
    input.forward(below, window, parameters: parameters, into: &span)
    gates = consume values
    switch reset {
    case .after: forwardResettingAfter(window, parameters: parameters)
    case .before: forwardResettingBefore(window, parameters: parameters)
    }
  }

  private func forwardResettingAfter(_ window: Window, parameters: [Float]) {
    var (gateValues, partValues, outputValues) = (gates.taken(), recurrentParts.taken(), outputs.taken())
    defer { (gates, recurrentParts, outputs) = (gateValues, partValues, outputValues) }
    var gates = gateValues.mutableSpan
    var parts = partValues.mutableSpan
    var outputs = outputValues.mutableSpan
    let size = window.batch * 3 * hidden
    for t in 0..<window.steps {
      recurrent.forward(
        outputs.span, slot: t, gates: 0..<3, batch: window.batch, parameters: parameters, into: &parts, step: t,
        overwrites: true)
      recurrent.addBias(rows: window.batch, parameters: parameters, to: &parts, from: t * size)
      step.forwardResettingAfter(
        step: t, from: t, to: t + 1, batch: window.batch, gates: &gates, recurrentParts: parts.span,
        outputs: &outputs)
    }
  }

  private func forwardResettingBefore(_ window: Window, parameters: [Float]) {
    var (gateValues, partValues, outputValues) = (gates.taken(), recurrentParts.taken(), outputs.taken())
    defer { (gates, recurrentParts, outputs) = (gateValues, partValues, outputValues) }
    var gates = gateValues.mutableSpan
    var resetOutputs = partValues.mutableSpan
    var outputs = outputValues.mutableSpan
    recurrent.addBias(rows: window.rows, parameters: parameters, to: &gates)
    for t in 0..<window.steps {
      recurrent.forward(
        outputs.span, slot: t, gates: 0..<2, batch: window.batch, parameters: parameters, into: &gates, step: t)
      step.forwardGatesResettingBefore(
        step: t, from: t, batch: window.batch, gates: &gates, outputs: outputs.span, resetOutputs: &resetOutputs)
      recurrent.forward(
        resetOutputs.span, slot: t, gates: 2..<3, batch: window.batch, parameters: parameters, into: &gates, step: t)
      step.forwardCandidateResettingBefore(
        step: t, from: t, to: t + 1, batch: window.batch, gates: &gates, outputs: &outputs)
    }
  }

  override func backward(_ below: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    var stateValues = outputGradients.taken()
    var stateGradients = stateValues.mutableSpan
    stateGradients.withSlice(0..<(window.batch * hidden)) { VectorOperations.clear(&$0) }
    outputGradients = consume stateValues
    switch reset {
    case .after: backwardResettingAfter(window, parameters: parameters, gradient: &gradient)
    case .before: backwardResettingBefore(window, parameters: parameters, gradient: &gradient)
    }
    let deltas = deltas
    let used = deltas.span.extracting(0..<(window.rows * 3 * hidden))
    input.backward(used, below, window, parameters: parameters, gradient: &gradient)
  }

  private func backwardResettingAfter(_ window: Window, parameters: [Float], gradient: inout [Float]) {
    let (gates, recurrentParts, outputs) = (gates, recurrentParts, outputs)
    var (deltaValues, partValues, stateValues) = (deltas.taken(), recurrentDeltas.taken(), outputGradients.taken())
    defer { (deltas, recurrentDeltas, outputGradients) = (deltaValues, partValues, stateValues) }
    var deltas = deltaValues.mutableSpan
    var recurrentDeltas = partValues.mutableSpan
    var stateGradients = stateValues.mutableSpan
    for t in (0..<window.steps).reversed() {
      step.backwardResettingAfter(
        step: t, from: t, to: t + 1, batch: window.batch, gates: gates.span, recurrentParts: recurrentParts.span,
        outputs: outputs.span, outputGradients: &stateGradients, inputGradients: &deltas,
        recurrentGradients: &recurrentDeltas)
      recurrent.propagate(
        recurrentDeltas.span, step: t, gates: 0..<3, batch: window.batch, parameters: parameters,
        into: &stateGradients, slot: t)
    }
    let used = partValues.span.extracting(0..<(window.rows * 3 * hidden))
    recurrent.accumulate(
      used, outputs.span.extracting(0..<(window.rows * hidden)), gates: 0..<3, rows: window.rows, gradient: &gradient)
    recurrent.accumulateBias(used, rows: window.rows, gradient: &gradient)
  }

  private func backwardResettingBefore(_ window: Window, parameters: [Float], gradient: inout [Float]) {
    let (gates, recurrentParts, outputs) = (gates, recurrentParts, outputs)
    var (deltaValues, partValues, stateValues) = (deltas.taken(), recurrentDeltas.taken(), outputGradients.taken())
    defer { (deltas, recurrentDeltas, outputGradients) = (deltaValues, partValues, stateValues) }
    var deltas = deltaValues.mutableSpan
    var resetGradient = partValues.mutableSpan
    var stateGradients = stateValues.mutableSpan
    let size = window.batch * hidden
    for t in (0..<window.steps).reversed() {
      step.backwardCandidateResettingBefore(
        step: t, from: t, to: t + 1, batch: window.batch, gates: gates.span, outputs: outputs.span,
        outputGradients: &stateGradients, gateGradients: &deltas)
      recurrent.propagate(
        deltas.span, step: t, gates: 2..<3, batch: window.batch, parameters: parameters, into: &resetGradient, slot: 0,
        overwrites: true)
      step.backwardGatesResettingBefore(
        step: t, from: t, batch: window.batch, gates: gates.span, outputs: outputs.span,
        resetOutputGradient: resetGradient.span.extracting(0..<size), outputGradients: &stateGradients,
        gateGradients: &deltas)
      recurrent.propagate(
        deltas.span, step: t, gates: 0..<2, batch: window.batch, parameters: parameters, into: &stateGradients, slot: t)
    }
    let used = deltaValues.span.extracting(0..<(window.rows * 3 * hidden))
    let states = outputs.span.extracting(0..<(window.rows * hidden))
    let resetOutputs = recurrentParts.span.extracting(0..<(window.rows * hidden))
    recurrent.accumulate(used, states, gates: 0..<2, rows: window.rows, gradient: &gradient)
    recurrent.accumulate(used, resetOutputs, gates: 2..<3, rows: window.rows, gradient: &gradient)
    recurrent.accumulateBias(used, rows: window.rows, gradient: &gradient)
  }
}
