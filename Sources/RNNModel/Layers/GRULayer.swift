import Kernels

/// Gated recurrent units: ``Architecture/GRU``.
final class GRULayer: RecurrentNetworkLayer {
  private let reset: Architecture.GRU.Reset
  private var sequence: GRUSequence
  private var input: AffineMap
  private let recurrent: RecurrentMap
  /// `[steps, batch, 3, hidden]`: what comes into the gates, then their values.
  private var gates: [Float]
  /// Reset after: U_n h(t-1) + r_n. Reset before: q h(t-1). Both `[steps, batch, hidden]`.
  private var parts: [Float]
  /// dL/d gates `[steps, batch, 3, hidden]`.
  private var deltas: [Float]
  /// Reset after: dL/d parts `[steps, batch, hidden]`. Reset before: memory for one step of it.
  private var partDeltas: [Float]
  /// The sums of the deltas' rows `[3, hidden]`.
  private var biasDeltas: [Float]

  init(_ layer: Architecture.GRU, _ table: ParameterTable, takesTokens: Bool, capacity: Window, trains: Bool) {
    let (H, rows) = (layer.outputs, capacity.rows)
    reset = layer.reset
    sequence = GRUSequence(
      .init(
        hidden: H, recurrent: layer.recurrentActivation, candidate: layer.activation,
        resetsBefore: layer.reset == .before, keepsPrevious: layer.updateKeeps == .previous,
        runsBackward: layer.direction == .backward), trains: trains)
    input = AffineMap(
      weights: table.range(layer.name, "input_weights"), bias: table.range(layer.name, "bias"), inputs: layer.inputs,
      outputs: 3 * H, takesTokens: takesTokens, trains: trains)
    recurrent = RecurrentMap(
      weights: table.range(layer.name, "recurrent_weights"), bias: table.range(layer.name, "recurrent_bias"),
      units: H, inputs: H, gates: 3)
    gates = [Float](repeating: 0, count: rows * 3 * H)
    parts = [Float](repeating: 0, count: rows * H)
    deltas = [Float](repeating: 0, count: trains ? rows * 3 * H : 0)
    partDeltas = [Float](repeating: 0, count: !trains ? 0 : (reset == .after ? rows : capacity.batch) * H)
    biasDeltas = [Float](repeating: 0, count: trains ? 3 * H : 0)
    super.init(
      width: H, initialHidden: table.range(layer.name, "initial_hidden"), direction: layer.direction,
      capacity: capacity, trains: trains)
  }

  override func prepare(_ parameters: [Float]) {
    input.prepare(parameters)
    sequence.pack(parameters.span.extracting(recurrent.weights))
  }

  override func gateValues(_ window: Window) -> (names: [String], values: [Float]) {
    (Architecture.GRU.gates, Array(gates[..<(window.rows * 3 * width)]))
  }

  override func forward(_ below: LayerInput, _ window: Window, parameters: [Float]) {
    var (gateValues, partValues, outputValues) = (gates.taken(), parts.taken(), outputs.taken())
    defer { (gates, parts, outputs) = (gateValues, partValues, outputValues) }
    var gates = gateValues.mutableSpan
    var parts = partValues.mutableSpan
    var outputs = outputValues.mutableSpan
    input.forward(below, window, parameters: parameters, into: &gates)
    placeInitialState(in: &outputs, window, width: width)
    sequence.forward(
      steps: window.steps, batch: window.batch, bias: parameters.span.extracting(recurrent.bias), gates: &gates,
      parts: &parts, outputs: &outputs)
  }

  override func backward(_ below: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    let (gates, parts, outputs) = (gates, parts, outputs)
    var (deltaValues, partValues, stateValues) = (deltas.taken(), partDeltas.taken(), outputGradients.taken())
    defer { (deltas, partDeltas, outputGradients) = (deltaValues, partValues, stateValues) }
    do {
      var deltaSpan = deltaValues.mutableSpan
      var partSpan = partValues.mutableSpan
      var stateSpan = stateValues.mutableSpan
      sequence.backward(
        steps: window.steps, batch: window.batch, gates: gates.span, parts: parts.span, outputs: outputs.span,
        outputGradients: &stateSpan, gateGradients: &deltaSpan, partGradients: &partSpan,
        reachesInitialState: beginsStream && !initialHidden.isEmpty)
    }
    let rows = window.rows
    let deltas = deltaValues.span.extracting(0..<(rows * 3 * width))
    let states = outputs.span.extracting(previousStates(window, width: width))
    recurrent.accumulate(deltas, gates: 0..<2, states, rows: rows, gradient: &gradient)
    switch reset {
    case .after:
      let partDeltas = partValues.span.extracting(0..<(rows * width))
      recurrent.accumulate(partDeltas, from: 2, gates: 2..<3, states, rows: rows, gradient: &gradient)
      accumulateBias(deltas, partDeltas, rows: rows, gradient: &gradient)
    case .before:
      recurrent.accumulate(
        deltas, gates: 2..<3, parts.span.extracting(0..<(rows * width)), rows: rows, gradient: &gradient)
      recurrent.accumulateBias(deltas, rows: rows, gradient: &gradient)
    }
    accumulateInitialGradient(
      stateValues.span.extracting(initialSlot(window, width: width)), of: initialHidden, batch: window.batch,
      gradient: &gradient)
    input.backward(deltas, below, window, parameters: parameters, gradient: &gradient)
  }

  /// dL/dr, of which the candidate's part acts before the reset gate does.
  private func accumulateBias(
    _ deltas: Span<Float>, _ partDeltas: Span<Float>, rows: Int, gradient: inout [Float]
  ) {
    guard !recurrent.bias.isEmpty else { return }
    var sums = biasDeltas.taken()
    defer { biasDeltas = sums }
    var sumSpan = sums.mutableSpan
    VectorOperations.clear(&sumSpan)
    VectorOperations.addRows(of: deltas, rows: rows, to: &sumSpan)
    sumSpan.withSlice((2 * width)..<(3 * width)) {
      VectorOperations.clear(&$0)
      VectorOperations.addRows(of: partDeltas, rows: rows, to: &$0)
    }
    var span = gradient.mutableSpan
    span.withSlice(recurrent.bias) { VectorOperations.add(sumSpan.span, to: &$0) }
  }
}
