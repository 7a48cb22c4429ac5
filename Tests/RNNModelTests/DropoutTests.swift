import Kernels
import Testing

@testable import RNNModel

/// Dropout acts in the backward pass's window and nowhere else.
@Suite struct DropoutTests {
  private let architecture = Architecture(
    size: 7,
    layers: [
      .embedding(.init(name: "embedding", inputs: 7, outputs: 5)), .dropout(.init(name: "dropout_1", rate: 0.5)),
      .lstm(.init(name: "lstm_1", inputs: 5, outputs: 6)), .dropout(.init(name: "dropout_2", rate: 0.5)),
      .linear(.init(name: "output", inputs: 6, outputs: 7)),
    ])

  @Test func scoringInATrainingNetworkIsThatOfTheModel() throws {
    var generator = RandomGenerator(seed: 11)
    let parameters = drawnParameters(of: architecture, using: &generator)
    let training = try Network(architecture, parameters: parameters, purpose: .training, batch: 2, steps: 4)
    let inference = try Network(architecture, parameters: parameters, purpose: .inference, batch: 2, steps: 4)
    let inputs: [Int32] = [0, 1, 2, 3, 4, 5, 6, 0]
    let targets: [Int32] = [2, 3, 4, 5, 6, 0, 1, 2]
    let masked = training.backpropagate(inputs: inputs, targets: targets, using: &generator)
    training.resetState()
    var (found, expected) = ([Double](repeating: 0, count: 8), [Double](repeating: 0, count: 8))
    training.score(inputs: inputs, targets: targets, into: &found)
    inference.score(inputs: inputs, targets: targets, into: &expected)
    #expect(found == expected)
    #expect(abs(masked + expected.reduce(0, +)) > 1e-4, "the mask must have changed the training loss")
  }

  @Test func visitsEachLayerUnderItsName() throws {
    var generator = RandomGenerator(seed: 12)
    let parameters = drawnParameters(of: architecture, using: &generator)
    let network = try Network(architecture, parameters: parameters, purpose: .inference, batch: 1, steps: 1)
    var widths: [String: Int] = [:]
    var logits = [Float](repeating: 0, count: 7)
    network.logits(inputs: [3], into: &logits) { widths[$0] = $1.count }
    #expect(widths == ["embedding": 5, "lstm_1": 6])
  }
}
