import Foundation
import Kernels
import Testing

@testable import RNNModel

/// The fast path against the reference, at every kernel level.
@Suite struct NetworkReferenceTests {
  @Test(arguments: 0..<200) func trainsLikeTheReferenceOnDrawnModels(seed: Int) throws {
    let model = DrawnModel(seed: 1000 + seed, dropout: true)
    for level in KernelLevel.supported {
      try level.run { try requireSameTraining(model, batch: 1 + seed % 5, capacity: 1 + (seed / 5) % 7) }
    }
  }

  @Test(arguments: 0..<300) func trainsLikeTheReferenceWithDrawnOptions(seed: Int) throws {
    let model = DrawnModel(seed: 5000 + seed, dropout: true, features: Architecture.allFeatures)
    for level in KernelLevel.supported {
      try level.run { try requireSameTraining(model, batch: 1 + seed % 3, capacity: 1 + (seed / 3) % 5) }
    }
  }

  @Test(arguments: 0..<100) func scoresLikeTheReferenceWithDrawnOptions(seed: Int) throws {
    let model = DrawnModel(seed: 6000 + seed, dropout: true, features: Architecture.allFeatures)
    for level in KernelLevel.supported {
      try level.run { try requireSameScores(model, batch: 1 + seed % 3, capacity: 1 + (seed / 3) % 5) }
    }
  }

  @Test(arguments: 0..<100) func scoresLikeTheReferenceOnDrawnModels(seed: Int) throws {
    let model = DrawnModel(seed: 2000 + seed, dropout: true)
    for level in KernelLevel.supported {
      try level.run { try requireSameScores(model, batch: 1 + seed % 5, capacity: 1 + (seed / 5) % 7) }
    }
  }

  @Test(arguments: Activation.allCases.indices) func trainsLikeTheReferenceForEveryCell(part: Int) throws {
    let all = Architecture.everyCell
    let count = all.count / Activation.allCases.count
    for architecture in all[(part * count)..<((part + 1) * count)] {
      for level in KernelLevel.supported {
        try level.run { try requireSameTraining(DrawnModel(architecture, seed: 3), batch: 2, capacity: 3) }
      }
    }
  }

  @Test(arguments: Architecture.everyOption.indices) func trainsLikeTheReferenceForEveryOption(index: Int) throws {
    let architecture = Architecture.everyOption[index]
    for level in KernelLevel.supported {
      try level.run { try requireSameTraining(DrawnModel(architecture, seed: 4), batch: 2, capacity: 3) }
    }
  }

  @Test(arguments: [5, 16, 33]) func trainsLikeTheReferenceWithUnitsBeyondAVector(hidden: Int) throws {
    let layers: [Architecture.Layer] = [
      .elman(.init(name: "l", inputs: 3, outputs: hidden)), .lstm(.init(name: "l", inputs: 3, outputs: hidden)),
      .gru(.init(name: "l", inputs: 3, outputs: hidden, reset: .before)),
      .gru(.init(name: "l", inputs: 3, outputs: hidden)),
    ]
    for layer in layers {
      for level in KernelLevel.supported {
        try level.run { try requireSameTraining(DrawnModel(Architecture(around: layer)), batch: 2, capacity: 3) }
      }
    }
  }

  /// Windows of several lengths one after another: longer and shorter ones, with the state carried.
  private func windows(_ capacity: Int) -> [Int] { [max(1, capacity - 1), capacity, max(1, capacity / 2)] }

  private func requireSameTraining(_ model: DrawnModel, batch: Int, capacity: Int) throws {
    var model = model
    let network = try Network(
      model.architecture, parameters: model.parameters, purpose: .training, batch: batch, steps: capacity)
    var streams = ReferenceStreams(model, batch: batch)
    for steps in windows(capacity) {
      let window = DrawnWindow(&model, rows: steps * batch)
      let loss = network.backpropagate(window.inputs, targets: window.targets, using: &model.generator)
      let expected = streams.backpropagate(window, masks: network.dropoutMasks)
      #expect(largestError([loss], [expected.loss]) < 1e-5, "\(model.architecture)")
      #expect(largestError(network.gradient, expected.gradient) < 2e-5, "\(model.architecture)")
    }
  }

  private func requireSameScores(_ model: DrawnModel, batch: Int, capacity: Int) throws {
    var model = model
    func network() throws -> Network {
      try Network(
        model.architecture, parameters: model.parameters, purpose: .inference, batch: batch, steps: capacity)
    }
    let (scoring, reading) = (try network(), try network())
    var streams = ReferenceStreams(model, batch: batch)
    for steps in windows(capacity) {
      let rows = steps * batch
      let window = DrawnWindow(&model, rows: rows)
      var scores = [Double](repeating: 7, count: rows)
      var logits = [Float](repeating: 7, count: rows * model.architecture.outputSize)
      scoring.score(window.inputs, targets: window.targets, into: &scores)
      reading.logits(window.inputs, into: &logits)
      let expected = streams.logits(window)
      #expect(largestError(logits, expected.flatMap { $0 }) < 1e-5, "\(model.architecture)")
      #expect(largestError(scores, window.scores(expected)) < 1e-5, "\(model.architecture)")
    }
  }
}

