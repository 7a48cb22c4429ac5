import Kernels
import RNNModel
import RNNText
import RealModule
import Testing

@testable import RNNTraining

@Suite struct RegularisationTests {
  private static let text: [Int32] = (0..<201).map { (index: Int) in Int32((index * index + index / 3) % 6) }

  private static func model(tied: Bool = false) throws -> Model {
    let architecture = Architecture(
      size: 6,
      layers: [
        .embedding(.init(name: "embedding", inputs: 6, outputs: 8)), .lstm(.init(name: "lstm", inputs: 8, outputs: 8)),
        .linear(.init(name: "output", inputs: 8, outputs: 6, weightsOf: tied ? "embedding" : nil)),
      ])
    var generator = RandomGenerator(seed: 4)
    return try Model(
      architecture: architecture, parameters: Parameters(drawing: architecture, using: &generator), vocabulary: nil)
  }

  @Test func weightDropMasksWeightsAndTheirGradient() {
    let start: [Float] = (0..<50).map { Float($0) + 1 }
    var parameters = start
    var drop = WeightDrop([5..<15, 20..<40], rate: 0.25)
    var generator = RandomGenerator(seed: 1)
    drop.apply(to: &parameters, using: &generator)
    let masked = parameters
    var kept = 0
    for index in start.indices {
      let isDropped = (5..<15).contains(index) || (20..<40).contains(index)
      if isDropped, masked[index] != 0 {
        kept += 1
        #expect(abs(masked[index] - start[index] / 0.75) < 1e-5)
      } else if !isDropped {
        #expect(masked[index] == start[index])
      }
    }
    #expect((12..<30).contains(kept))
    var gradient = [Float](repeating: 2, count: 50)
    drop.restore(&parameters, gradient: &gradient)
    #expect(parameters == start)
    for index in start.indices { #expect(abs(gradient[index] - 2 * masked[index] / start[index]) < 1e-5) }
    // The next window has another mask.
    drop.apply(to: &parameters, using: &generator)
    #expect(parameters != masked)
  }

  /// The gradient of an update is that of a network whose weights are the masked ones, times the mask.
  @Test func theTrainerDescendsAlongTheMaskedGradient() throws {
    let model = try Self.model()
    let rate = 0.5
    let plan = TrainingPlan(
      epochs: nil, maximumSteps: 1, batch: 2, length: 10, optimizer: .sgd, learningRate: rate, schedule: .constant,
      clipping: nil, regularisation: .init(weightDrop: 0.5), seed: 3)
    let trainer = try Trainer(model, plan: plan, training: Self.text, validation: Self.text)
    _ = try trainer.run()
    let entry = try #require(model.parameters.table["lstm", "recurrent_weights"])
    var drop = WeightDrop([entry.range], rate: 0.5)
    var generator = RandomGenerator(seed: 3)
    var values = model.parameters.values
    drop.apply(to: &values, using: &generator)
    let network = try Network(model.architecture, parameters: values, purpose: .training, batch: 2, steps: 10)
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    try TextStreams(Self.text, batch: 2).fill(window: 0, steps: 10, inputs: &inputs, targets: &targets)
    _ = network.backpropagate(.tokens(inputs), targets: .classes(targets), using: &generator)
    var gradient = network.gradient
    drop.restore(&values, gradient: &gradient)
    #expect(values == model.parameters.values)
    for (index, value) in trainer.state.parameters.enumerated() {
      #expect(abs(value - (values[index] - Float(rate) * gradient[index])) < 1e-6)
    }
    let dropped = entry.range.count { gradient[$0] == 0 }
    #expect(abs(dropped - 128) < 40)
  }

  /// Embedding dropout as the definition says: the network with masked rows has the same loss, and the gradient of the rows is
  /// masked; a tied output keeps its rows.
  @Test(arguments: [false, true]) func embeddingDropoutMasksWholeRows(tied: Bool) throws {
    let model = try Self.model(tied: tied)
    let factors: [Float] = [0, 2, 1, 0, 2, 1]
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    try TextStreams(Self.text, batch: 2).fill(window: 0, steps: 10, inputs: &inputs, targets: &targets)
    func network(_ values: [Float]) throws -> Network {
      try Network(model.architecture, parameters: values, purpose: .training, batch: 2, steps: 10)
    }
    var generator = RandomGenerator(seed: 1)
    let dropped = try network(model.parameters.values)
    dropped.setEmbeddingFactors(factors)
    let loss = dropped.backpropagate(.tokens(inputs), targets: .classes(targets), using: &generator)
    // Central differences over all parameters.
    for index in stride(from: 0, to: model.parameters.values.count, by: 7) {
      func shifted(_ step: Float) throws -> Double {
        var values = model.parameters.values
        values[index] += step
        let network = try network(values)
        network.setEmbeddingFactors(factors)
        return network.backpropagate(.tokens(inputs), targets: .classes(targets), using: &generator)
      }
      let slope = (try shifted(0.01) - shifted(-0.01)) / 0.02 / 20
      #expect(abs(Double(dropped.gradient[index]) - slope) < 2e-4)
    }
    if !tied {
      var values = model.parameters.values
      let entry = try #require(model.parameters.table["embedding", "weights"])
      for index in 0..<entry.count { values[entry.range.lowerBound + index] *= factors[index / 8] }
      let masked = try network(values)
      let expected = masked.backpropagate(.tokens(inputs), targets: .classes(targets), using: &generator)
      #expect(abs(loss - expected) < 1e-5)
    }
    dropped.setEmbeddingFactors([])
    dropped.resetState()
    let plain = try network(model.parameters.values)
    #expect(
      dropped.backpropagate(.tokens(inputs), targets: .classes(targets), using: &generator)
        == plain.backpropagate(.tokens(inputs), targets: .classes(targets), using: &generator))
  }

