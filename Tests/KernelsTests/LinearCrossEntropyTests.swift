import Foundation
import Kernels
import Testing

/// Rows, inputs, outputs: shares of rows, and parts of columns with one block and with several each.
private let shapes = [
  [1, 1, 1], [3, 5, 7], [40, 9, 33], [70, 20, 100], [5, 3, 2048], [33, 6, 4099], [9, 5, 20000],
]

@Suite struct LinearCrossEntropyTests {
  @Test(arguments: KernelLevel.supported, shapes)
  func softmaxAgreesWithItsFormulas(level: KernelLevel, shape: [Int]) {
    for hasBias in [true, false] {
      let sample = Sample(shape, hasBias: hasBias)
      let targets = (0..<sample.rows).map { $0 % 5 == 2 ? Int32(-1) : Int32(($0 * 7919 + 3) % sample.outputs) }
      var result = Result(sample)
      var scores = [Double](repeating: 9, count: sample.rows)
      level.run {
        sample.differentiate(&result) { operation, gradient, inputGradient in
          operation.softmaxGradient(
            sample.h.span, targets: targets.span, scale: 0.5, parameters: sample.parameters.span, gradient: &gradient,
            inputGradient: &inputGradient)
        }
        var span = scores.mutableSpan
        sample.operation.logProbabilities(
          sample.h.span, targets: targets.span, parameters: sample.parameters.span, into: &span)
      }
      var expected = Expected(sample)
      for row in 0..<sample.rows {
        let z = sample.logits(row)
        guard targets[row] >= 0 else {
          #expect(scores[row] == 0)
          continue
        }
        let target = Int(targets[row])
        let largest = z.max() ?? 0
        let logSum = largest + log(z.reduce(0) { $0 + exp($1 - largest) })
        #expect(abs(scores[row] - (z[target] - logSum)) < 2e-6)
        expected.loss += logSum - z[target]
        expected.add(row, z.enumerated().map { 0.5 * (exp($1 - logSum) - ($0 == target ? 1 : 0)) })
      }
      expected.check(result)
    }
  }

  @Test(arguments: KernelLevel.supported, shapes)
  func sigmoidAgreesWithItsFormulas(level: KernelLevel, shape: [Int]) {
    for hasBias in [true, false] {
      let sample = Sample(shape, hasBias: hasBias)
      let targets: [UInt8] = (0..<(sample.rows * sample.outputs)).map { index in
        if index % 7 == 3 { return 255 }
        return UInt8(index * 31 % 11 % 2)
      }
      var result = Result(sample)
      var losses = [Double](repeating: 9, count: sample.rows)
      level.run {
        sample.differentiate(&result) { operation, gradient, inputGradient in
          operation.sigmoidGradient(
            sample.h.span, targets: targets.span, rows: sample.rows, scale: 2, parameters: sample.parameters.span,
            gradient: &gradient, inputGradient: &inputGradient)
        }
        var span = losses.mutableSpan
        sample.operation.binaryLosses(
          sample.h.span, targets: targets.span, parameters: sample.parameters.span, into: &span)
      }
      var expected = Expected(sample)
      for row in 0..<sample.rows {
        var loss = 0.0
        let deltas = sample.logits(row).enumerated().map { column, z in
          let target = targets[row * sample.outputs + column]
          guard target <= 1 else { return 0.0 }
          let p = 1 / (1 + exp(-z))
          loss -= target == 1 ? log(p) : log(1 - p)
          return 2 * (p - Double(target))
        }
        #expect(abs(losses[row] - loss) < 1e-6 * max(10, loss))
        expected.loss += loss
        expected.add(row, deltas)
      }
      expected.check(result)
    }
  }

  @Test(arguments: KernelLevel.supported)
  func extremeLogitsOverflowNothing(level: KernelLevel) {
    level.run {
      let operation = LinearCrossEntropy(inputs: 1, outputs: 2, weights: 0..<2, bias: 2..<2)
      let (h, parameters): ([Float], [Float]) = ([1], [1e4, -1e4])
      for (target, expected) in [(Int32(0), 0.0), (1, 2e4)] {
        var (gradient, inputGradient): ([Float], [Float]) = ([0, 0], [0])
        var gradientSpan = gradient.mutableSpan
        var inputSpan = inputGradient.mutableSpan
        let loss = operation.softmaxGradient(
          h.span, targets: [target].span, scale: 1, parameters: parameters.span, gradient: &gradientSpan,
          inputGradient: &inputSpan)
        #expect(loss == expected && gradient == (target == 0 ? [0, 0] : [1, -1]))
      }
      for (bit, expected) in [(UInt8(0), [1e4, 0.0]), (1, [0, 1e4])] {
        var (gradient, inputGradient): ([Float], [Float]) = ([0, 0], [0])
        var gradientSpan = gradient.mutableSpan
        var inputSpan = inputGradient.mutableSpan
        let loss = operation.sigmoidGradient(
          h.span, targets: [bit, bit].span, rows: 1, scale: 1, parameters: parameters.span, gradient: &gradientSpan,
          inputGradient: &inputSpan)
        #expect(loss == expected[0] + expected[1] && gradient == (bit == 0 ? [1, 0] : [0, -1]))
      }
    }
  }

