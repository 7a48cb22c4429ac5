import Kernels
import RNNModel
import Testing

/// Activation and temporal penalties against differences of what they are the derivatives of.
@Suite struct PenaltyTests {
  private static let architecture = Architecture(
    size: 4,
    layers: [
      .embedding(.init(name: "embedding", inputs: 4, outputs: 3)), .lstm(.init(name: "lstm", inputs: 3, outputs: 5)),
      .linear(.init(name: "output", inputs: 5, outputs: 4)),
    ])

  @Test(arguments: [(0.0, 0.0), (2, 0), (0, 3), (1, 2)])
  func gradientIsThatOfLossAndPenalties(alpha: Double, beta: Double) throws {
    var model = DrawnModel(Self.architecture, seed: 5)
    let (batch, steps) = (2, 4)
    let (inputs, targets) = (model.tokens(batch * steps), model.tokens(batch * steps))
    let network = try Network(
      Self.architecture, parameters: model.parameters, purpose: .training, batch: batch, steps: steps)
    network.penalties = .init(activation: alpha, temporal: beta)
    _ = network.backpropagate(inputs: inputs, targets: targets, using: &model.generator)

    func objective(_ parameters: [Float]) throws -> Double {
      let network = try Network(
        Self.architecture, parameters: parameters, purpose: .inference, batch: batch, steps: steps)
      var scores = [Double](repeating: 0, count: inputs.count)
      network.score(inputs: inputs, targets: targets, into: &scores)
      network.resetState()
      var logits = [Float](repeating: 0, count: inputs.count * 4)
      var h: [Double] = []
      network.logits(inputs: inputs, into: &logits) { if $0 == "lstm" { h = $1.map { Double($0) } } }
      let row = batch * 5
      let squares = h.reduce(0) { $0 + $1 * $1 } / Double(h.count)
      let slopes = zip(h.dropFirst(row), h).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return -scores.reduce(0, +) / Double(inputs.count) + alpha * squares
        + beta * slopes / Double((steps - 1) * row)
    }
    let step: Float = 0.01
    for index in model.parameters.indices {
      var (above, below) = (model.parameters, model.parameters)
      above[index] += step
      below[index] -= step
      let difference = (try objective(above) - objective(below)) / Double(above[index] - below[index])
      #expect(abs(difference - Double(network.gradient[index])) < 2e-4, "parameter \(index)")
    }
  }

  @Test func activationPenaltySeesTheDroppedOutputs() throws {
    var layers = Self.architecture.layers
    layers.insert(.dropout(.init(name: "dropout", rate: 0.5, locked: true)), at: 2)
    let architecture = Architecture(size: 4, layers: layers)
    var model = DrawnModel(architecture, seed: 5)
    let (inputs, ignored) = (model.tokens(6), [Int32](repeating: -1, count: 6))
    let network = try Network(architecture, parameters: model.parameters, purpose: .training, batch: 2, steps: 3)
    network.penalties = .init(activation: 1)
    _ = network.backpropagate(inputs: inputs, targets: ignored, using: &model.generator)
    #expect(network.gradient.contains { $0 != 0 })
    network.penalties = .init()
    _ = network.backpropagate(inputs: inputs, targets: ignored, using: &model.generator)
    #expect(network.gradient.allSatisfy { $0 == 0 })
  }
}
