import Foundation
import Kernels
import RNNModel
import RNNText
import Testing

@testable import RNNTraining

/// A training that was cut, taken out, written, read and taken up again ends with the same bits as one that was not.
@Suite struct ResumeTests {
  private static let text: [Int32] = (0..<401).map { (index: Int) in Int32((index * index + index / 3) % 5) }
  private static let held = Array(text.suffix(90))

  private static func model(seed: UInt64 = 1) throws -> Model {
    let architecture = Architecture(
      size: 5,
      layers: [
        .embedding(.init(name: "embedding", inputs: 5, outputs: 6)), .dropout(.init(name: "drop_1", rate: 0.2)),
        .lstm(.init(name: "lstm", inputs: 6, outputs: 7)), .dropout(.init(name: "drop_2", rate: 0.3)),
        .gru(.init(name: "gru", inputs: 7, outputs: 6)), .linear(.init(name: "output", inputs: 6, outputs: 5)),
      ])
    var generator = RandomGenerator(seed: seed)
    return try Model(
      architecture: architecture, parameters: Parameters(drawing: architecture, using: &generator), vocabulary: nil)
  }

  /// Plans that together use everything that has a state.
  static let plans: [(name: String, plan: TrainingPlan)] = {
    func plan(_ change: (inout TrainingPlan) -> Void) -> TrainingPlan {
      var plan = TrainingPlan(
        epochs: 3, batch: 3, length: 11, learningRate: 0.01, validation: .init(interval: 5), seed: 7)
      change(&plan)
      return plan
    }
    var plans = Optimizer.named.map { named in
      (named.name, plan { $0.optimizer = named.optimizer })
    }
    plans += [
      ("momentum", plan { $0.optimizer = .sgd(momentum: 0.9, nesterov: true) }),
      ("centred", plan { $0.optimizer = .rmsprop(momentum: 0.5, centred: true) }),
      ("value clipping", plan { $0.clipping = .value(0.01) }),
      ("plateau", plan { $0.schedule = .init(.plateau(factor: 0.5, patience: 0, threshold: 0.05, minimum: 0)) }),
      ("warm-up", plan { $0.schedule = .init(.exponential(factor: 0.9, from: 1), warmUp: 20) }),
      ("weight drop", plan { $0.regularisation = .init(embeddingDropout: 0.2, weightDrop: 0.5) }),
      ("penalties", plan { $0.regularisation = .init(activationPenalty: 2, temporalPenalty: 1) }),
      ("random lengths", plan { $0.randomLengths = .init(halfProbability: 0.3, deviation: 3, minimum: 2) }),
      ("overlapping windows", plan { $0.updateInterval = 4 }),
      ("carried over epochs", plan { $0.carriesStateOverEpochs = true }),
      (
        "overlapping, carried over epochs",
        plan {
          $0.updateInterval = 3
          $0.carriesStateOverEpochs = true
        }
      ),
      ("frozen", plan { $0.frozen = ["lstm/recurrent_weights", "embedding/weights"] }),
      ("recovery", plan { $0.recovery = .init(interval: 4) }),
      (
        "averaging early",
        plan {
          $0.optimizer = .averagedSGD(nonMonotone: 1)
          $0.learningRate = 3
          $0.validation.interval = 2
          $0.weightDecay = 1e-3
          $0.loss = .sumOverSteps
        }
      ),
      ("a large seed", plan { $0.seed = .max - 5 }),
    ]
    return plans
  }()

  private func streams() throws -> (TextStreams, TextStreams) {
    (try TextStreams(Self.text, batch: 3), try TextStreams(Self.held, batch: 2))
  }

  private func trainer(_ plan: TrainingPlan) throws -> Trainer {
    let (training, validation) = try streams()
    return try Trainer(try Self.model(), plan: plan, training: training, validation: validation)
  }

