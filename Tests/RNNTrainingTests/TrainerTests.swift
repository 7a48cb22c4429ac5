import Kernels
import RNNModel
import RNNText
import RNNTraining
import RealModule
import Testing

@Suite struct TrainerTests {
  /// Which token comes next follows from two tokens, not from one: a state is needed.
  private static let periodic: [Int32] = (0..<80).flatMap { _ in [0, 1, 0, 2, 3] as [Int32] }
  private static let varied: [Int32] = (0..<301).map { (index: Int) in Int32((index * index + index / 3) % 4) }

  private func model(_ layer: Architecture.Layer? = nil, dropout: Double = 0, seed: UInt64 = 1) throws -> Model {
    let recurrent = layer ?? .lstm(.init(name: "layer", inputs: 4, outputs: 8))
    let architecture = Architecture(
      size: 4,
      layers: [
        .oneHot(.init(name: "input", size: 4)), recurrent, .dropout(.init(name: "dropout", rate: dropout)),
        .linear(.init(name: "output", inputs: 8, outputs: 4)),
      ])
    var generator = RandomGenerator(seed: seed)
    return try Model(
      architecture: architecture, parameters: Parameters(drawing: architecture, using: &generator), vocabulary: nil)
  }

  /// What an observer saw.
  private final class Log {
    var progress: [TrainingProgress] = []
    var records: [ValidationRecord] = []
    var best: [Bool] = []
    var parameters: [[Float]] = []

    func observer(stopAfter limit: Int = .max) -> Trainer.Observer {
      Trainer.Observer(
        progressed: { self.progress.append($0) },
        validated: { record, isBest, parameters in
          self.records.append(record)
          self.best.append(isBest)
          self.parameters.append(parameters)
        },
        shouldStop: { self.progress.count >= limit })
    }
  }

  private func train(
    _ model: Model, _ plan: TrainingPlan, _ training: [Int32] = varied,
    _ validation: [Int32] = Array(varied.prefix(50)), stopAfter limit: Int = .max
  ) throws -> (log: Log, end: TrainingEnd, bestLoss: Double?) {
    let log = Log()
    let trainer = try Trainer(model, plan: plan, training: training, validation: validation)
    let end = try trainer.run(log.observer(stopAfter: limit))
    return (log, end, trainer.bestLoss)
  }

  /// The mean -ln p of a text read as streams side by side, from the zero state.
  private func loss(of tokens: [Int32], batch: Int, _ model: Model, parameters: [Float]) throws -> Double {
    let streams = try TextStreams(tokens, batch: batch)
    let network = try Network(
      model.architecture, parameters: parameters, purpose: .inference, batch: batch, steps: streams.length)
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    try streams.fill(window: 0, steps: streams.length, inputs: &inputs, targets: &targets)
    var results = [Double](repeating: 0, count: inputs.count)
    network.score(inputs: inputs, targets: targets, into: &results)
    return -results.reduce(0, +) / Double(results.count)
  }

  @Test(arguments: [
    Architecture.Layer.elman(.init(name: "layer", inputs: 4, outputs: 8)),
    .lstm(.init(name: "layer", inputs: 4, outputs: 8)), .gru(.init(name: "layer", inputs: 4, outputs: 8)),
    .gru(.init(name: "layer", inputs: 4, outputs: 8, reset: .before, updateKeeps: .candidate)),
  ])
  func learnsAPeriodicText(layer: Architecture.Layer) throws {
    let plan = TrainingPlan(epochs: 60, batch: 4, length: 10, learningRate: 0.03)
    let result = try train(try model(layer), plan, Self.periodic, Array(Self.periodic.suffix(101)))
    #expect(result.end == .finished)
    let first = try #require(result.log.records.first), last = try #require(result.log.records.last)
    #expect(first.validLoss > 0.2)
    // The first symbols of a stream come before anything is known.
    #expect(last.validLoss < 0.05)
    #expect(last.trainLoss < 0.05)
    #expect(result.bestLoss == result.log.records.map(\.validLoss).min())
  }

  @Test func theSameSeedGivesTheSameBits() throws {
    func parameters(seed: UInt64, dropout: Double) throws -> [Float] {
      let plan = TrainingPlan(epochs: 2, batch: 3, length: 7, learningRate: 0.01, seed: seed)
      return try #require(try train(try model(dropout: dropout), plan).log.parameters.last)
    }
    #expect(try parameters(seed: 1, dropout: 0.5) == parameters(seed: 1, dropout: 0.5))
    #expect(try parameters(seed: 1, dropout: 0.5) != parameters(seed: 2, dropout: 0.5))
    // Without dropout there is no chance.
    #expect(try parameters(seed: 1, dropout: 0) == parameters(seed: 2, dropout: 0))
  }