  @Test func theTrainerDrawsAMaskForEachWindow() throws {
    func norms(_ rate: Double, seed: UInt64 = 1) throws -> [Double] {
      let plan = TrainingPlan(
        epochs: nil, maximumSteps: 5, batch: 2, length: 10, learningRate: 0,
        regularisation: .init(embeddingDropout: rate), seed: seed)
      var norms: [Double] = []
      let trainer = try Trainer(try Self.model(), plan: plan, training: Self.text, validation: Self.text)
      _ = try trainer.run(.init(progressed: { norms.append($0.gradientNorm) }))
      return norms
    }
    #expect(try norms(0.5) != norms(0) && norms(0.5) != norms(0.5, seed: 2))
    #expect(try norms(0.5) == norms(0.5))
  }

  @Test func validationSeesNothingDropped() throws {
    func loss(_ regularisation: Regularisation) throws -> Double? {
      let plan = TrainingPlan(
        epochs: 1, batch: 2, length: 10, learningRate: 0, regularisation: regularisation)
      let trainer = try Trainer(try Self.model(), plan: plan, training: Self.text, validation: Self.text)
      _ = try trainer.run()
      return trainer.bestLoss
    }
    let all = Regularisation(embeddingDropout: 0.5, weightDrop: 0.5, activationPenalty: 2, temporalPenalty: 1)
    #expect(try loss(.init()) == loss(all))
  }

  @Test func penaltiesReachTheGradient() throws {
    func parameters(_ regularisation: Regularisation) throws -> [Float] {
      let plan = TrainingPlan(epochs: 1, batch: 2, length: 10, regularisation: regularisation)
      let trainer = try Trainer(try Self.model(), plan: plan, training: Self.text, validation: Self.text)
      _ = try trainer.run()
      return trainer.state.parameters
    }
    let plain = try parameters(.init())
    #expect(try parameters(.init(activationPenalty: 1)) != plain)
    #expect(try parameters(.init(temporalPenalty: 1)) != plain)
  }

  @Test func frozenTensorsStay() throws {
    let model = try Self.model()
    let frozen = ["lstm/recurrent_weights", "output/bias"]
    let plan = TrainingPlan(epochs: 1, batch: 2, length: 10, optimizer: .adamW, frozen: frozen)
    let trainer = try Trainer(model, plan: plan, training: Self.text, validation: Self.text)
    _ = try trainer.run()
    for entry in model.parameters.table.entries {
      let isSame = Array(trainer.state.parameters[entry.range]) == Array(model.parameters.values[entry.range])
      #expect(isSame == frozen.contains(entry.path), "\(entry.path)")
    }
  }

  @Test func refusesWhatTheModelDoesNotHave() throws {
    let architecture = Architecture(
      size: 6, layers: [.oneHot(.init(name: "input", size: 6)), .linear(.init(name: "output", inputs: 6, outputs: 6))])
    var generator = RandomGenerator(seed: 4)
    let model = try Model(
      architecture: architecture, parameters: Parameters(drawing: architecture, using: &generator), vocabulary: nil)
    for plan in [
      TrainingPlan(batch: 1, regularisation: .init(embeddingDropout: 0.1)),
      TrainingPlan(batch: 1, regularisation: .init(weightDrop: 0.1)),
      TrainingPlan(batch: 1, regularisation: .init(weightDrop: 1)),
      TrainingPlan(batch: 1, regularisation: .init(embeddingDropout: -0.1)),
      TrainingPlan(batch: 1, regularisation: .init(temporalPenalty: .nan)),
      TrainingPlan(batch: 1, frozen: ["output/weight"]),
    ] {
      #expect(throws: TrainingError.self) {
        _ = try Trainer(model, plan: plan, training: Self.text, validation: Self.text)
      }
    }
  }
}
