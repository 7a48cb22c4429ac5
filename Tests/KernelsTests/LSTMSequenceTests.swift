import Kernels
import Testing

/// Activations of gates, candidate and cell: the usual ones, and each function in every place.
private let choices: [[Activation]] =
  [[.sigmoid, .tanh, .tanh]]
  + Activation.allCases.indices.map { i in
    [0, 3, 7].map { Activation.allCases[(i + $0) % Activation.allCases.count] }
  }

@Suite struct LSTMSequenceTests {
  @Test(arguments: KernelLevel.supported, LSTMCase.variants)
  func agreesWithItsFormulasAndCentralDifferences(level: KernelLevel, variant: LSTMCase.Variant) {
    for (cells, batch) in [(1, 1), (5, 2), (17, 1), (18, 3)] {
      let run = LSTMCase(variant, cells: cells, batch: batch, steps: 3)
      let result = level.run { run.fast() }
      let plain = run.plain()
      #expect(largestError(result.states, plain.states) < 2e-6, "\(cells) cells")
      #expect(largestError(result.cells, plain.cells) < 2e-6, "\(cells) cells")
      for (name, found, expected) in run.gradients(result) {
        #expect(largestError(found, expected) < 5e-5, "\(name), \(cells) cells")
      }
    }
  }

  @Test(arguments: KernelLevel.supported, choices)
  func agreesWithCentralDifferencesForEveryActivation(level: KernelLevel, activations: [Activation]) {
    for variant in [LSTMCase.Variant.usual, .coupledWithPeepholes] {
      let run = LSTMCase(variant, cells: 5, batch: 2, steps: 2, activations: activations)
      let result = level.run { run.fast() }
      #expect(largestError(result.states, run.plain().states) < 2e-6)
      for (name, found, expected) in run.gradients(result) {
        #expect(largestError(found, expected) < 5e-5, "\(name)")
      }
    }
  }

  @Test(arguments: KernelLevel.supported) func agreesWithItsFormulasOnManyThreads(level: KernelLevel) {
    for (cells, batch) in [(64, 20), (100, 13), (128, 1), (130, 7)] {
      let run = LSTMCase(.usual, cells: cells, batch: batch, steps: 4)
      let result = level.run { run.fast() }
      #expect(largestError(result.states, run.plain().states) < 1e-5, "\(cells) cells, \(batch) rows")
    }
  }

  @Test(arguments: LSTMCase.variants)
  func neitherThreadsNorTheBatchChangeABit(variant: LSTMCase.Variant) {
    let run = LSTMCase(variant, cells: 100, batch: 11, steps: 3)
    let alone = atThreadCount(1) { run.fast() }
    for threads in [2, 3] {
      let together = atThreadCount(threads) { run.fast() }
      #expect(together == alone)
    }
    let part = run.firstRow.fast()
    #expect(part.states == alone.states.rows(of: 11, width: run.outputs, slots: 5))
  }
}

extension [Float] {
  /// The first row of each slot `[slots, batch, width]`.
  fileprivate func rows(of batch: Int, width: Int, slots: Int) -> [Float] {
    stride(from: 0, to: count, by: batch * width).flatMap { self[$0..<($0 + width)] }
  }
}

/// A window of an LSTM with numbers in all its buffers. Nothing runs backward here but one variant.
struct LSTMCase {
  struct Variant: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var projects = false
    var couples = false
    var peepholes = false
    var clip: Float = .infinity
    var projectionClip: Float = .infinity
    var runsBackward = false
    var bias = true

