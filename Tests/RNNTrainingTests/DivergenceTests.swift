import Kernels
import RNNModel
import RNNText
import Testing

@testable import RNNTraining

@Suite struct DivergenceTests {
  private static let text: [Int32] = (0..<301).map { (index: Int) in Int32((index * index + index / 3) % 4) }

  private static func model() throws -> Model {
    let architecture = Architecture(
      size: 4,
      layers: [
        .oneHot(.init(name: "input", size: 4)), .elman(.init(name: "layer", inputs: 4, outputs: 8, activation: .relu)),
        .linear(.init(name: "output", inputs: 8, outputs: 4)),
      ])
    var generator = RandomGenerator(seed: 1)
    return try Model(
      architecture: architecture, parameters: Parameters(drawing: architecture, using: &generator), vocabulary: nil)
  }

  private func trainer(_ plan: TrainingPlan) throws -> Trainer {
    try Trainer(try Self.model(), plan: plan, training: Self.text, validation: Array(Self.text.prefix(50)))
  }

  @Test func saysWhereAndLeavesTheStateBeforeTheUpdate() throws {
    let plan = TrainingPlan(
      epochs: nil, maximumSteps: 500, batch: 3, length: 10, optimizer: .sgd, learningRate: 1e15, schedule: .constant,
      clipping: nil)
    let trainer = try trainer(plan)
    var last: TrainingProgress?
    let error = #expect(throws: TrainingError.self) { _ = try trainer.run(.init(progressed: { last = $0 })) }
    guard case .diverged(let divergence)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    let step = last?.step ?? 0
    #expect(divergence.step == step + 1)
    #expect(divergence.window == step % 10 + 1 && divergence.epoch == step / 10 + 1)
    #expect(divergence.position == step % 10 * 10)
    #expect(divergence.learningRate == 1e15)
    #expect("\(divergence)".contains("step \(step + 1)") && "\(divergence)".contains("window \(divergence.window)"))
    let state = trainer.state
    #expect(state.progress.step == step && state.progress.position == divergence.position)
    #expect(state.carried.allSatisfy { $0.allSatisfy { $0.isFinite } })
  }

  @Test func anExplosionIsFoundBeforeItIsInfinite() throws {
    var plan = TrainingPlan(
      epochs: nil, maximumSteps: 500, batch: 3, length: 10, optimizer: .sgd, learningRate: 64, schedule: .constant,
      clipping: .norm(20), explosion: 3)
    let error = #expect(throws: TrainingError.self) { _ = try trainer(plan).run() }
    guard case .diverged(let divergence)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(divergence.cause == .explosion)
    #expect(divergence.loss ?? 0 > 3)
    plan.explosion = nil
    plan.maximumSteps = divergence.step
    #expect(try trainer(plan).run() == .finished)
  }

  @Test func goesBackAndLowersTheRateUntilItLearns() throws {
    let plan = TrainingPlan(
      epochs: 3, batch: 3, length: 10, optimizer: .sgd, learningRate: 64, schedule: .constant, clipping: .norm(20),
      validation: .init(interval: 5), explosion: 3, recovery: .init(attempts: 20, factor: 0.5, interval: 4))
    let trainer = try trainer(plan)
    var records: [RecoveryRecord] = []
    #expect(try trainer.run(.init(recovered: { records.append($0) })) == .finished)
    #expect(!records.isEmpty)
    #expect(trainer.recoveries == records)
    for (index, record) in records.enumerated() {
      #expect(record.step % 4 == 0 && record.step < record.divergence.step)
      #expect(record.divergence.step - record.step <= 5)
      let factors = (0...index).reduce(1.0) { factor, _ in factor / 2 }
      #expect(record.rateFactor == factors)
    }
    #expect(trainer.state.progress.step == 30)
    #expect(trainer.history.map(\.progress.step) == [5, 10, 15, 20, 25, 30])
    #expect(trainer.history.last?.progress.learningRate == 64 * (records.last?.rateFactor ?? 1))
    #expect(trainer.state.parameters.allSatisfy { $0.isFinite })
  }

  @Test func givesUpAfterTheLastAttempt() throws {
    let plan = TrainingPlan(
      epochs: nil, maximumSteps: 500, batch: 3, length: 10, optimizer: .sgd, learningRate: 1e15, schedule: .constant,
      clipping: nil, recovery: .init(attempts: 3, factor: 0.9, interval: 5))
    let trainer = try trainer(plan)
    var count = 0
    #expect(throws: TrainingError.self) { _ = try trainer.run(.init(recovered: { _ in count += 1 })) }
    #expect(count == 3)
  }

  /// Cut right after it has gone back, a training still ends with the same bits.
  @Test func aRecoveredTrainingResumes() throws {
    let plan = TrainingPlan(
      epochs: 3, batch: 3, length: 10, optimizer: .sgd, learningRate: 64, schedule: .constant, clipping: .norm(20),
      explosion: 3, recovery: .init(attempts: 20, factor: 0.5, interval: 4))
    let whole = try trainer(plan)
    _ = try whole.run()
    let part = try trainer(plan)
    var isDone = false
    _ = try part.run(.init(recovered: { _ in isDone = true }, shouldStop: { isDone }))
    #expect(part.recoveries.count == 1)
    let rest = try Trainer(
      resuming: part.state, model: try Self.model(), plan: plan, training: try TextStreams(Self.text, batch: 3),
      validation: try TextStreams(Array(Self.text.prefix(50)), batch: 1))
    _ = try rest.run()
    #expect(rest.state.parameters == whole.state.parameters)
    #expect(rest.recoveries == whole.recoveries)
  }
}
