import Kernels

/// Long short-term memory: ``Architecture/LSTM``.
final class LSTMLayer: RecurrentNetworkLayer {
  private var sequence: LSTMSequence
  private var input: AffineMap
  private let recurrent: RecurrentMap
  /// p `[gates - 1, cells]`, P `[width, cells]` and c(0) `[cells]` in the flat parameters; empty where there are none.
  private let peepholes, projection, initialCell: Range<Int>
  /// The number of cells.
  private let cellCount: Int
  private let gateNames: [String]
  private var gateCount: Int { gateNames.count }
  /// `[steps, batch, gates, cells]`: what comes into the gates, then their values.
  private var gates: [Float]
  /// c(t) `[slots, batch, cells]`.
  private var cells: [Float]
  /// k(c(t)) `[steps, batch, cells]`.
  private var activatedCells: [Float]
  /// o k(c(t)) `[steps, batch, cells]`, where there is a projection.
  private var unprojected: [Float]
  /// dL/d gates `[steps, batch, gates, cells]`.
  private var deltas: [Float]
  /// dL/dc(t) `[batch, cells]`, walking backwards.
  private var cellGradient: [Float]
  /// dL/d unprojected `[batch, cells]`, walking backwards.
  private var unprojectedGradient: [Float]

  init(_ layer: Architecture.LSTM, _ table: ParameterTable, takesTokens: Bool, capacity: Window, trains: Bool) {
    let (C, G, rows) = (layer.cells, layer.gates.count, capacity.rows)
    let projects = layer.projection != nil
    sequence = LSTMSequence(Self.options(layer), trains: trains)
    input = AffineMap(
      weights: table.range(layer.name, "input_weights"), bias: table.range(layer.name, "bias"), inputs: layer.inputs,
      outputs: G * C, takesTokens: takesTokens, trains: trains)
    recurrent = RecurrentMap(
      weights: table.range(layer.name, "recurrent_weights"), bias: table.range(layer.name, "recurrent_bias"),
      units: C, inputs: layer.outputs, gates: G)
    peepholes = table.range(layer.name, "peephole_weights")
    projection = table.range(layer.name, "projection_weights")
    initialCell = table.range(layer.name, "initial_cell")
    (cellCount, gateNames) = (C, layer.gates)
    gates = [Float](repeating: 0, count: rows * G * C)
    cells = []
    activatedCells = [Float](repeating: 0, count: rows * C)
    unprojected = [Float](repeating: 0, count: projects ? rows * C : 0)
    deltas = [Float](repeating: 0, count: trains ? rows * G * C : 0)
    cellGradient = [Float](repeating: 0, count: trains ? capacity.batch * C : 0)
    unprojectedGradient = [Float](repeating: 0, count: trains && projects ? capacity.batch * C : 0)
    super.init(
      width: layer.outputs, initialHidden: table.range(layer.name, "initial_hidden"), direction: layer.direction,
      capacity: capacity, trains: trains)
    cells = [Float](repeating: 0, count: slots(capacity) * capacity.batch * C)
  }

  private static func options(_ layer: Architecture.LSTM) -> LSTMSequence.Options {
    LSTMSequence.Options(
      cells: layer.cells, projectedOutputs: layer.projection.map { _ in layer.outputs },
      recurrent: layer.recurrentActivation, candidate: layer.activation, cellOutput: layer.cellActivation,
      forgetBias: Float(layer.forgetBias), couplesGates: layer.coupledGates,
      cellClip: layer.cellClip.map { Float($0) } ?? .infinity,
      projectionClip: layer.projection?.clip.map { Float($0) } ?? .infinity,
      runsBackward: layer.direction == .backward)
  }

  override func prepare(_ parameters: [Float]) {
    input.prepare(parameters)
    sequence.pack(
      parameters.span.extracting(recurrent.weights), projection: parameters.span.extracting(projection))
  }

  override func state(batch: Int) -> [String: [Float]] {
    super.state(batch: batch).merging(["cell": Array(cells[..<(batch * cellCount)])]) { $1 }
  }

  override func setState(_ state: [String: [Float]]) {
    super.setState(state)
    if let cell = state["cell"] { cells.replaceSubrange(..<cell.count, with: cell) }
  }

  override func state(of stream: Int) -> [Float] {
    super.state(of: stream) + cells[(stream * cellCount)..<((stream + 1) * cellCount)]
  }

  override func takeState(of stream: Int, from values: inout ArraySlice<Float>) {
    super.takeState(of: stream, from: &values)
    cells.replaceSubrange((stream * cellCount)..<((stream + 1) * cellCount), with: values.prefix(cellCount))
    values.removeFirst(cellCount)
  }

  override func gateValues(_ window: Window) -> (names: [String], values: [Float]) {
    (gateNames, Array(gates[..<(window.rows * gateCount * cellCount)]))
  }

  override func cellValues(_ window: Window) -> [Float] {
    Array(cells[(window.batch * cellCount)..<((window.batch + window.rows) * cellCount)])
  }

