import Kernels

/// Long short-term memory: ``Architecture/LSTM``.
final class LSTMLayer: RecurrentNetworkLayer {
  private var hidden: Int { width }
  private let step: LSTMStep
  private var input: AffineMap
  private let recurrent: RecurrentMap
  /// `[steps, batch, 4, hidden]`: what comes into the gates, then their values.
  private var gates: [Float]
  /// c(t) `[slots, batch, hidden]`.
  private var cells: [Float]
  /// k(c(t)) `[steps, batch, hidden]`.
  private var activatedCells: [Float]
  /// dL/d gates `[steps, batch, 4, hidden]`.
  private var deltas: [Float]
  /// dL/dc(t) `[batch, hidden]`, walking backwards.
  private var cellGradient: [Float]

  init(_ layer: Architecture.LSTM, _ table: ParameterTable, takesTokens: Bool, capacity: Window, trains: Bool) {
    let (H, rows) = (layer.outputs, capacity.rows)
    step = LSTMStep(
      hidden: H, recurrent: layer.recurrentActivation, candidate: layer.activation,
      cellOutput: layer.cellActivation, forgetBias: Float(layer.forgetBias))
    input = AffineMap(
      weights: table.range(layer.name, "input_weights"), bias: table.range(layer.name, "bias"), inputs: layer.inputs,
      outputs: 4 * H, takesTokens: takesTokens, trains: trains)
    recurrent = RecurrentMap(
      weights: table.range(layer.name, "recurrent_weights"), bias: table.range(layer.name, "recurrent_bias"),
      hidden: H, gates: 4)
    gates = [Float](repeating: 0, count: rows * 4 * H)
    cells = [Float](repeating: 0, count: (capacity.steps + 1) * capacity.batch * H)
    activatedCells = [Float](repeating: 0, count: rows * H)
    deltas = [Float](repeating: 0, count: trains ? rows * 4 * H : 0)
    cellGradient = [Float](repeating: 0, count: trains ? capacity.batch * H : 0)
    super.init(
      width: H, initialHidden: table.range(layer.name, "initial_hidden"), capacity: capacity, trains: trains)
  }

  override func prepare(_ parameters: [Float]) { input.prepare(parameters) }

  override func state(batch: Int) -> [String: [Float]] {
    super.state(batch: batch).merging(["cell": Array(cells[..<(batch * hidden)])]) { $1 }
  }

  override func setState(_ state: [String: [Float]]) {
    super.setState(state)
    if let cell = state["cell"] { cells.replaceSubrange(..<cell.count, with: cell) }
  }

  override func loadInitialState(_ parameters: [Float], batch: Int) {
    super.loadInitialState(parameters, batch: batch)
    Self.fill(&cells, from: parameters, 0..<0, width: hidden, batch: batch)
  }

  override func carryState(_ window: Window) {
    super.carryState(window)
    Self.carry(in: &cells, window, hidden)
  }

  override func forward(_ below: LayerInput, _ window: Window, parameters: [Float]) {
    var (gateValues, cellValues) = (gates.taken(), cells.taken())
    var (activatedValues, outputValues) = (activatedCells.taken(), outputs.taken())
    defer { (gates, cells, activatedCells, outputs) = (gateValues, cellValues, activatedValues, outputValues) }
    var gates = gateValues.mutableSpan
    var cells = cellValues.mutableSpan
    var activatedCells = activatedValues.mutableSpan
    var outputs = outputValues.mutableSpan
    input.forward(below, window, parameters: parameters, into: &gates)
    recurrent.addBias(rows: window.rows, parameters: parameters, to: &gates)
    for t in 0..<window.steps {
      recurrent.forward(
        outputs.span, slot: t, gates: 0..<4, batch: window.batch, parameters: parameters, into: &gates, step: t)
      step.forward(
        step: t, from: t, to: t + 1, batch: window.batch, gates: &gates, cells: &cells,
        activatedCells: &activatedCells, outputs: &outputs)
    }
  }

  override func backward(_ below: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    let (gates, cells, activatedCells, outputs) = (gates, cells, activatedCells, outputs)
    var (deltaValues, cellValues, stateValues) = (deltas.taken(), cellGradient.taken(), outputGradients.taken())
    defer { (deltas, cellGradient, outputGradients) = (deltaValues, cellValues, stateValues) }
    var deltas = deltaValues.mutableSpan
    var cellGradient = cellValues.mutableSpan
    var stateGradients = stateValues.mutableSpan
    VectorOperations.clear(&cellGradient)
    for t in (0..<window.steps).reversed() {
      step.backward(
        step: t, from: t, to: t + 1, batch: window.batch, gates: gates.span, cells: cells.span,
        activatedCells: activatedCells.span, outputGradients: stateGradients.span, cellGradient: &cellGradient,
        gateGradients: &deltas)
      // Nothing flows on from the first step: the state before the window is a constant.
      guard t > 0 else { continue }
      recurrent.propagate(
        deltas.span, step: t, gates: 0..<4, batch: window.batch, parameters: parameters, into: &stateGradients,
        slot: t)
    }
    let used = deltaValues.span.extracting(0..<(window.rows * 4 * hidden))
    recurrent.accumulate(
      used, outputs.span.extracting(0..<(window.rows * hidden)), gates: 0..<4, rows: window.rows, gradient: &gradient)
    recurrent.accumulateBias(used, rows: window.rows, gradient: &gradient)
    input.backward(used, below, window, parameters: parameters, gradient: &gradient)
  }
}