  /// The state after a way through JSON and named arrays, as a file would have it.
  private func stored(_ state: TrainingState) throws -> TrainingState {
    let json = try JSONEncoder().encode(state.record)
    let record = try JSONDecoder().decode(TrainingState.Record.self, from: json)
    for name in Array(state.arrays().keys) + Array(state.words.keys) {
      let parts = name.split(separator: "/", omittingEmptySubsequences: false)
      #expect((1...4).contains(parts.count), "\(name)")
      for part in parts { #expect(part.wholeMatch(of: /[a-z][a-z0-9_]{0,63}/) != nil, "\(name)") }
    }
    let read = try TrainingState(arrays: state.arrays(), words: state.words, record: record)
    #expect(read == state)
    // What the model of the file has need not be there twice.
    for model in [state.parameters, state.bestParameters, state.fallback.first?.parameters ?? []] where !model.isEmpty {
      let arrays = state.arrays(beside: model)
      #expect(arrays.count < state.arrays().count)
      let read = try TrainingState(arrays: arrays, words: state.words, record: record, beside: model)
      #expect(read == state)
    }
    return read
  }

  /// The state without what a clock says.
  private func timeless(_ state: TrainingState) -> TrainingState {
    var state = state
    func clear(_ progress: inout TrainingState.Progress) {
      progress.seconds = 0
      progress.validSeconds = 0
      for index in progress.history.indices {
        progress.history[index].progress.seconds = 0
        progress.history[index].progress.tokensPerSecond = 0
      }
      progress.last?.seconds = 0
      progress.last?.tokensPerSecond = 0
    }
    clear(&state.progress)
    state.fallback = state.fallback.map { timeless($0) }
    return state
  }

  @Test(arguments: plans.map(\.name)) func endsWithTheSameBits(name: String) throws {
    let plan = try #require(Self.plans.first { $0.name == name }).plan
    let whole = try trainer(plan)
    #expect(try whole.run() == .finished)
    let expected = timeless(whole.state)
    #expect(expected.progress.step > 20)

    // Cut before the first update, within an epoch, at its end, at a validation, and twice.
    let perEpoch = expected.progress.step / 3
    for cuts in [[0], [1], [7], [perEpoch], [10], [5, 6, 17]] {
      var part = try trainer(plan)
      for cut in cuts {
        let end = try part.run(.init(shouldStop: { [part] in part.state.progress.step >= cut }))
        #expect(end == .stopped)
        let (training, validation) = try streams()
        // The parameters of this model are other ones: those of the state count.
        part = try Trainer(
          resuming: try stored(part.state), model: try Self.model(seed: 99), plan: plan, training: training,
          validation: validation)
      }
      #expect(try part.run() == .finished)
      #expect(timeless(part.state) == expected, "cut at \(cuts)")
      #expect(part.best?.parameters == whole.best?.parameters && part.best?.loss == whole.best?.loss)
    }
  }

  @Test func averagingHasBegunInThatPlan() throws {
    let trainer = try trainer(try #require(Self.plans.first { $0.name == "averaging early" }).plan)
    _ = try trainer.run()
    let state = trainer.state
    #expect(state.slots["average"] != nil && state.progress.averagedSteps > 5)
    #expect(state.slots["average"] != state.parameters)
  }

  /// What is saved are states from which the training goes on, while it goes on itself.
  @Test func theStateIsSavedWhenThatIsDue() throws {
    var plan = try #require(Self.plans.first { $0.name == "adam" }).plan
    plan.maximumSteps = 23
    let whole = try trainer(plan)
    var states: [TrainingState] = []
    _ = try whole.run(.init(save: { states.append($0) }, saveInterval: .init(steps: 7)))
    #expect(states.map(\.progress.step) == [7, 14, 21, 23])
    for state in states {
      let (training, validation) = try streams()
      let part = try Trainer(
        resuming: state, model: try Self.model(), plan: plan, training: training, validation: validation)
      #expect(try part.run() == .finished)
      #expect(timeless(part.state) == timeless(whole.state))
    }
    var count = 0
    _ = try trainer(plan).run(.init(save: { _ in count += 1 }, saveInterval: .init(seconds: 0)))
    #expect(count == 23)
    count = 0
    _ = try trainer(plan).run(.init(save: { _ in count += 1 }))
    #expect(count == 1)
  }

  @Test func theTimeLimitIsOneForAllParts() throws {
    var plan = try #require(Self.plans.first { $0.name == "sgd" }).plan
    plan.maximumSeconds = 1000
    let (training, validation) = try streams()
    let part = try trainer(plan)
    _ = try part.run(.init(shouldStop: { [part] in part.state.progress.step >= 3 }))
    var state = part.state
    state.progress.seconds = 1000
    let rest = try Trainer(
      resuming: state, model: try Self.model(), plan: plan, training: training, validation: validation)
    #expect(try rest.run() == .timeUp)
    #expect(rest.state.progress.step == 3)
    plan.maximumSeconds = nil
    let free = try Trainer(
      resuming: state, model: try Self.model(), plan: plan, training: training, validation: validation)
    #expect(try free.run() == .finished)
  }

  @Test func anotherPlanCanAddEpochs() throws {
    var plan = try #require(Self.plans.first { $0.name == "momentum" }).plan
    plan.schedule = .constant
    var short = plan
    short.epochs = 1
    let (training, validation) = try streams()
    let first = try trainer(short)
    #expect(try first.run() == .finished)
    let rest = try Trainer(
      resuming: first.state, model: try Self.model(), plan: plan, training: training, validation: validation)
    #expect(try rest.run() == .finished)
    let whole = try trainer(plan)
    _ = try whole.run()
    #expect(rest.state.parameters == whole.state.parameters && rest.state.slots == whole.state.slots)
    #expect(rest.history.map(\.validLoss) == whole.history.map(\.validLoss))
  }

  @Test func refusesStatesThatDoNotFit() throws {
    let plan = try #require(Self.plans.first { $0.name == "recovery" }).plan
    let trainer = try trainer(plan)
    _ = try trainer.run(.init(shouldStop: { [trainer] in trainer.state.progress.step >= 6 }))
    let good = trainer.state
    func resume(_ state: TrainingState, _ other: TrainingPlan? = nil, tokens: [Int32] = Self.text) throws {
      _ = try Trainer(
        resuming: state, model: try Self.model(), plan: other ?? plan,
        training: try TextStreams(tokens, batch: 3), validation: try TextStreams(Self.held, batch: 2))
    }
    try resume(good)
    let changes: [(inout TrainingState) -> Void] = [
      { $0.parameters.removeLast() }, { $0.slots["first_moment"]?.removeLast() }, { $0.slots["first_moment"] = nil },
      { $0.slots["other"] = $0.parameters }, { $0.carried[0].removeLast() }, { $0.carried.removeLast() },
      { $0.bestParameters.removeLast() }, { $0.bestParameters = [] }, { $0.progress.bestLoss = nil },
      { $0.progress.position = 133 }, { $0.progress.position = -1 }, { $0.progress.step = -1 },
      { $0.progress.epoch = -1 }, { $0.progress.carriedPositions = [200] }, { $0.progress.carriedPositions = [-5] },
      { $0.progress.rateFactor = .nan }, { $0.fallback[0].parameters.removeLast() },
      { $0.fallback[0].slots = [:] }, { $0.progress.optimizerStep = -1 }, { $0.progress.step = .max },
      { $0.progress.epoch = .max }, { $0.progress.window = .max }, { $0.progress.tokens = .max },
      { $0.progress.tokensSinceValidation = .max }, { $0.progress.optimizerStep = .max },
      { $0.progress.averagedSteps = .max }, { $0.progress.schedule.badChecks = .max },
      { $0.progress.validSeconds = $0.progress.seconds + 1 }, { $0.progress.validSeconds = -1 },
      { $0.progress.seconds = .infinity }, { $0.progress.bestLoss = .nan }, { $0.progress.lossSinceValidation = .nan },
      { $0.progress.history[0].progress.step = .max }, { $0.progress.schedule.factor = -1 },
      { $0.parameters[0] = .infinity }, { $0.bestParameters[0] = .nan }, { $0.slots["first_moment"]?[0] = .nan },
      { $0.carried[0][0] = .nan }, { $0.fallback[0].parameters[0] = .nan }, { $0.fallback[0].progress.step = .max },
    ]
    for (index, change) in changes.enumerated() {
      var state = good
      change(&state)
      #expect(throws: TrainingError.self, "change \(index)") { try resume(state) }
    }
    // A shorter text, and a plan of another optimizer.
    #expect(throws: TrainingError.self) { try resume(good, tokens: Array(Self.text.prefix(100))) }
    var other = plan
    other.optimizer = .rmsprop
    #expect(throws: TrainingError.self) { try resume(good, other) }
  }

  /// A document of a version that knew less: what came later is as if nobody had asked for it.
  @Test func aPlanWithoutLaterKeysIsThePlanOfThatTime() throws {
    let old = Data(
      #"{"batch":3,"length":11,"learning_rate":0.5,"optimizer":{"name":"sgd"},"schedule":{"kind":"constant"},"seed":"7","maximum_steps":9}"#
        .utf8)
    let plan = try JSONDecoder().decode(TrainingPlan.self, from: old)
    #expect(
      plan
        == TrainingPlan(
          epochs: nil, maximumSteps: 9, batch: 3, length: 11, optimizer: .sgd, learningRate: 0.5, schedule: .constant,
          clipping: nil, explosion: nil, seed: 7))
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(TrainingPlan.self, from: Data("{}".utf8)) }
    let stack = try JSONDecoder().decode(
      Architecture.Stack.self, from: Data(#"{"hidden":9,"dropouts":{"input":0.5}}"#.utf8))
    #expect(stack == Architecture.Stack(hidden: 9, dropouts: .init(input: 0.5)))
  }

  @Test(arguments: Preset.all.map(\.name)) func aPresetComesBackFromJSON(name: String) throws {
    let preset = try #require(Preset.named(name))
    func back<Value: Codable>(_ value: Value) throws -> Value {
      try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }
    #expect(try back(preset.plan) == preset.plan && back(preset.model) == preset.model)
    #expect(try back(preset.initialisation) == preset.initialisation)
    let keys = String(decoding: try JSONEncoder().encode(preset.model), as: UTF8.self)
    #expect(keys.contains("\"recurrent_bias\"") && !keys.contains(where: { $0.isUppercase }))
  }

  @Test func refusesPartsThatAreNoState() throws {
    let trainer = try trainer(try #require(Self.plans.first { $0.name == "recovery" }).plan)
    _ = try trainer.run(.init(shouldStop: { [trainer] in trainer.state.progress.step >= 6 }))
    let state = trainer.state
    func read(
      _ change: (inout [String: [Float]], inout [String: [UInt64]], inout TrainingState.Record) -> Void
    ) throws {
      var (arrays, words, record) = (state.arrays(), state.words, state.record)
      change(&arrays, &words, &record)
      _ = try TrainingState(arrays: arrays, words: words, record: record)
    }
    try read { _, _, _ in }
    #expect(throws: TrainingError.self) { try read { arrays, _, _ in arrays["parameters"] = nil } }
    #expect(throws: TrainingError.self) { try read { arrays, _, _ in arrays["fallback/parameters"] = nil } }
    #expect(throws: TrainingError.self) { try read { arrays, _, _ in arrays["stranger"] = [1] } }
    #expect(throws: TrainingError.self) { try read { _, words, _ in words["random_state/training"] = nil } }
    #expect(throws: TrainingError.self) { try read { _, words, _ in words["random_state/training"] = [0, 0, 0, 0] } }
    #expect(throws: TrainingError.self) { try read { _, words, _ in words["random_state/training"] = [1, 2, 3] } }
    #expect(throws: TrainingError.self) { try read { _, words, _ in words["other"] = [1] } }
    #expect(throws: TrainingError.self) { try read { arrays, _, _ in arrays["best_parameters"] = nil } }
    #expect(throws: TrainingError.self) { try read { _, _, record in record.progress.bestLoss = nil } }
    #expect(throws: TrainingError.self) { try read { _, _, record in record.fallback = [] } }
    #expect(throws: TrainingError.self) { try read { _, _, record in record.fallback += record.fallback } }
  }

  @Test func namesTheLimitThatIsReached() {
    var progress = TrainingState.Progress()
    (progress.step, progress.epoch, progress.seconds) = (10, 2, 30)
    #expect(TrainingPlan(epochs: 3, maximumSteps: 11, maximumSeconds: 31).limit(reachedBy: progress) == nil)
    #expect(TrainingPlan(epochs: 2).limit(reachedBy: progress) == .epochs)
    #expect(TrainingPlan(epochs: nil, maximumSteps: 10).limit(reachedBy: progress) == .steps)
    #expect(TrainingPlan(epochs: nil, maximumSeconds: 30).limit(reachedBy: progress) == .time)
    #expect(TrainingPlan(epochs: nil).limit(reachedBy: progress) == nil)
  }
}