  @Test func learningRateFallsAlongHalfACosine() throws {
    let plan = TrainingPlan(
      epochs: 3, batch: 3, length: 10, learningRate: 0.01, schedule: .cosine(final: 0.2))
    let progress = try train(try model(), plan).log.progress
    #expect(progress.count == 30)
    #expect(progress.first?.learningRate == 0.01)
    for (index, progress) in progress.enumerated() {
      let fraction = Double(index) / 30
      #expect(abs(progress.learningRate - (0.006 + 0.004 * .cos(.pi * fraction))) < 1e-12)
      #expect(abs(progress.fraction - Double(index + 1) / 30) < 1e-12)
      #expect(progress.step == index + 1)
      #expect(abs(progress.epoch - Double(index + 1) / 10) < 1e-12)
    }
    #expect(abs((progress.last?.learningRate ?? 0) - 0.002) < 3e-5)
  }

  @Test func learningRateStaysWithAFinalFractionOfOne() throws {
    let plan = TrainingPlan(
      epochs: 2, batch: 3, length: 10, learningRate: 0.01, schedule: .constant)
    #expect(try train(try model(), plan).log.progress.allSatisfy { $0.learningRate == 0.01 })
  }

  /// With a learning rate of 0, an epoch reads the text and changes nothing.
  @Test(arguments: [1, 7, 64]) func carriesTheStateThroughAnEpochAndForgetsItAfterwards(length: Int) throws {
    let model = try model()
    let plan = TrainingPlan(epochs: 2, batch: 3, length: length, learningRate: 0)
    let log = try train(model, plan).log
    let windows = log.progress.count / 2
    #expect(windows == (100 + length - 1) / length)
    #expect(log.parameters == [model.parameters.values, model.parameters.values])
    let expected = try loss(of: Self.varied, batch: 3, model, parameters: model.parameters.values)
    #expect(log.records.count == 2)
    for record in log.records { #expect(abs(record.trainLoss - expected) < 1e-6) }
    let norms = log.progress.map(\.gradientNorm)
    #expect(Array(norms[..<windows]) == Array(norms[windows...]))
  }

  @Test func validationLossIsThatOfScoring() throws {
    let model = try model(dropout: 0.5)
    let validation = Array(Self.varied.suffix(200))
    let plan = TrainingPlan(epochs: 2, batch: 3, length: 10, learningRate: 0.02, validation: .init(interval: 4))
    let log = try train(model, plan, Self.varied, validation).log
    #expect(log.records.map(\.progress.step) == [4, 8, 12, 16, 20])
    for (record, parameters) in zip(log.records, log.parameters) {
      let expected = try loss(of: validation, batch: 1, model, parameters: parameters)
      #expect(abs(record.validLoss - expected) < 1e-6)
      #expect(record.progress.validLoss == record.validLoss)
    }
    var best = Double.infinity
    for (record, isBest) in zip(log.records, log.best) {
      #expect(isBest == (record.validLoss < best))
      best = min(best, record.validLoss)
    }
  }

  @Test func validatesLongTextsAsSeveralStreams() throws {
    let model = try model()
    let validation: [Int32] = (0..<6001).map { (index: Int) in Int32((index * index / 7) % 4) }
    let plan = TrainingPlan(epochs: nil, maximumSteps: 1, batch: 3, length: 10, learningRate: 0)
    let record = try #require(try train(model, plan, Self.varied, validation).log.records.first)
    let expected = try loss(of: validation, batch: 3, model, parameters: model.parameters.values)
    #expect(abs(record.validLoss - expected) < 1e-6)
  }

  @Test func clippingLimitsTheStepButNotTheReportedNorm() throws {
    func log(clip: Double?) throws -> Log {
      try train(
        try model(),
        TrainingPlan(
          epochs: nil, maximumSteps: 10, batch: 3, length: 10, learningRate: 0.1, clipping: clip.map { .norm($0) })
      ).log
    }
    let (free, wide, narrow) = (try log(clip: nil), try log(clip: 1000), try log(clip: 0.01))
    #expect(free.parameters == wide.parameters)
    #expect(free.parameters != narrow.parameters)
    #expect(narrow.progress.contains { $0.gradientNorm > 0.02 })
  }

  @Test func stopsAtTheLastStep() throws {
    let plan = TrainingPlan(epochs: 100, maximumSteps: 7, batch: 3, length: 10)
    let result = try train(try model(), plan)
    #expect(result.end == .finished)
    #expect(result.log.progress.map(\.step) == Array(1...7))
    #expect(result.log.records.map(\.progress.step) == [7])
  }

  @Test func stopsWhenAskedTo() throws {
    let result = try train(try model(), TrainingPlan(batch: 3, length: 10), stopAfter: 3)
    #expect(result.end == .stopped)
    #expect(result.log.progress.count == 3)
    #expect(result.log.records.map(\.progress.step) == [3])
    #expect(result.bestLoss == result.log.records.first?.validLoss)
  }

  @Test func stopsWhenTheTimeIsUp() throws {
    let plan = TrainingPlan(epochs: nil, maximumSeconds: 1e-9, batch: 3, length: 10)
    let result = try train(try model(), plan)
    #expect(result.end == .timeUp)
    #expect(result.log.progress.count == 1 && result.log.records.count == 1)
  }

  @Test func passesOnWhatTheObserverThrows() throws {
    struct Refusal: Error {}
    let trainer = try Trainer(
      try model(), plan: TrainingPlan(batch: 3, length: 10), training: Self.varied, validation: Self.varied)
    #expect(throws: Refusal.self) {
      _ = try trainer.run(.init(validated: { _, _, _ in throw Refusal() }))
    }
  }

