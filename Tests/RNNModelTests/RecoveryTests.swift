import Kernels
import RNNModel
import Testing

/// A window whose numbers overflow leaves nothing behind.
@Suite struct RecoveryTests {
  @Test(arguments: ["elman", "lstm", "gru"])
  func theGradientAfterAnOverflowIsThatOfAFreshNetwork(cell: String) throws {
    let layer: Architecture.Layer =
      switch cell {
      case "elman": .elman(.init(name: "cell", inputs: 3, outputs: 4, activation: .linear))
      case "lstm": .lstm(.init(name: "cell", inputs: 3, outputs: 4, activation: .linear, cellActivation: .linear))
      default: .gru(.init(name: "cell", inputs: 3, outputs: 4, activation: .linear))
      }
    let architecture = Architecture(
      size: 5,
      layers: [
        .embedding(.init(name: "embedding", inputs: 5, outputs: 3)), layer,
        .linear(.init(name: "output", inputs: 4, outputs: 5)),
      ])
    var generator = RandomGenerator(seed: 5)
    let parameters = drawnParameters(of: architecture, using: &generator)
    let inputs: [Int32] = [0, 1, 2, 3, 4, 0]
    let targets: [Int32] = [1, 2, 3, 4, 0, 1]
    func network() throws -> Network {
      try Network(architecture, parameters: parameters, purpose: .training, batch: 2, steps: 3)
    }
    let (used, fresh) = (try network(), try network())
    used.update { values, _ in values = values.map { _ in 3e38 } }
    #expect(!used.backpropagate(inputs: inputs, targets: targets, using: &generator).isFinite)
    used.update { values, _ in values = parameters }
    used.resetState()
    let loss = used.backpropagate(inputs: inputs, targets: targets, using: &generator)
    #expect(loss == fresh.backpropagate(inputs: inputs, targets: targets, using: &generator))
    #expect(used.gradient == fresh.gradient)
  }
}
