import Kernels
import Testing

/// Activations of a GRU: the usual ones, and each function in both places.
private let choices: [[Activation]] =
  [[.sigmoid, .tanh]]
  + Activation.allCases.indices.map { i in
    [0, 3].map { Activation.allCases[(i + $0) % Activation.allCases.count] }
  }

@Suite struct GRUStepTests {
  @Test(arguments: KernelLevel.supported, choices)
  func resetAfterAgreesWithItsFormulasAndCentralDifferences(level: KernelLevel, activations: [Activation]) {
    for hidden in sizes {
      for keepsPrevious in [true, false] {
        checkResetAfter(
          GRUStep(
            hidden: hidden, recurrent: activations[0], candidate: activations[1], keepsPrevious: keepsPrevious),
          at: level)
      }
    }
  }

  @Test(arguments: KernelLevel.supported, choices)
  func resetBeforeAgreesWithItsFormulasAndCentralDifferences(level: KernelLevel, activations: [Activation]) {
    for hidden in sizes {
      for keepsPrevious in [true, false] {
        checkResetBefore(
          GRUStep(
            hidden: hidden, recurrent: activations[0], candidate: activations[1], keepsPrevious: keepsPrevious),
          at: level)
      }
    }
  }

  @Test(arguments: KernelLevel.supported)
  func mayWriteTheStateInPlace(level: KernelLevel) {
    let step = GRUStep(hidden: 100)
    let parts = floats(300, seed: 2)
    var gates = floats(300)
    var outputs = floats(200)
    var inPlace = outputs
    level.run {
      var other = gates
      var otherSpan = other.mutableSpan
      var gateSpan = gates.mutableSpan
      var outputSpan = outputs.mutableSpan
      var inPlaceSpan = inPlace.mutableSpan
      step.forwardResettingAfter(
        from: 0, to: 1, batch: 1, gates: &gateSpan, recurrentParts: parts.span, outputs: &outputSpan)
      step.forwardResettingAfter(
        from: 0, to: 0, batch: 1, gates: &otherSpan, recurrentParts: parts.span, outputs: &inPlaceSpan)
    }
    #expect(inPlace.prefix(100) == outputs.suffix(100))
  }

  private let batch = 3

  /// Step 1 of two, from slot 2 to slot 0 of three. The inputs of a unit are its three input parts, its three recurrent
  /// parts and the previous output.
  private func checkResetAfter(_ step: GRUStep, at level: KernelLevel) {
    let hidden = step.hidden
    let size = batch * hidden
    let inputParts = floats(6 * size, seed: 3)
    let recurrentParts = floats(6 * size, seed: 4)
    let states = floats(3 * size, in: -1..<1, seed: 5)
    let outputGradientsBefore = floats(3 * size, in: -1..<1, seed: 6)
    var gates = inputParts
    var outputs = states
    var outputGradients = outputGradientsBefore
    var inputGradients = [Float](repeating: 9, count: 6 * size)
    var recurrentGradients = inputGradients
    level.run {
      var gateSpan = gates.mutableSpan
      var outputSpan = outputs.mutableSpan
      step.forwardResettingAfter(
        step: 1, from: 2, to: 0, batch: batch, gates: &gateSpan, recurrentParts: recurrentParts.span,
        outputs: &outputSpan)
      var outputGradientSpan = outputGradients.mutableSpan
      var inputGradientSpan = inputGradients.mutableSpan
      var recurrentGradientSpan = recurrentGradients.mutableSpan
      step.backwardResettingAfter(
        step: 1, from: 2, to: 0, batch: batch, gates: gates.span, recurrentParts: recurrentParts.span,
        outputs: outputs.span, outputGradients: &outputGradientSpan, inputGradients: &inputGradientSpan,
        recurrentGradients: &recurrentGradientSpan)
    }
    for unit in 0..<size {
      let places = (0..<3).map { 3 * size + unit / hidden * 3 * hidden + $0 * hidden + unit % hidden }
      let inputs =
        places.map { Double(inputParts[$0]) } + places.map { Double(recurrentParts[$0]) }
        + [Double(states[2 * size + unit])]
      func output(_ v: [Double]) -> Double {
        let z = step.recurrent.plain(v[0] + v[3])
        let r = step.recurrent.plain(v[1] + v[4])
        let n = step.candidate.plain(v[2] + r * v[5])
        return step.keepsPrevious ? z * v[6] + (1 - z) * n : (1 - z) * v[6] + z * n
      }
      #expect(largestError([outputs[unit]], [output(inputs)]) < 5e-6)
      let factor = Double(outputGradientsBefore[unit])
      let expected = gradient(at: inputs) { factor * output($0) }
      let direct = outputGradients[2 * size + unit] - outputGradientsBefore[2 * size + unit]
      let gradients = places.map { inputGradients[$0] } + places.map { recurrentGradients[$0] } + [direct]
      #expect(largestError(gradients, expected) < 2e-5, "\(step), unit \(unit)")
    }
    #expect(outputs[size...] == states[size...])
    #expect(gates.prefix(3 * size) == inputParts.prefix(3 * size))
    #expect(inputGradients.prefix(3 * size).allSatisfy { $0 == 9 })
    #expect(outputGradients.prefix(2 * size) == outputGradientsBefore.prefix(2 * size))
  }

