import Foundation
import RealModule
import Testing

@testable import RNNTraining

@Suite struct ScheduleTests {
  private func factors(_ schedule: Schedule, epochs: Int, steps: Int = 1) -> [Double] {
    (0..<(epochs * steps)).map { step in
      schedule.factor(
        at: .init(step: step, epoch: step / steps, fraction: Double(step) / Double(epochs * steps)), .init())
    }
  }

  @Test func constantStays() { #expect(factors(.constant, epochs: 3) == [1, 1, 1]) }

  @Test func stepsEveryFewEpochs() {
    #expect(factors(Schedule(.step(every: 2, factor: 0.5)), epochs: 6) == [1, 1, 0.5, 0.5, 0.25, 0.25])
  }

  @Test func charRNNsFallsAfterTheTenthEpoch() {
    let factors = factors(Schedule(.exponential(factor: 0.97, from: 10)), epochs: 13)
    for (index, factor) in factors.enumerated() {
      let expected = Double.pow(0.97, max(0, index - 9))
      #expect(abs(factor - expected) < 1e-15)
    }
    #expect(factors[9] == 1 && factors[10] == 0.97)
  }

  @Test func halvesAfterAnEpoch() {
    #expect(factors(.halving(after: 4), epochs: 7) == [1, 1, 1, 1, 0.5, 0.25, 0.125])
  }

  @Test func cosineEndsAtItsFinalPart() {
    let schedule = Schedule.cosine(final: 0.2)
    #expect(schedule.factor(at: .init(step: 0, epoch: 0, fraction: 0), .init()) == 1)
    #expect(abs(schedule.factor(at: .init(step: 0, epoch: 0, fraction: 0.5), .init()) - 0.6) < 1e-12)
    #expect(abs(schedule.factor(at: .init(step: 0, epoch: 0, fraction: 1), .init()) - 0.2) < 1e-12)
  }

  @Test func warmUpMultipliesAnyDecay() {
    #expect(factors(Schedule(warmUp: 4), epochs: 1, steps: 6) == [0.25, 0.5, 0.75, 1, 1, 1])
    #expect(
      factors(Schedule(.step(every: 1, factor: 0.5), warmUp: 4), epochs: 3, steps: 2)
        == [0.25, 0.5, 0.375, 0.5, 0.25, 0.25])
  }

  /// The rates that `ReduceLROnPlateau` and word_language_model give for these losses.
  @Test(arguments: [
    (Schedule.quarterOnPlateau, [5, 4, 4, 3, 3.5, 3.2, 2.9], [1, 1, 0.25, 0.25, 0.0625, 0.015625, 0.015625]),
    (
      Schedule(.plateau(factor: 0.1, patience: 2, threshold: 1e-4, minimum: 0)),
      [1, 0.99995, 1.1, 1.2, 1.3, 1.3, 1.3, 0.5], [1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01]
    ),
    (Schedule(.plateau(factor: 0.5, patience: 0, threshold: 0, minimum: 0.3)), [1, 1, 1, 1], [1, 0.5, 0.3, 0.3]),
  ])
  func fallsOnAPlateau(schedule: Schedule, losses: [Double], expected: [Double]) {
    var state = Schedule.State()
    for (loss, expected) in zip(losses, expected) {
      schedule.observe(loss, &state)
      let factor = schedule.factor(at: .init(step: 9, epoch: 9, fraction: 0.9), state)
      #expect(abs(factor - expected) < 1e-12)
    }
  }

  @Test(arguments: [
    Schedule(warmUp: -1), Schedule(.step(every: 0, factor: 0.5)), Schedule(.step(every: 1, factor: .nan)),
    Schedule(.exponential(factor: -1, from: 1)), Schedule(.exponential(factor: 0.5, from: 0)),
    .cosine(final: .infinity),
    Schedule(.plateau(factor: 0.1, patience: -1, threshold: 0, minimum: 0)),
    Schedule(.plateau(factor: 0.1, patience: 1, threshold: .nan, minimum: 0)),
  ])
  func saysWhatIsWrong(schedule: Schedule) { #expect(TrainingPlan(schedule: schedule).problem != nil) }

  @Test(arguments: [
    Schedule.constant, .cosine(final: 0.1), .halving(after: 4), .quarterOnPlateau,
    Schedule(.step(every: 3, factor: 0.3), warmUp: 100),
  ])
  func readsBackWhatItWrites(schedule: Schedule) throws {
    #expect(TrainingPlan(schedule: schedule).problem == nil)
    let data = try JSONEncoder().encode(schedule)
    #expect(try JSONDecoder().decode(Schedule.self, from: data) == schedule)
  }
}
