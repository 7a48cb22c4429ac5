import Kernels
import Testing

/// Activations of an LSTM: the usual ones, and each function in every place.
private let choices: [[Activation]] =
  [[.sigmoid, .tanh, .tanh], [.hardSigmoid, .tanh, .linear]]
  + Activation.allCases.indices.map { i in
    [0, 3, 7].map { Activation.allCases[(i + $0) % Activation.allCases.count] }
  }

@Suite struct LSTMStepTests {
  @Test(arguments: KernelLevel.supported, choices)
  func forwardAgreesWithItsFormulas(level: KernelLevel, activations: [Activation]) {
    for hidden in sizes {
      let run = Run(hidden: hidden, activations: activations)
      let result = run.forward(at: level)
      for (unit, expected) in run.plainUnits().enumerated() {
        let row = unit / hidden
        let column = unit % hidden
        let gates = (0..<4).map { result.gates[run.stepOffset + row * 4 * hidden + $0 * hidden + column] }
        #expect(largestError(gates, expected.gates) < 1e-6)
        #expect(largestError([result.cells[run.size * run.current + unit]], [expected.cell]) < 1e-6)
        #expect(largestError([result.activatedCells[run.size + unit]], [expected.activatedCell]) < 1e-6)
        #expect(largestError([result.outputs[run.size * run.current + unit]], [expected.output]) < 2e-6)
      }
    }
  }

  @Test(arguments: KernelLevel.supported)
  func leavesOtherStepsAndSlotsAlone(level: KernelLevel) {
    let run = Run(hidden: 17, activations: [.sigmoid, .tanh, .tanh])
    let result = run.forward(at: level)
    #expect(result.gates.prefix(run.stepOffset) == run.gates.prefix(run.stepOffset))
    #expect(result.cells.suffix(2 * run.size) == run.cells.suffix(2 * run.size))
    #expect(result.activatedCells.prefix(run.size).allSatisfy { $0 == 0 })
    #expect(result.outputs.suffix(2 * run.size).allSatisfy { $0 == 0 })
  }

  @Test(arguments: KernelLevel.supported)
  func mayWriteTheStateInPlace(level: KernelLevel) {
    let run = Run(hidden: 100, activations: [.sigmoid, .tanh, .tanh])
    let apart = run.forward(at: level)
    let inPlace = run.forward(at: level, to: run.previous)
    #expect(
      inPlace.cells[run.size * run.previous..<run.size * (run.previous + 1)]
        == apart.cells[run.size * run.current..<run.size * (run.current + 1)])
  }

  @Test(arguments: KernelLevel.supported, choices)
  func backwardAgreesWithCentralDifferences(level: KernelLevel, activations: [Activation]) {
    for hidden in sizes {
      let run = Run(hidden: hidden, activations: activations)
      let state = run.forward(at: level)
      let outputGradients = floats(3 * run.size, in: -1..<1, seed: 5)
      let laterCellGradient = floats(run.size, in: -1..<1, seed: 6)
      var cellGradient = laterCellGradient
      var gateGradients = [Float](repeating: 0, count: 2 * 4 * run.size)
      level.run {
        var cellSpan = cellGradient.mutableSpan
        var gateSpan = gateGradients.mutableSpan
        run.step.backward(
          step: 1, from: run.previous, to: run.current, batch: run.batch, gates: state.gates.span,
          cells: state.cells.span, activatedCells: state.activatedCells.span, outputGradients: outputGradients.span,
          cellGradient: &cellSpan, gateGradients: &gateSpan)
      }
      for unit in 0..<run.size {
        let outputFactor = Double(outputGradients[run.size * run.current + unit])
        let cellFactor = Double(laterCellGradient[unit])
        func loss(_ values: PlainLSTMUnit) -> Double { outputFactor * values.output + cellFactor * values.cell }
        let inputs = run.plainInputs(unit)
        let expected = inputs.indices.map { index in
          centralDifference(at: inputs[index]) { value in
            var moved = inputs
            moved[index] = value
            return loss(PlainLSTMUnit(run.step, moved))
          }
        }
        let row = unit / hidden
        let column = unit % hidden
        let gradients =
          (0..<4).map { gateGradients[run.stepOffset + row * 4 * hidden + $0 * hidden + column] }
          + [cellGradient[unit]]
        #expect(largestError(gradients, expected) < 2e-5, "unit \(unit) of \(hidden)")
      }
    }
  }
}

/// One unit's step in Double. The inputs are the four preactivations and the previous cell.
private struct PlainLSTMUnit {
  let gates: [Double]
  let cell: Double
  let activatedCell: Double
  let output: Double

  init(_ step: LSTMStep, _ inputs: [Double]) {
    let i = step.recurrent.plain(inputs[0])
    let f = step.recurrent.plain(inputs[1] + Double(step.forgetBias))
    let g = step.candidate.plain(inputs[2])
    let o = step.recurrent.plain(inputs[3])
    gates = [i, f, g, o]
    cell = f * inputs[4] + i * g
    activatedCell = step.cellOutput.plain(cell)
    output = o * activatedCell
  }
}

/// Random buffers of two steps and three slots, of which step 1 goes from slot 1 to slot 0.
private struct Run {
  let step: LSTMStep
  let batch = 3
  let previous = 1
  let current = 0
  let gates: [Float]
  let cells: [Float]

  init(hidden: Int, activations: [Activation]) {
    step = LSTMStep(
      hidden: hidden, recurrent: activations[0], candidate: activations[1], cellOutput: activations[2],
      forgetBias: 0.75)
    gates = floats(2 * batch * 4 * hidden, seed: 3)
    cells = floats(3 * batch * hidden, in: -1..<1, seed: 4)
  }

  var size: Int { batch * step.hidden }
  var stepOffset: Int { 4 * size }

  func forward(
    at level: KernelLevel, to slot: Int? = nil
  ) -> (gates: [Float], cells: [Float], activatedCells: [Float], outputs: [Float]) {
    var gates = gates
    var cells = cells
    var activatedCells = [Float](repeating: 0, count: 2 * size)
    var outputs = [Float](repeating: 0, count: 3 * size)
    level.run {
      var gateSpan = gates.mutableSpan
      var cellSpan = cells.mutableSpan
      var activatedSpan = activatedCells.mutableSpan
      var outputSpan = outputs.mutableSpan
      step.forward(
        step: 1, from: previous, to: slot ?? current, batch: batch, gates: &gateSpan, cells: &cellSpan,
        activatedCells: &activatedSpan, outputs: &outputSpan)
    }
    return (gates, cells, activatedCells, outputs)
  }

  func plainInputs(_ unit: Int) -> [Double] {
    let row = unit / step.hidden
    let column = unit % step.hidden
    return (0..<4).map { Double(gates[stepOffset + row * 4 * step.hidden + $0 * step.hidden + column]) }
      + [Double(cells[size * previous + unit])]
  }

  func plainUnits() -> [PlainLSTMUnit] {
    (0..<size).map { PlainLSTMUnit(step, plainInputs($0)) }
  }
}
