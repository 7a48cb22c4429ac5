import Kernels
import Testing

@testable import RNNModel

/// Outputs with their losses, against the reference: one stream, one window.
@Suite struct OutputTests {
  private static let steps = 7

  /// Token inputs straight into the output, and a recurrent layer between them.
  private static func architectures(_ output: Architecture.Output) -> [Architecture] {
    let last = Architecture.Layer.linear(.init(name: "output", inputs: 5, outputs: 5))
    let cell = Architecture.Layer.elman(.init(name: "cell", inputs: 5, outputs: 5))
    let oneHot = Architecture.Layer.oneHot(.init(name: "input", size: 5))
    let embedding = Architecture.Layer.embedding(.init(name: "input", inputs: 5, outputs: 4))
    return [
      Architecture(size: 5, layers: [oneHot, last], output: output),
      Architecture(size: 5, layers: [oneHot, cell, last], output: output),
      Architecture(
        size: 5,
        layers: [
          embedding, .elman(.init(name: "cell", inputs: 4, outputs: 4)),
          .linear(.init(name: "output", inputs: 4, outputs: 5, weightsOf: "input")),
        ], output: output),
    ]
  }

  @Test(arguments: KernelLevel.supported) func bitsTrainLikeTheReference(level: KernelLevel) throws {
    for architecture in Self.architectures(.sigmoid) {
      let bits = (0..<(Self.steps * 5)).map { UInt8($0 * 7 % 3 % 2) }
      let rows = (0..<Self.steps).map { row in bits[(row * 5)..<(row * 5 + 5)].map { Double($0) } }
      try check(architecture, level, targets: .bits(bits, width: 5), reference: .bits(rows))
    }
  }

  @Test(arguments: KernelLevel.supported) func classesTrainLikeTheReference(level: KernelLevel) throws {
    for architecture in Self.architectures(.softmax) {
      let classes = (0..<Self.steps).map { Int32($0 * 3 % 5) }
      try check(architecture, level, targets: .classes(classes), reference: .classes(classes))
    }
  }

  private func check(
    _ architecture: Architecture, _ level: KernelLevel, targets: Network.Targets,
    reference wanted: Reference<Double>.Targets
  ) throws {
    var model = DrawnModel(architecture, seed: 5)
    let tokens = model.tokens(Self.steps)
    let network = try Network(
      architecture, parameters: model.parameters, purpose: .training, batch: 1, steps: Self.steps)
    let reading = try Network(
      architecture, parameters: model.parameters, purpose: .inference, batch: 1, steps: Self.steps)
    let reference = Reference<Double>(architecture, values: model.parameters.map { Double($0) })
    let expected = reference.gradient(inputs: .tokens(tokens), targets: wanted, state: reference.initialState)
    level.run {
      let loss = network.backpropagate(.tokens(tokens), targets: targets, using: &model.generator)
      #expect(largestError([loss], [expected.loss]) < 1e-5)
      #expect(largestError(network.gradient, expected.values.map { $0 / Double(Self.steps) }) < 2e-5)
      var scores = [Double](repeating: 7, count: Self.steps)
      reading.score(.tokens(tokens), targets: targets, into: &scores)
      #expect(largestError([scores.reduce(0, -)], [expected.loss]) < 1e-5)
    }
  }
}