  @Test(arguments: [1e13, 1e15]) func divergesWithoutSpoilingTheBestParameters(rate: Double) throws {
    let model = try model(.elman(.init(name: "layer", inputs: 4, outputs: 8, activation: .relu)))
    let log = Log()
    let plan = TrainingPlan(
      epochs: nil, maximumSteps: 2000, batch: 3, length: 10, learningRate: rate, schedule: .constant,
      clipping: nil, validation: .init(interval: 1))
    let trainer = try Trainer(model, plan: plan, training: Self.varied, validation: Array(Self.varied.prefix(50)))
    let error = #expect(throws: TrainingError.self) { _ = try trainer.run(log.observer()) }
    guard case .diverged(let divergence)? = error, divergence.learningRate == rate else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(divergence.step <= 2000)
    let best = zip(log.best, zip(log.records, log.parameters)).filter { $0.0 }.map { $0.1 }
    for (record, parameters) in best {
      #expect(record.validLoss.isFinite)
      #expect(parameters.allSatisfy { $0.isFinite })
    }
    #expect(trainer.bestLoss == best.last?.0.validLoss)
  }

  @Test func refusesModelsThatPredictNoTokens() throws {
    let layers: [Architecture.Layer] = [
      .lstm(.init(name: "layer", inputs: 4, outputs: 8)), .linear(.init(name: "output", inputs: 8, outputs: 4)),
    ]
    let bits: [Architecture.Layer] = [.oneHot(.init(name: "input", size: 4))] + layers
    for architecture in [
      Architecture(size: 4, layers: layers, input: .features), Architecture(size: 4, layers: bits, output: .sigmoid),
      Architecture(size: 4, layers: bits, context: .sequence),
    ] {
      var generator = RandomGenerator(seed: 1)
      let model = try Model(
        architecture: architecture, parameters: Parameters(drawing: architecture, using: &generator), vocabulary: nil)
      #expect(throws: ArchitectureError.notLanguageModel) {
        try Trainer(model, plan: TrainingPlan(batch: 3), training: Self.varied, validation: Self.varied)
      }
    }
  }

  @Test func refusesShortTexts() throws {
    let model = try model()
    let plan = TrainingPlan(batch: 4)
    let short = #expect(throws: TrainingError.self) {
      _ = try Trainer(model, plan: plan, training: [0, 1, 2, 3], validation: Self.varied)
    }
    guard case .tooShort("training part", _)? = short else {
      Issue.record("\(String(describing: short))")
      return
    }
    #expect(throws: TrainingError.self) { _ = try Trainer(model, plan: plan, training: Self.varied, validation: [0]) }
  }

  @Test(arguments: [
    TrainingPlan(batch: 0), TrainingPlan(length: 0), TrainingPlan(validation: .init(interval: 0)),
    TrainingPlan(learningRate: .nan), TrainingPlan(clipping: .norm(-1)), TrainingPlan(epochs: .max),
    TrainingPlan(maximumSeconds: 1e17), TrainingPlan(updateInterval: 65),
    TrainingPlan(optimizer: .adam(epsilon: 1e-300)),
    TrainingPlan(schedule: .init(warmUp: .max)), TrainingPlan(schedule: .cosine(final: .infinity)),
    TrainingPlan(weightDecay: 1e17), TrainingPlan(clipping: .value(1e17)), TrainingPlan(explosion: 1),
    TrainingPlan(regularisation: .init(activationPenalty: 1e300)), TrainingPlan(recovery: .init(attempts: -1)),
  ])
  func refusesAPlanThatMakesNoSense(plan: TrainingPlan) throws {
    let model = try model()
    #expect {
      try Trainer(model, plan: plan, training: Self.varied, validation: Array(Self.varied.prefix(50)))
    } throws: { error in
      if case .invalidPlan? = error as? TrainingError { true } else { false }
    }
  }

  @Test func saysWhichNumberIsOutOfRange() {
    #expect(TrainingPlan().problem == nil)
    #expect(TrainingPlan(optimizer: .sgd(momentum: 1)).problem?.key == "optimizer.momentum")
    #expect(
      TrainingPlan(schedule: .init(warmUp: -1)).problem?.description
        == "schedule.warm_up is -1, but has to be between 0 and 1000000000")
    #expect(
      TrainingPlan(clipping: .norm(1e17)).problem?.description
        == "clipping.norm is 1e+17, but has to be between 1e-37 and 1e15")
    #expect(Initialisation.uniform(1e300).problem?.key == "initialisation.input_weights")
    #expect(Initialisation(forgetBias: .nan).problem?.key == "initialisation.forget_bias")
    #expect(Initialisation(reservoir: Reservoir(connectivity: 0)).problem?.key == "reservoir.connectivity")
  }
}