    static let usual = Variant(testDescription: "usual")
    static let coupledWithPeepholes = Variant(
      testDescription: "coupled with peepholes", couples: true, peepholes: true)
  }

  static let variants: [Variant] = [
    .usual, .coupledWithPeepholes,
    Variant(testDescription: "without bias", bias: false),
    Variant(testDescription: "peepholes", peepholes: true),
    Variant(testDescription: "coupled", couples: true),
    Variant(testDescription: "cell clip", peepholes: true, clip: 0.4),
    Variant(testDescription: "projection", projects: true),
    Variant(testDescription: "projection clip", projects: true, projectionClip: 0.1),
    Variant(
      testDescription: "everything", projects: true, couples: true, peepholes: true, clip: 0.5, projectionClip: 0.2),
    Variant(testDescription: "backward", runsBackward: true),
    Variant(testDescription: "backward projection", projects: true, runsBackward: true),
  ]

  struct Result: Equatable {
    var states: [Float]
    var cells: [Float]
    var gateGradients: [Float]
    var outputGradients: [Float]
    var cellGradient: [Float]
    var peepholeGradients: [Float]
  }

  let options: LSTMSequence.Options
  let steps: Int
  let batch: Int
  var inputs: [Float]
  let recurrent, projection, bias, peepholes: [Float]
  var initialOutputs, initialCells: [Float]
  /// The loss is the sum of the outputs times these, and of the last cells.
  var outputFactors, cellFactors: [Float]

  var outputs: Int { options.outputs }
  private var slots: Int { steps + 2 }
  private var rows: Int { steps * batch }
  private var initialSlot: Int { options.runsBackward ? steps + 1 : 0 }

  init(_ variant: Variant, cells: Int, batch: Int, steps: Int, activations: [Activation] = [.sigmoid, .tanh, .tanh]) {
    options = LSTMSequence.Options(
      cells: cells, projectedOutputs: variant.projects ? cells / 2 + 1 : nil, recurrent: activations[0],
      candidate: activations[1], cellOutput: activations[2], forgetBias: variant.couples ? 0 : 0.75,
      couplesGates: variant.couples, cellClip: variant.clip, projectionClip: variant.projectionClip,
      runsBackward: variant.runsBackward)
    self.steps = steps
    self.batch = batch
    let (gates, outputs) = (options.gates, options.outputs)
    let scale = 1 / Float(cells).squareRoot()
    inputs = floats(steps * batch * gates * cells, in: -1..<1, seed: 1)
    recurrent = floats(gates * cells * outputs, in: -scale..<scale, seed: 2)
    projection = variant.projects ? floats(outputs * cells, in: -scale..<scale, seed: 3) : []
    bias = variant.bias ? floats(gates * cells, in: -0.5..<0.5, seed: 4) : []
    peepholes = variant.peepholes ? floats((gates - 1) * cells, in: -0.5..<0.5, seed: 5) : []
    initialOutputs = floats(batch * outputs, in: -1..<1, seed: 6)
    initialCells = floats(batch * cells, in: -1..<1, seed: 7)
    outputFactors = floats(steps * batch * outputs, in: -1..<1, seed: 8)
    cellFactors = floats(batch * cells, in: -1..<1, seed: 9)
  }

  /// The same with the first row of the batch only.
  var firstRow: LSTMCase {
    var part = LSTMCase(copying: self, batch: 1)
    func first(_ values: [Float], _ width: Int) -> [Float] {
      stride(from: 0, to: values.count, by: batch * width).flatMap { values[$0..<($0 + width)] }
    }
    part.inputs = first(inputs, options.gates * options.cells)
    part.initialOutputs = first(initialOutputs, outputs)
    part.initialCells = first(initialCells, options.cells)
    part.outputFactors = first(outputFactors, outputs)
    part.cellFactors = first(cellFactors, options.cells)
    return part
  }

  private init(copying other: LSTMCase, batch: Int) {
    (options, steps, self.batch) = (other.options, other.steps, batch)
    (inputs, recurrent, projection) = (other.inputs, other.recurrent, other.projection)
    (bias, peepholes) = (other.bias, other.peepholes)
    (initialOutputs, initialCells) = (other.initialOutputs, other.initialCells)
    (outputFactors, cellFactors) = (other.outputFactors, other.cellFactors)
  }

  func fast() -> Result {
    let (C, O) = (options.cells, options.outputs)
    var sequence = LSTMSequence(options, trains: true)
    sequence.pack(recurrent.span, projection: projection.span)
    var gates = inputs
    var cells = [Float](repeating: 7, count: slots * batch * C)
    var activated = [Float](repeating: 7, count: rows * C)
    var unprojected = activated
    var states = [Float](repeating: 7, count: slots * batch * O)
    cells.replaceSubrange((initialSlot * batch * C)..<((initialSlot + 1) * batch * C), with: initialCells)
    states.replaceSubrange((initialSlot * batch * O)..<((initialSlot + 1) * batch * O), with: initialOutputs)
    do {
      var gateSpan = gates.mutableSpan
      var cellSpan = cells.mutableSpan
      var activatedSpan = activated.mutableSpan
      var unprojectedSpan = unprojected.mutableSpan
      var stateSpan = states.mutableSpan
      sequence.forward(
        steps: steps, batch: batch, bias: bias.span, peepholes: peepholes.span, gates: &gateSpan, cells: &cellSpan,
        activatedCells: &activatedSpan, unprojected: &unprojectedSpan, outputs: &stateSpan)
    }
    var outputGradients = [Float](repeating: 7, count: slots * batch * O)
    outputGradients.replaceSubrange((batch * O)..<((steps + 1) * batch * O), with: outputFactors)
    var cellGradient = cellFactors
    var gateGradients = [Float](repeating: 7, count: inputs.count)
    var unprojectedGradient = [Float](repeating: 7, count: batch * C)
    var peepholeGradients = [Float](repeating: 0, count: peepholes.count)
    do {
      var outputSpan = outputGradients.mutableSpan
      var cellSpan = cellGradient.mutableSpan
      var gateSpan = gateGradients.mutableSpan
      var unprojectedSpan = unprojectedGradient.mutableSpan
      var peepholeSpan = peepholeGradients.mutableSpan
      sequence.backward(
        steps: steps, batch: batch, peepholes: peepholes.span, gates: gates.span, cells: cells.span,
        activatedCells: activated.span, outputs: states.span, outputGradients: &outputSpan,
        cellGradient: &cellSpan, gateGradients: &gateSpan, unprojectedGradient: &unprojectedSpan,
        peepholeGradients: &peepholeSpan,
        reachesInitialState: true)
    }
    let used = options.runsBackward ? (batch * O)..<(slots * batch * O) : 0..<((steps + 1) * batch * O)
    let usedCells = options.runsBackward ? (batch * C)..<(slots * batch * C) : 0..<((steps + 1) * batch * C)
    return Result(
      states: Array(states[used]), cells: Array(cells[usedCells]), gateGradients: gateGradients,
      outputGradients: Array(
        outputGradients[(initialSlot * batch * O)..<((initialSlot + 1) * batch * O)]),
      cellGradient: cellGradient, peepholeGradients: peepholeGradients)
  }

  /// States in the slots that are in use, by plain loops in Double.
  func plain() -> (states: [Double], cells: [Double]) {
    plain(
      inputs.map(Double.init), initialOutputs.map(Double.init), initialCells.map(Double.init),
      peepholes.map(Double.init))
  }

  private func plain(
    _ inputs: [Double], _ h0: [Double], _ c0: [Double], _ peepholes: [Double]
  ) -> (states: [Double], cells: [Double]) {
    let (C, O, G) = (options.cells, options.outputs, options.gates)
    var hs = [h0]
    var cs = [c0]
    for position in 0..<steps {
      let t = options.runsBackward ? steps - 1 - position : position
      let (before, previous) = (hs[position], cs[position])
      var c = previous
      var h = before
      for row in 0..<batch {
        var heads = [Double](repeating: 0, count: C)
        for unit in 0..<C {
          func net(_ gate: Int) -> Double {
            var sum = inputs[((t * batch + row) * G + gate) * C + unit]
            if !bias.isEmpty { sum += Double(bias[gate * C + unit]) }
            for j in 0..<O { sum += Double(recurrent[(gate * C + unit) * O + j]) * before[row * O + j] }
            return sum
          }
          func peephole(_ index: Int) -> Double { peepholes.isEmpty ? 0 : peepholes[index * C + unit] }
          let last = previous[row * C + unit]
          let coupled = options.couplesGates
          let i = options.recurrent.plain(net(0) + peephole(0) * last)
          let f =
            coupled
            ? 1 - i : options.recurrent.plain(net(1) + Double(options.forgetBias) + peephole(1) * last)
          let g = options.candidate.plain(net(coupled ? 1 : 2))
          let clip = Double(options.cellClip)
          let cell = min(max(f * last + i * g, -clip), clip)
          let o = options.recurrent.plain(net(coupled ? 2 : 3) + peephole(coupled ? 1 : 2) * cell)
          c[row * C + unit] = cell
          heads[unit] = o * options.cellOutput.plain(cell)
        }
        for j in 0..<O {
          if projection.isEmpty {
            h[row * O + j] = heads[j]
          } else {
            let sum = (0..<C).reduce(0) { $0 + Double(projection[j * C + $1]) * heads[$1] }
            let clip = Double(options.projectionClip)
            h[row * O + j] = min(max(sum, -clip), clip)
          }
        }
      }
      hs.append(h)
      cs.append(c)
    }
    if options.runsBackward { (hs, cs) = (hs.reversed(), cs.reversed()) }
    return (hs.flatMap { $0 }, cs.flatMap { $0 })
  }

  /// Some of each gradient beside its central differences.
  func gradients(_ result: Result) -> [(name: String, found: [Float], expected: [Double])] {
    let values = [inputs, initialOutputs, initialCells, peepholes].map { $0.map(Double.init) }
    func loss(_ values: [[Double]]) -> Double {
      let (states, cells) = plain(values[0], values[1], values[2], values[3])
      let (C, O) = (options.cells, options.outputs)
      let firstState = options.runsBackward ? 0 : batch * O
      let lastCell = options.runsBackward ? 0 : steps * batch * C
      var sum = 0.0
      for index in outputFactors.indices { sum += Double(outputFactors[index]) * states[firstState + index] }
      for index in cellFactors.indices { sum += Double(cellFactors[index]) * cells[lastCell + index] }
      return sum
    }
    func compared(_ name: String, _ found: [Float], _ part: Int) -> (String, [Float], [Double]) {
      let indices = someIndices(values[part].count)
      let expected = indices.map { index in
        centralDifference(at: values[part][index]) { value in
          var moved = values
          moved[part][index] = value
          return loss(moved)
        }
      }
      return (name, indices.map { found[$0] }, expected)
    }
    return [
      compared("gates", result.gateGradients, 0), compared("initial outputs", result.outputGradients, 1),
      compared("initial cells", result.cellGradient, 2), compared("peepholes", result.peepholeGradients, 3),
    ]
  }
}
