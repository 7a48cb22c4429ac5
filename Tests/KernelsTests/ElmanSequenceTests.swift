import Kernels
import Testing

@Suite struct ElmanSequenceTests {
  @Test(arguments: KernelLevel.supported, Activation.allCases)
  func agreesWithItsFormulasAndCentralDifferences(level: KernelLevel, activation: Activation) {
    for (leak, runsBackward) in [(Float(1), false), (0.3, false), (1, true), (0.7, true)] {
      for (hidden, batch) in [(1, 1), (5, 2), (18, 3)] {
        let run = ElmanCase(
          .init(hidden: hidden, activation: activation, leak: leak, runsBackward: runsBackward), batch: batch, steps: 3)
        let result = level.run { run.fast() }
        #expect(largestError(result.states, run.plain()) < 2e-6, "\(hidden) units")
        for (name, found, expected) in run.gradients(result) {
          #expect(largestError(found, expected) < 5e-5, "\(name), \(hidden) units, leak \(leak)")
        }
      }
    }
  }

  @Test(arguments: KernelLevel.supported) func agreesWithItsFormulasOnManyThreads(level: KernelLevel) {
    for (hidden, batch) in [(100, 9), (150, 13), (300, 1), (256, 4)] {
      let run = ElmanCase(.init(hidden: hidden, leak: 0.5), batch: batch, steps: 3)
      let alone = level.run { atThreadCount(1) { run.fast() } }
      #expect(largestError(alone.states, run.plain()) < 1e-5)
      for threads in [2, 3] {
        let together = level.run { atThreadCount(threads) { run.fast() } }
        #expect(together == alone)
      }
    }
  }
}

/// A window of simple units with numbers in all its buffers.
struct ElmanCase {
  struct Result: Equatable {
    var states: [Float]
    var gateGradients: [Float]
    var initialGradient: [Float]
  }

  let options: ElmanSequence.Options
  let steps, batch: Int
  let inputs, recurrent, bias, initial, factors: [Float]

  init(_ options: ElmanSequence.Options, batch: Int, steps: Int) {
    self.options = options
    (self.steps, self.batch) = (steps, batch)
    let hidden = options.hidden
    let scale = 1 / Float(hidden).squareRoot()
    inputs = floats(steps * batch * hidden, in: -1..<1, seed: 1)
    recurrent = floats(hidden * hidden, in: -scale..<scale, seed: 2)
    bias = floats(hidden, in: -0.5..<0.5, seed: 4)
    initial = floats(batch * hidden, in: -1..<1, seed: 6)
    factors = floats(steps * batch * hidden, in: -1..<1, seed: 8)
  }

  private var size: Int { batch * options.hidden }
  private var initialSlot: Int { options.runsBackward ? steps + 1 : 0 }

  func fast() -> Result {
    var sequence = ElmanSequence(options, trains: true)
    sequence.pack(recurrent.span)
    var values = inputs
    var states = [Float](repeating: 7, count: (steps + 2) * size)
    states.replaceSubrange((initialSlot * size)..<((initialSlot + 1) * size), with: initial)
    do {
      var valueSpan = values.mutableSpan
      var stateSpan = states.mutableSpan
      sequence.forward(steps: steps, batch: batch, bias: bias.span, values: &valueSpan, outputs: &stateSpan)
    }
    var outputGradients = [Float](repeating: 7, count: (steps + 2) * size)
    outputGradients.replaceSubrange(size..<((steps + 1) * size), with: factors)
    var gateGradients = [Float](repeating: 7, count: inputs.count)
    do {
      var outputSpan = outputGradients.mutableSpan
      var gateSpan = gateGradients.mutableSpan
      sequence.backward(
        steps: steps, batch: batch, values: values.span, outputs: states.span, outputGradients: &outputSpan,
        gateGradients: &gateSpan, reachesInitialState: true)
    }
    let used = options.runsBackward ? size..<((steps + 2) * size) : 0..<((steps + 1) * size)
    return Result(
      states: Array(states[used]), gateGradients: gateGradients,
      initialGradient: Array(outputGradients[(initialSlot * size)..<((initialSlot + 1) * size)]))
  }

  /// States in the slots that are in use, by plain loops in Double.
  func plain() -> [Double] { plain(inputs.map(Double.init), initial.map(Double.init)) }

  private func plain(_ inputs: [Double], _ initial: [Double]) -> [Double] {
    let (H, leak) = (options.hidden, Double(options.leak))
    var states = [initial]
    for position in 0..<steps {
      let t = options.runsBackward ? steps - 1 - position : position
      let before = states[position]
      states.append(
        (0..<size).map { element in
          let (row, unit) = (element / H, element % H)
          let net = (0..<H).reduce(inputs[t * size + element] + Double(bias[unit])) {
            $0 + Double(recurrent[unit * H + $1]) * before[row * H + $1]
          }
          return (1 - leak) * before[element] + leak * options.activation.plain(net)
        })
    }
    return (options.runsBackward ? states.reversed() : states).flatMap { $0 }
  }

  /// Some of each gradient beside its central differences.
  func gradients(_ result: Result) -> [(name: String, found: [Float], expected: [Double])] {
    let values = [inputs.map(Double.init), initial.map(Double.init)]
    func loss(_ values: [[Double]]) -> Double {
      let states = plain(values[0], values[1])
      let first = options.runsBackward ? 0 : size
      return factors.indices.reduce(0) { $0 + Double(factors[$1]) * states[first + $1] }
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
    return [compared("gates", result.gateGradients, 0), compared("initial state", result.initialGradient, 1)]
  }
}
