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
    let architecture = try preset.model.architecture(size: tokens)
    try architecture.check()
    #expect(ParameterTable(architecture).count == parameters)
  }

  @Test(arguments: Preset.all.map(\.name)) func canBeCarriedOut(name: String) throws {
    let preset = try #require(Preset.named(name))
    try preset.plan.check()
    // Small, so that a test can do it: what else is in the preset stays.
    var model = preset.model
    model.hidden = 12
    if model.embedding != nil { model.embedding = 10 }
    let architecture = try model.architecture(size: 7)
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

  @Test func tiedWeightsNeedAnEmbedding() {
    var shape = ModelShape(isTied: true)
    #expect(throws: TrainingError.self) { try shape.architecture(size: 5) }
    shape = ModelShape(layers: 0)
    #expect(throws: TrainingError.self) { try shape.architecture(size: 5) }
  }

  @Test func tyingMakesTheLastLayerAsWideAsTheEmbedding() throws {
    let architecture = try ModelShape(layers: 3, hidden: 9, embedding: 4, isTied: true).architecture(size: 5)
    #expect(architecture.layers.compactMap(\.outputs) == [4, 9, 9, 4, 5])
    #expect(architecture.problems().isEmpty)
  }

  @Test(arguments: ModelShape.Cell.allCases) func everyCellMakesAnArchitecture(cell: ModelShape.Cell) throws {
    let shape = ModelShape(
      cell: cell, layers: 2, hidden: 6, embedding: 3, recurrentBias: true, inputDropout: 0.1, hiddenDropout: 0.2,
      outputDropout: 0.3, lockedDropout: true)
    let architecture = try shape.architecture(size: 5)
    #expect(architecture.problems().isEmpty)
    let rates = architecture.layers.compactMap { layer -> Double? in
      if case .dropout(let dropout) = layer, dropout.locked { dropout.rate } else { nil }
    }
    #expect(rates == [0.1, 0.2, 0.3])
  }

  @Test func namesAreUnique() { #expect(Set(Preset.all.map(\.name)).count == Preset.all.count) }
}
