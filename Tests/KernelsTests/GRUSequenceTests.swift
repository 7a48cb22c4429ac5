import Kernels
import Testing

@Suite struct GRUSequenceTests {
  @Test(arguments: KernelLevel.supported, GRUCase.variants)
  func agreesWithItsFormulasAndCentralDifferences(level: KernelLevel, variant: GRUCase.Variant) {
    for (hidden, batch) in [(1, 1), (5, 2), (17, 1), (18, 3)] {
      let run = GRUCase(variant, hidden: hidden, batch: batch, steps: 3)
      let result = level.run { run.fast() }
      #expect(largestError(result.states, run.plain()) < 2e-6, "\(hidden) units")
      for (name, found, expected) in run.gradients(result) {
        #expect(largestError(found, expected) < 5e-5, "\(name), \(hidden) units")
      }
    }
  }

  @Test(arguments: KernelLevel.supported, Activation.allCases)
  func agreesWithCentralDifferencesForEveryActivation(level: KernelLevel, activation: Activation) {
    for variant in GRUCase.variants.prefix(2) {
      for activations in [[activation, .tanh], [.sigmoid, activation]] {
        let run = GRUCase(variant, hidden: 5, batch: 2, steps: 2, activations: activations)
        let result = level.run { run.fast() }
        #expect(largestError(result.states, run.plain()) < 2e-6)
        for (name, found, expected) in run.gradients(result) {
          #expect(largestError(found, expected) < 5e-5, "\(name)")
        }
      }
    }
  }

  @Test(arguments: KernelLevel.supported, GRUCase.variants)
  func agreesWithItsFormulasOnManyThreads(level: KernelLevel, variant: GRUCase.Variant) {
    let run = GRUCase(variant, hidden: 100, batch: 9, steps: 3)
    let alone = level.run { atThreadCount(1) { run.fast() } }
    #expect(largestError(alone.states, run.plain()) < 1e-5)
    for threads in [2, 3] {
      let together = level.run { atThreadCount(threads) { run.fast() } }
      #expect(together == alone)
    }
  }
}