  /// The recurrent weight of the candidate is 0.5 times the unit matrix, which keeps units apart: the inputs of a unit
  /// are its three preactivations and the previous output.
  private func checkResetBefore(_ step: GRUStep, at level: KernelLevel) {
    let hidden = step.hidden
    let size = batch * hidden
    let preactivations = floats(6 * size, seed: 3)
    let states = floats(3 * size, in: -1..<1, seed: 5)
    let outputGradientsBefore = floats(3 * size, in: -1..<1, seed: 6)
    var gates = preactivations
    var outputs = states
    var resetOutputs = [Float](repeating: 0, count: 2 * size)
    var outputGradients = outputGradientsBefore
    var gateGradients = [Float](repeating: 9, count: 6 * size)
    func places(_ unit: Int) -> [Int] {
      (0..<3).map { 3 * size + unit / hidden * 3 * hidden + $0 * hidden + unit % hidden }
    }
    level.run {
      do {
        var gateSpan = gates.mutableSpan
        var resetSpan = resetOutputs.mutableSpan
        step.forwardGatesResettingBefore(
          step: 1, from: 2, batch: batch, gates: &gateSpan, outputs: outputs.span, resetOutputs: &resetSpan)
      }
      for unit in 0..<size { gates[places(unit)[2]] += 0.5 * resetOutputs[size + unit] }
      do {
        var gateSpan = gates.mutableSpan
        var outputSpan = outputs.mutableSpan
        step.forwardCandidateResettingBefore(
          step: 1, from: 2, to: 0, batch: batch, gates: &gateSpan, outputs: &outputSpan)
        var outputGradientSpan = outputGradients.mutableSpan
        var gateGradientSpan = gateGradients.mutableSpan
        step.backwardCandidateResettingBefore(
          step: 1, from: 2, to: 0, batch: batch, gates: gates.span, outputs: outputs.span,
          outputGradients: &outputGradientSpan, gateGradients: &gateGradientSpan)
      }
      let resetOutputGradient = (0..<size).map { 0.5 * gateGradients[places($0)[2]] }
      var outputGradientSpan = outputGradients.mutableSpan
      var gateGradientSpan = gateGradients.mutableSpan
      step.backwardGatesResettingBefore(
        step: 1, from: 2, batch: batch, gates: gates.span, outputs: outputs.span,
        resetOutputGradient: resetOutputGradient.span, outputGradients: &outputGradientSpan,
        gateGradients: &gateGradientSpan)
    }
    for unit in 0..<size {
      let inputs = places(unit).map { Double(preactivations[$0]) } + [Double(states[2 * size + unit])]
      func output(_ v: [Double]) -> Double {
        let z = step.recurrent.plain(v[0])
        let r = step.recurrent.plain(v[1])
        let n = step.candidate.plain(v[2] + 0.5 * (r * v[3]))
        return step.keepsPrevious ? z * v[3] + (1 - z) * n : (1 - z) * v[3] + z * n
      }
      #expect(largestError([outputs[unit]], [output(inputs)]) < 5e-6)
      let factor = Double(outputGradientsBefore[unit])
      let expected = gradient(at: inputs) { factor * output($0) }
      let direct = outputGradients[2 * size + unit] - outputGradientsBefore[2 * size + unit]
      #expect(
        largestError(places(unit).map { gateGradients[$0] } + [direct], expected) < 2e-5, "\(step), unit \(unit)")
    }
    #expect(gates.prefix(3 * size) == preactivations.prefix(3 * size))
    #expect(resetOutputs.prefix(size).allSatisfy { $0 == 0 })
  }

  private func gradient(at inputs: [Double], _ function: ([Double]) -> Double) -> [Double] {
    inputs.indices.map { index in
      centralDifference(at: inputs[index]) { value in
        var moved = inputs
        moved[index] = value
        return function(moved)
      }
    }
  }
}
