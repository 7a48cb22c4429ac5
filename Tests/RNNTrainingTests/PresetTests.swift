import Kernels
import RNNModel
import Testing

@testable import RNNTraining

@Suite struct PresetTests {
  /// The numbers of parameters that the programs print, or that their papers round.
  @Test(arguments: [
    ("char-rnn", 65, 240_321), ("zaremba-small", 10_000, 4_653_200), ("zaremba-medium", 10_000, 19_780_400),
    ("word-language-model", 33_278, 13_987_678), ("awd-lstm", 33_278, 33_556_078), ("awd-lstm", 10_000, 24_221_600),
  ])
  func hasThePublishedNumberOfParameters(name: String, tokens: Int, parameters: Int) throws {
    let preset = try #require(Preset.named(name))
    let architecture = Architecture(preset.model, size: tokens)
    try architecture.check()
    #expect(ParameterTable(architecture).count == parameters)
  }

  @Test(arguments: Preset.all.map(\.name)) func canBeCarriedOut(name: String) throws {
    let preset = try #require(Preset.named(name))
    try preset.plan.check()
    // Small, so that a test can do it: what else is in the preset stays.
    var model = preset.model
    model.hidden = 12
    if model.embedding != 0 { model.embedding = 10 }
    let architecture = Architecture(model, size: 7)
    var generator = RandomGenerator(seed: 1)
    let parameters = try preset.initialisation.parameters(of: architecture, using: &generator)
    let start = try Model(architecture: architecture, parameters: parameters, vocabulary: nil)
    var plan = preset.plan
    plan.batch = 2
    plan.epochs = 2
    let text: [Int32] = (0..<600).map { (index: Int) in Int32((index * index + index / 3) % 7) }
    let trainer = try Trainer(start, plan: plan, training: text, validation: Array(text.prefix(200)))
    #expect(try trainer.run() == .finished)
    #expect(try #require(trainer.bestLoss).isFinite)
  }

  @Test func namesAreUnique() { #expect(Set(Preset.all.map(\.name)).count == Preset.all.count) }
}