  override func loadInitialState(_ parameters: [Float], batch: Int) {
    super.loadInitialState(parameters, batch: batch)
    Self.fill(&cells, from: parameters, initialCell, width: cellCount, batch: batch)
  }

  override func carryState(_ window: Window) {
    super.carryState(window)
    carry(in: &cells, window, width: cellCount)
  }

  override func forward(_ below: LayerInput, _ window: Window, parameters: [Float]) {
    var (gateValues, cellValues, activatedValues) = (gates.taken(), cells.taken(), activatedCells.taken())
    var (unprojectedValues, outputValues) = (unprojected.taken(), outputs.taken())
    defer {
      (gates, cells, activatedCells) = (gateValues, cellValues, activatedValues)
      (unprojected, outputs) = (unprojectedValues, outputValues)
    }
    var gates = gateValues.mutableSpan
    var cells = cellValues.mutableSpan
    var activatedCells = activatedValues.mutableSpan
    var unprojected = unprojectedValues.mutableSpan
    var outputs = outputValues.mutableSpan
    input.forward(below, window, parameters: parameters, into: &gates)
    placeInitialState(in: &cells, window, width: cellCount)
    placeInitialState(in: &outputs, window, width: width)
    sequence.forward(
      steps: window.steps, batch: window.batch, bias: parameters.span.extracting(recurrent.bias),
      peepholes: parameters.span.extracting(peepholes), gates: &gates, cells: &cells, activatedCells: &activatedCells,
      unprojected: &unprojected, outputs: &outputs)
  }

  override func backward(_ below: LayerInput, _ window: Window, parameters: [Float], gradient: inout [Float]) {
    let outputs = outputs
    var (deltaValues, stateValues, cellValues) = (deltas.taken(), outputGradients.taken(), cellGradient.taken())
    defer { (deltas, outputGradients, cellGradient) = (deltaValues, stateValues, cellValues) }
    runBackward(
      window, parameters: parameters, deltas: &deltaValues, stateGradients: &stateValues, cellGradient: &cellValues,
      gradient: &gradient)
    let used = deltaValues.span.extracting(0..<(window.rows * gateCount * cellCount))
    recurrent.accumulate(
      used, gates: 0..<gateCount, outputs.span.extracting(previousStates(window, width: width)), rows: window.rows,
      gradient: &gradient)
    recurrent.accumulateBias(used, rows: window.rows, gradient: &gradient)
    accumulateProjection(stateValues.span.extracting(range(window)), window, gradient: &gradient)
    accumulateInitialGradient(
      stateValues.span.extracting(initialSlot(window, width: width)), of: initialHidden, batch: window.batch,
      gradient: &gradient)
    accumulateInitialGradient(
      cellValues.span.extracting(0..<(window.batch * cellCount)), of: initialCell, batch: window.batch,
      gradient: &gradient)
    input.backward(used, below, window, parameters: parameters, gradient: &gradient)
  }

  /// Fills deltas and state gradients, and adds to the gradient of the peepholes.
  private func runBackward(
    _ window: Window, parameters: [Float], deltas: inout [Float], stateGradients: inout [Float],
    cellGradient: inout [Float], gradient: inout [Float]
  ) {
    let (gates, cells, activatedCells, outputs) = (gates, cells, activatedCells, outputs)
    var unprojectedValues = unprojectedGradient.taken()
    defer { unprojectedGradient = unprojectedValues }
    var unprojected = unprojectedValues.mutableSpan
    var deltaSpan = deltas.mutableSpan
    var stateSpan = stateGradients.mutableSpan
    var cellSpan = cellGradient.mutableSpan
    var gradientSpan = gradient.mutableSpan
    VectorOperations.clear(&cellSpan)
    gradientSpan.withSlice(peepholes) { peepholeGradients in
      sequence.backward(
        steps: window.steps, batch: window.batch, peepholes: parameters.span.extracting(peepholes), gates: gates.span,
        cells: cells.span, activatedCells: activatedCells.span, outputs: outputs.span, outputGradients: &stateSpan,
        cellGradient: &cellSpan, gateGradients: &deltaSpan, unprojectedGradient: &unprojected,
        peepholeGradients: &peepholeGradients, reachesInitialState: beginsStream && !initialHidden.isEmpty)
    }
  }

  /// dL/dP += the sum over all steps of dL/dh(t), zero where h is clipped, times what is projected.
  private func accumulateProjection(_ outputGradients: Span<Float>, _ window: Window, gradient: inout [Float]) {
    guard !projection.isEmpty else { return }
    let unprojected = unprojected
    var span = gradient.mutableSpan
    MatrixProduct.multiply(
      outputGradients, transposeA: true, unprojected.span.extracting(0..<(window.rows * cellCount)), into: &span,
      rows: width, columns: cellCount, inner: window.rows, beta: 1, offsetC: projection.lowerBound)
  }
}
