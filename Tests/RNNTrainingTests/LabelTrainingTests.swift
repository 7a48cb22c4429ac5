import Kernels
import RNNModel
import RNNText
import RNNTraining
import Testing

/// Training on whole sequences with labels.
@Suite struct LabelTrainingTests {
  private static let size = 6

  private static func stack(
    _ cell: Architecture.Stack.Cell, _ hidden: Int, bothWays: Bool, dropout: Double = 0
  ) -> Architecture.Stack {
    var stack = Architecture.Stack(cell: cell, hidden: hidden, dropouts: .init(output: dropout))
    stack.bidirectional = bothWays
    return stack
  }

  /// Sequences of drawn tokens and lengths.
  private func drawn(_ count: Int, seed: UInt64, label: ([Int32]) -> [Int32]) -> EncodedSequences {
    var generator = RandomGenerator(seed: seed)
    let inputs = (0..<count).map { _ in
      (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        Int32.random(in: 0..<Int32(Self.size), using: &generator)
      }
    }
    return EncodedSequences(inputs: inputs, targets: inputs.map(label), vocabularySize: Self.size)
  }

  private func train(
    _ stack: Architecture.Stack, pools: Bool, batch: Int = 8, _ label: ([Int32]) -> [Int32]
  ) throws -> (trainer: Trainer, model: Model) {
    let architecture = Architecture(stack, size: Self.size, labels: 3, pools: pools)
    var generator = RandomGenerator(seed: 1)
    let model = try Model(
      architecture: architecture, parameters: try Parameters(drawing: architecture, using: &generator), vocabulary: nil)
    let training = SequenceBatches(drawn(400, seed: 1, label: label), batch: batch, seed: 1)
    let validation = SequenceBatches(drawn(100, seed: 2, label: label), batch: 4, seed: nil)
    let plan = TrainingPlan(epochs: 12, batch: batch, length: 1, learningRate: 0.02)
    let trainer = try Trainer(model, plan: plan, training: training, validation: validation)
    _ = try trainer.run()
    return (trainer, model)
  }

  /// What comes next decides about a label: only who reads backward too can know.
  @Test func whoReadsBackwardKnowsWhatFollows() throws {
    func label(_ tokens: [Int32]) -> [Int32] { tokens.indices.map { $0 + 1 < tokens.count ? tokens[$0 + 1] % 3 : 0 } }
    let both = try train(Self.stack(.gru, 12, bothWays: true), pools: false, label)
    let forward = try train(Self.stack(.gru, 12, bothWays: false), pools: false, label)
    #expect(both.trainer.bestLoss ?? .infinity < 0.05)
    #expect(forward.trainer.bestLoss ?? 0 > 0.5)
  }

  /// A sequence gets one label: its first token decides, or whether a token occurs in it.
  @Test(arguments: [false, true]) func aTextGetsOneLabel(bidirectional: Bool) throws {
    let stack = Self.stack(.lstm, 12, bothWays: bidirectional)
    let first = try train(stack, pools: true) { [$0[0] % 3] }
    #expect(first.trainer.bestLoss ?? .infinity < 0.05)
    let contained = try train(stack, pools: true) { [$0.contains(0) ? 1 : $0.contains(5) ? 2 : 0] }
    #expect(contained.trainer.bestLoss ?? .infinity < 0.1)
  }

  /// The loss of a batch of several lengths is that of each sequence by itself.
  @Test func validationIsThatOfSingleSequences() throws {
    let (trainer, model) = try train(Self.stack(.gru, 5, bothWays: true), pools: false) {
      $0.map { $0 % 3 }
    }
    let sequences = drawn(50, seed: 3) { $0.map { $0 % 3 } }
    let best = try #require(trainer.best)
    let found = try trainer.loss(
      of: best.parameters, on: SequenceBatches(sequences, batch: 7, seed: 5))
    let reference = Reference<Double>(model.architecture, values: best.parameters.map { Double($0) })
    var (loss, count) = (0.0, 0)
    for (inputs, targets) in zip(sequences.inputs, sequences.targets) {
      for (row, target) in zip(reference.logProbabilities(inputs), targets) {
        loss -= row[Int(target)]
        count += 1
      }
    }
    #expect(abs(found - loss / Double(count)) < 1e-5)
  }

  @Test func aTrainingThatWasCutGoesOnToTheSameBits() throws {
    let architecture = Architecture(
      Self.stack(.lstm, 4, bothWays: true, dropout: 0.3), size: Self.size, labels: 3,
      pools: true)
    var generator = RandomGenerator(seed: 1)
    let model = try Model(
      architecture: architecture, parameters: try Parameters(drawing: architecture, using: &generator), vocabulary: nil)
    let training = SequenceBatches(drawn(60, seed: 1) { [$0[0] % 3] }, batch: 4, seed: 1)
    let plan = TrainingPlan(maximumSteps: 40, batch: 4, length: 1)
    let whole = try Trainer(model, plan: plan, training: training, validation: training)
    _ = try whole.run()
    let first = try Trainer(model, plan: plan, training: training, validation: training)
    var steps = 0
    _ = try first.run(Trainer.Observer(progressed: { _ in steps += 1 }, shouldStop: { steps >= 17 }))
    let rest = try Trainer(
      resuming: first.state, model: model, plan: plan, training: training, validation: training)
    _ = try rest.run()
    #expect(rest.state.parameters == whole.state.parameters)
  }

  @Test func refusesWhatDoesNotFit() throws {
    let sequences = SequenceBatches(drawn(20, seed: 1) { $0 }, batch: 4, seed: 1)
    let language = Architecture(.init(hidden: 4), size: Self.size)
    let tagger = Architecture(.init(hidden: 4), size: Self.size, labels: 6, pools: false)
    func model(_ architecture: Architecture) throws -> Model {
      try Model(
        architecture: architecture,
        parameters: Parameters(
          table: ParameterTable(architecture),
          values: [Float](repeating: 0, count: ParameterTable(architecture).count)),
        vocabulary: nil)
    }
    let plan = TrainingPlan(batch: 4, length: 1)
    #expect(throws: ArchitectureError.self) {
      try Trainer(model(language), plan: plan, training: sequences, validation: sequences)
    }
    #expect(throws: TrainingError.self) {
      try Trainer(model(tagger), plan: TrainingPlan(batch: 4, length: 3), training: sequences, validation: sequences)
    }
    #expect(throws: ArchitectureError.self) {
      try Trainer(model(tagger), plan: plan, training: [0, 1, 2, 3, 4, 5], validation: [1, 2])
    }
  }
}