/// What a network is given for one window, time-major: `rows` are `[steps, batch]`.
private struct DrawnWindow {
  let inputs: Network.Inputs
  let targets: Network.Targets
  private let architecture: Architecture

  init(_ model: inout DrawnModel, rows: Int) {
    architecture = model.architecture
    let outputs = architecture.outputSize
    inputs =
      switch architecture.input {
      case .tokens: .tokens(model.tokens(rows))
      case .features:
        .features((0..<(rows * model.architecture.size)).map { _ in Float(model.generator.uniform(in: -1..<1)) })
      }
    targets =
      switch architecture.output {
      case .softmax:
        .classes(
          (0..<rows).map { _ in
            Int.random(in: 0..<5, using: &model.generator) == 0
              ? -1 : Int32.random(in: 0..<Int32(outputs), using: &model.generator)
          })
      case .sigmoid:
        .bits((0..<(rows * outputs)).map { _ in UInt8.random(in: 0...1, using: &model.generator) }, width: outputs)
      case .values, .logProbabilities: preconditionFailure("values have no targets")
      }
  }

  /// The number of steps, over all streams, that count.
  var count: Int {
    switch targets {
    case .classes(let classes): classes.count { $0 >= 0 }
    case .bits(let bits, let width): bits.count / width
    }
  }

  /// What one stream is given.
  func inputs(of stream: Int, batch: Int) -> Reference<Double>.Inputs {
    switch inputs {
    case .tokens(let tokens): .tokens(stride(from: stream, to: tokens.count, by: batch).map { tokens[$0] })
    case .features(let values): .features(rows(values.map { Double($0) }, architecture.size, stream, batch))
    }
  }

  /// What one stream should give.
  func targets(of stream: Int, batch: Int) -> Reference<Double>.Targets {
    switch targets {
    case .classes(let classes): .classes(stride(from: stream, to: classes.count, by: batch).map { classes[$0] })
    case .bits(let bits, let width): .bits(rows(bits.map { Double($0) }, width, stream, batch))
    }
  }

  private func rows(_ values: [Double], _ width: Int, _ stream: Int, _ batch: Int) -> [[Double]] {
    stride(from: stream, to: values.count / width, by: batch).map { Array(values[($0 * width)..<(($0 + 1) * width)]) }
  }

  /// ln p of the targets, from the logits `[row]`.
  func scores(_ logits: [[Double]]) -> [Double] {
    switch targets {
    case .classes(let classes): zip(logits, classes).map { $1 < 0 ? 0 : logSoftmax($0)[Int($1)] }
    case .bits(let bits, let width):
      logits.enumerated().map { (row, logits) in
        logits.indices.reduce(0) { sum, unit in
          let logit = bits[row * width + unit] == 1 ? logits[unit] : -logits[unit]
          return sum - log1p(exp(-abs(logit))) + min(logit, 0)
        }
      }
    }
  }
}

/// The reference, one stream after another, with the state of each.
private struct ReferenceStreams {
  let model: DrawnModel
  let batch: Int
  private var states: [[Reference<Double>.LayerState]]

  init(_ model: DrawnModel, batch: Int) {
    self.model = model
    self.batch = batch
    let reference = Reference<Double>(model.architecture, values: model.parameters.map { Double($0) })
    states = Array(repeating: reference.initialState, count: batch)
  }

  private func reference(_ masks: [String: [[Double]]] = [:]) -> Reference<Double> {
    Reference(model.architecture, values: model.parameters.map { Double($0) }, dropoutMasks: masks)
  }

  /// Sequences are read from the initial state, streams from where they stand.
  private func start(_ stream: Int) -> [Reference<Double>.LayerState] {
    model.architecture.context == .sequence ? reference().initialState : states[stream]
  }

  /// `[row][output]`.
  mutating func logits(_ window: DrawnWindow) -> [[Double]] {
    var rows: [[Double]] = []
    for stream in 0..<batch {
      states[stream] = start(stream)
      let logits = reference().logits(window.inputs(of: stream, batch: batch), state: &states[stream])
      if rows.isEmpty { rows = Array(repeating: [], count: logits.count * batch) }
      for (step, row) in logits.enumerated() { rows[step * batch + stream] = row }
    }
    return rows
  }

  /// The summed loss and the derivatives of the mean over the targets that count.
  mutating func backpropagate(
    _ window: DrawnWindow, masks: [String: [Float]]
  ) -> (loss: Double, gradient: [Double]) {
    var loss = 0.0
    var gradient = [Double](repeating: 0, count: model.parameters.count)
    let widths = model.architecture.dropoutWidths
    for stream in 0..<batch {
      let inputs = window.inputs(of: stream, batch: batch)
      var ownMasks: [String: [[Double]]] = [:]
      for (name, mask) in masks {
        let width = widths[name] ?? 0
        ownMasks[name] = (0..<inputs.count).map { step in
          let start = (step * batch + stream) * width
          return mask[start..<(start + width)].map { Double($0) }
        }
      }
      let part = reference(ownMasks).gradient(
        inputs: inputs, targets: window.targets(of: stream, batch: batch), state: start(stream))
      loss += part.loss
      for index in gradient.indices { gradient[index] += part.values[index] }
      states[stream] = part.state
    }
    return (loss, gradient.map { $0 / Double(max(1, window.count)) })
  }
}