  @Test func addsToTheInputGradientWhereAsked() {
    for shape in shapes {
      let sample = Sample(shape, hasBias: true)
      let targets = [Int32](repeating: Int32(sample.outputs - 1), count: sample.rows)
      func inputGradient(adds: Bool, start: Float) -> [Float] {
        var gradient = sample.parameters
        var inputGradient = [Float](repeating: start, count: sample.h.count)
        var gradientSpan = gradient.mutableSpan
        var inputSpan = inputGradient.mutableSpan
        _ = sample.operation.softmaxGradient(
          sample.h.span, targets: targets.span, scale: 1, parameters: sample.parameters.span, gradient: &gradientSpan,
          inputGradient: &inputSpan, adds: adds)
        return inputGradient
      }
      let written = inputGradient(adds: false, start: .nan)
      let added = inputGradient(adds: true, start: 2)
      #expect(largestError(added, written.map { Double($0) + 2 }) < 1e-6)
    }
  }

  /// In a process of its own, where no other test has the team.
  @Test func givesTheSameBitsWithAnyNumberOfThreads() async {
    await #expect(processExitsWith: .success) {
      for shape in shapes {
        let sample = Sample(shape, hasBias: true)
        let targets = (0..<sample.rows).map { Int32(($0 * 7919 + 3) % sample.outputs) }
        func all(threads: Int) -> [[Float]] {
          ThreadTeam.threadCount = threads
          var result = Result(sample)
          sample.differentiate(&result) { operation, gradient, inputGradient in
            operation.softmaxGradient(
              sample.h.span, targets: targets.span, scale: 0.5, parameters: sample.parameters.span,
              gradient: &gradient, inputGradient: &inputGradient)
          }
          var scores = [Double](repeating: 0, count: sample.rows)
          var span = scores.mutableSpan
          sample.operation.logProbabilities(
            sample.h.span, targets: targets.span, parameters: sample.parameters.span, into: &span)
          return [result.gradient, result.inputGradient, [Float(result.loss)], scores.map { Float($0) }]
        }
        let alone = all(threads: 1)
        for threads in [2, 3, 5, 20] { precondition(all(threads: threads) == alone) }
      }
    }
  }

  @Test func refusesTargetsBeyondTheClasses() async {
    await #expect(processExitsWith: .failure) {
      let operation = LinearCrossEntropy(inputs: 1, outputs: 2, weights: 0..<2, bias: 2..<2)
      var results = [0.0]
      var span = results.mutableSpan
      operation.logProbabilities([1 as Float].span, targets: [2].span, parameters: [1 as Float, 2].span, into: &span)
    }
  }
}

/// A layer whose parameters lie among others, and rows to work on.
private struct Sample {
  let rows: Int
  let inputs: Int
  let outputs: Int
  let h: [Float]
  let parameters: [Float]
  let operation: LinearCrossEntropy

  init(_ shape: [Int], hasBias: Bool) {
    (rows, inputs, outputs) = (shape[0], shape[1], shape[2])
    h = floats(rows * inputs, in: -1..<1, seed: 2)
    parameters = floats(3 + outputs * inputs + outputs + 2, in: -1..<1, seed: 3)
    operation = LinearCrossEntropy(
      inputs: inputs, outputs: outputs, weights: 3..<(3 + outputs * inputs),
      bias: (3 + outputs * inputs)..<(3 + outputs * inputs + (hasBias ? outputs : 0)))
  }

  func logits(_ row: Int) -> [Double] {
    (0..<outputs).map { output in
      var z = operation.bias.isEmpty ? 0 : Double(parameters[operation.bias.lowerBound + output])
      for input in 0..<inputs {
        z +=
          Double(parameters[operation.weights.lowerBound + output * inputs + input]) * Double(h[row * inputs + input])
      }
      return z
    }
  }

  func differentiate(
    _ result: inout Result, _ body: (LinearCrossEntropy, inout MutableSpan<Float>, inout MutableSpan<Float>) -> Double
  ) {
    var (gradientValues, inputValues) = (result.gradient, result.inputGradient)
    var gradient = gradientValues.mutableSpan
    var inputGradient = inputValues.mutableSpan
    result.loss = body(operation, &gradient, &inputGradient)
    (result.gradient, result.inputGradient) = (gradientValues, inputValues)
  }
}

private struct Result {
  var loss = 0.0
  /// Begins at 1, to which all is added.
  var gradient: [Float]
  /// Begins as NaN, which must not be read.
  var inputGradient: [Float]

  init(_ sample: Sample) {
    gradient = [Float](repeating: 1, count: sample.parameters.count)
    inputGradient = [Float](repeating: .nan, count: sample.h.count)
  }
}

private struct Expected {
  let sample: Sample
  var loss = 0.0
  var gradient: [Double]
  var inputGradient: [Double]

  init(_ sample: Sample) {
    self.sample = sample
    gradient = [Double](repeating: 1, count: sample.parameters.count)
    inputGradient = [Double](repeating: 0, count: sample.h.count)
  }

  mutating func add(_ row: Int, _ deltas: [Double]) {
    for (output, delta) in deltas.enumerated() where delta != 0 {
      for input in 0..<sample.inputs {
        let weight = sample.operation.weights.lowerBound + output * sample.inputs + input
        gradient[weight] += delta * Double(sample.h[row * sample.inputs + input])
        inputGradient[row * sample.inputs + input] += delta * Double(sample.parameters[weight])
      }
      if !sample.operation.bias.isEmpty { gradient[sample.operation.bias.lowerBound + output] += delta }
    }
  }

  func check(_ result: Result) {
    #expect(abs(result.loss - loss) < 1e-6 * max(10, loss))
    #expect(largestError(result.gradient, gradient) < 2e-6)
    #expect(largestError(result.inputGradient, inputGradient) < 5e-6 * max(1, Double(sample.outputs).squareRoot() / 10))
  }
}