/// A window of a GRU with numbers in all its buffers.
struct GRUCase {
  struct Variant: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var resetsBefore: Bool
    var keepsPrevious = true
    var runsBackward = false
    var bias = true
  }

  static let variants = [
    Variant(testDescription: "after", resetsBefore: false), Variant(testDescription: "before", resetsBefore: true),
    Variant(testDescription: "after, z keeps n", resetsBefore: false, keepsPrevious: false, bias: false),
    Variant(testDescription: "before, z keeps n", resetsBefore: true, keepsPrevious: false, bias: false),
    Variant(testDescription: "after, backward", resetsBefore: false, runsBackward: true),
    Variant(testDescription: "before, backward", resetsBefore: true, runsBackward: true),
  ]

  struct Result: Equatable {
    var states: [Float]
    var gateGradients: [Float]
    /// At the candidate's recurrent part, where the reset acts after it; else none.
    var partGradients: [Float]
    var initialGradient: [Float]
  }

  let options: GRUSequence.Options
  let steps, batch: Int
  let inputs, recurrent, bias, initial, factors: [Float]

  init(_ variant: Variant, hidden: Int, batch: Int, steps: Int, activations: [Activation] = [.sigmoid, .tanh]) {
    options = GRUSequence.Options(
      hidden: hidden, recurrent: activations[0], candidate: activations[1], resetsBefore: variant.resetsBefore,
      keepsPrevious: variant.keepsPrevious, runsBackward: variant.runsBackward)
    (self.steps, self.batch) = (steps, batch)
    let scale = 1 / Float(hidden).squareRoot()
    inputs = floats(steps * batch * 3 * hidden, in: -1..<1, seed: 1)
    recurrent = floats(3 * hidden * hidden, in: -scale..<scale, seed: 2)
    bias = variant.bias ? floats(3 * hidden, in: -0.5..<0.5, seed: 4) : []
    initial = floats(batch * hidden, in: -1..<1, seed: 6)
    factors = floats(steps * batch * hidden, in: -1..<1, seed: 8)
  }

  private var size: Int { batch * options.hidden }
  private var initialSlot: Int { options.runsBackward ? steps + 1 : 0 }

  func fast() -> Result {
    var sequence = GRUSequence(options, trains: true)
    sequence.pack(recurrent.span)
    var gates = inputs
    var parts = [Float](repeating: 7, count: steps * size)
    var states = [Float](repeating: 7, count: (steps + 2) * size)
    states.replaceSubrange((initialSlot * size)..<((initialSlot + 1) * size), with: initial)
    do {
      var gateSpan = gates.mutableSpan
      var partSpan = parts.mutableSpan
      var stateSpan = states.mutableSpan
      sequence.forward(
        steps: steps, batch: batch, bias: bias.span, gates: &gateSpan, parts: &partSpan, outputs: &stateSpan)
    }
    var outputGradients = [Float](repeating: 7, count: (steps + 2) * size)
    outputGradients.replaceSubrange(size..<((steps + 1) * size), with: factors)
    var gateGradients = [Float](repeating: 7, count: inputs.count)
    var partGradients = [Float](repeating: 7, count: options.resetsBefore ? size : steps * size)
    do {
      var outputSpan = outputGradients.mutableSpan
      var gateSpan = gateGradients.mutableSpan
      var partSpan = partGradients.mutableSpan
      sequence.backward(
        steps: steps, batch: batch, gates: gates.span, parts: parts.span, outputs: states.span,
        outputGradients: &outputSpan, gateGradients: &gateSpan, partGradients: &partSpan, reachesInitialState: true)
    }
    let used = options.runsBackward ? size..<((steps + 2) * size) : 0..<((steps + 1) * size)
    return Result(
      states: Array(states[used]), gateGradients: gateGradients,
      partGradients: options.resetsBefore ? [] : partGradients,
      initialGradient: Array(outputGradients[(initialSlot * size)..<((initialSlot + 1) * size)]))
  }

  /// States in the slots that are in use, by plain loops in Double.
  func plain() -> [Double] { plain(inputs.map(Double.init), initial.map(Double.init), []) }

  /// `moved` is added to the candidate's recurrent part.
  private func plain(_ inputs: [Double], _ initial: [Double], _ moved: [Double]) -> [Double] {
    let H = options.hidden
    var states = [initial]
    for position in 0..<steps {
      let t = options.runsBackward ? steps - 1 - position : position
      let before = states[position]
      var h = before
      for row in 0..<batch {
        let previous = Array(before[(row * H)..<((row + 1) * H)])
        func input(_ gate: Int, _ unit: Int) -> Double { inputs[((t * batch + row) * 3 + gate) * H + unit] }
        func product(_ gate: Int, _ unit: Int, _ x: [Double]) -> Double {
          (0..<H).reduce(bias.isEmpty ? 0 : Double(bias[gate * H + unit])) {
            $0 + Double(recurrent[(gate * H + unit) * H + $1]) * x[$1]
          }
        }
        let z = (0..<H).map { options.recurrent.plain(input(0, $0) + product(0, $0, previous)) }
        let r = (0..<H).map { options.recurrent.plain(input(1, $0) + product(1, $0, previous)) }
        let reset = (0..<H).map { r[$0] * previous[$0] }
        for unit in 0..<H {
          let move = moved.isEmpty ? 0 : moved[(t * batch + row) * H + unit]
          let part =
            options.resetsBefore
            ? product(2, unit, reset) : r[unit] * (product(2, unit, previous) + move)
          let n = options.candidate.plain(input(2, unit) + part)
          let kept = options.keepsPrevious ? z[unit] : 1 - z[unit]
          h[row * H + unit] = kept * previous[unit] + (1 - kept) * n
        }
      }
      states.append(h)
    }
    return (options.runsBackward ? states.reversed() : states).flatMap { $0 }
  }

  /// Some of each gradient beside its central differences.
  func gradients(_ result: Result) -> [(name: String, found: [Float], expected: [Double])] {
    let parts = [Double](repeating: 0, count: options.resetsBefore ? 0 : steps * size)
    let values = [inputs.map(Double.init), initial.map(Double.init), parts]
    func loss(_ values: [[Double]]) -> Double {
      let states = plain(values[0], values[1], values[2])
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
    return [
      compared("gates", result.gateGradients, 0), compared("initial state", result.initialGradient, 1),
      compared("recurrent part", result.partGradients, 2),
    ]
  }
}
