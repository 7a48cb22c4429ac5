import Kernels
import RNNModel
import Testing

@testable import RNNTraining

@Suite struct AveragingTests {
  private static let text: [Int32] = (0..<301).map { (index: Int) in Int32((index * index + index / 3) % 4) }

  /// Another text, so that learning the first one by heart is soon no progress.
  private static let held: [Int32] = (0..<60).map { (index: Int) in Int32((index * 3 + index / 5) % 4) }

  private func run(
    nonMonotone: Int, rate: Double = 2
  ) throws -> (history: [ValidationRecord], validated: [[Float]], parameters: [[Float]], began: Int?) {
    let architecture = Architecture(
      size: 4,
      layers: [
        .oneHot(.init(name: "input", size: 4)), .lstm(.init(name: "lstm", inputs: 4, outputs: 8)),
        .linear(.init(name: "output", inputs: 8, outputs: 4)),
      ])
    var generator = RandomGenerator(seed: 1)
    let model = try Model(
      architecture: architecture, parameters: Parameters(drawing: architecture, using: &generator), vocabulary: nil)
    let plan = TrainingPlan(
      epochs: 6, batch: 3, length: 10, optimizer: .averagedSGD(nonMonotone: nonMonotone), learningRate: rate,
      schedule: .constant, clipping: .norm(5), validation: .init(interval: 3))
    let trainer = try Trainer(model, plan: plan, training: Self.text, validation: Self.held)
    var (validated, stepped, began): ([[Float]], [[Float]], Int?) = ([], [], nil)
    _ = try trainer.run(
      .init(
        progressed: { _ in stepped.append(trainer.state.parameters) },
        validated: { _, _, parameters in
          validated.append(parameters)
          // The average is in the state as soon as the trigger has fired; it counts from the next step on.
          if began == nil, trainer.state.slots["average"] != nil { began = validated.count }
        }))
    return (trainer.history, validated, stepped, began)
  }

  /// The trigger of the paper, computed from the history alone.
  @Test(arguments: [1, 2, 5]) func beginsAtTheFirstValidationThatIsNoProgress(nonMonotone: Int) throws {
    let result = try run(nonMonotone: nonMonotone)
    let losses = result.history.map(\.validLoss)
    var expected: Int?
    for index in losses.indices where index > nonMonotone && expected == nil {
      if losses[index] > losses[..<(index - nonMonotone)].min() ?? .infinity { expected = index + 1 }
    }
    #expect(expected != nil)
    #expect(result.began == expected)
  }

  /// What is validated is the mean of the parameters after each step from the second one after the trigger on.
  @Test func validatesTheMeanOfTheParameters() throws {
    let result = try run(nonMonotone: 1)
    let start = 3 * (try #require(result.began))
    for (index, validated) in result.validated.enumerated() where 3 * (index + 1) > start {
      let steps = result.parameters[(start + 1)..<(3 * (index + 1))]
      for (position, value) in validated.enumerated() {
        let mean = steps.reduce(0.0) { $0 + Double($1[position]) } / Double(steps.count)
        #expect(abs(Double(value) - mean) < 1e-5)
      }
    }
  }
}
