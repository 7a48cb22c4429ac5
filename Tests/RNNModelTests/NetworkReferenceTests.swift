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
      let (inputs, targets) = (model.tokens(steps * batch), model.targets(steps * batch))
      let loss = network.backpropagate(inputs: inputs, targets: targets, using: &model.generator)
      let expected = streams.backpropagate(inputs: inputs, targets: targets, masks: network.dropoutMasks)
      #expect(largestError([loss], [expected.loss]) < 1e-5, "\(model.architecture)")
      #expect(largestError(network.gradient, expected.gradient) < 2e-5, "\(model.architecture)")
    }
  }

  private func requireSameScores(_ model: DrawnModel, batch: Int, capacity: Int) throws {
    var model = model
    let size = model.architecture.size
    func network() throws -> Network {
      try Network(
        model.architecture, parameters: model.parameters, purpose: .inference, batch: batch, steps: capacity)
    }
    let (scoring, reading) = (try network(), try network())
    var streams = ReferenceStreams(model, batch: batch)
    for steps in windows(capacity) {
      let (inputs, targets) = (model.tokens(steps * batch), model.targets(steps * batch))
      var scores = [Double](repeating: 7, count: inputs.count)
      var logits = [Float](repeating: 7, count: inputs.count * size)
      scoring.score(inputs: inputs, targets: targets, into: &scores)
      reading.logits(inputs: inputs, into: &logits)
      let expected = streams.logits(inputs)
      #expect(largestError(logits, expected.flatMap { $0 }) < 1e-5, "\(model.architecture)")
      let expectedScores = zip(expected, targets).map { $1 < 0 ? 0 : logSoftmax($0)[Int($1)] }
      #expect(largestError(scores, expectedScores) < 1e-5, "\(model.architecture)")
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

  private func column(_ values: [Int32], _ stream: Int) -> [Int32] {
    stride(from: stream, to: values.count, by: batch).map { values[$0] }
  }

  /// `[row][token]`.
  mutating func logits(_ inputs: [Int32]) -> [[Double]] {
    var rows = [[Double]](repeating: [], count: inputs.count)
    for stream in 0..<batch {
      let logits = reference().logits(column(inputs, stream), state: &states[stream])
      for (step, row) in logits.enumerated() { rows[step * batch + stream] = row }
    }
    return rows
  }

  /// The summed loss and the derivatives of the mean over the targets that are not negative.
  mutating func backpropagate(
    inputs: [Int32], targets: [Int32], masks: [String: [Float]]
  ) -> (loss: Double, gradient: [Double]) {
    var loss = 0.0
    var gradient = [Double](repeating: 0, count: model.parameters.count)
    for stream in 0..<batch {
      let own = column(inputs, stream)
      let steps = own.count
      let wanted = column(targets, stream)
      let widths = model.architecture.dropoutWidths
      var ownMasks: [String: [[Double]]] = [:]
      for (name, mask) in masks {
        let width = widths[name] ?? 0
        ownMasks[name] = (0..<steps).map { step in
          let start = (step * batch + stream) * width
          return mask[start..<(start + width)].map { Double($0) }
        }
      }
      let reference = reference(ownMasks)
      // The reference knows no ignored targets, but what one step adds is the difference of two prefixes.
      var before = (loss: 0.0, values: [Double](repeating: 0, count: gradient.count))
      var state = states[stream]
      for end in 1...steps {
        let known = wanted[..<end].map { max(0, $0) }
        let part = reference.gradient(inputs: Array(own[..<end]), targets: known, state: states[stream])
        if wanted[end - 1] >= 0 {
          loss += part.loss - before.loss
          for index in gradient.indices { gradient[index] += part.values[index] - before.values[index] }
        }
        before = (part.loss, part.values)
        state = part.state
      }
      states[stream] = state
    }
    let count = targets.count { $0 >= 0 }
    return (loss, gradient.map { $0 / Double(max(1, count)) })
  }
}
