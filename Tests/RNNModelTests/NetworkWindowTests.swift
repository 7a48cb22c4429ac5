import Kernels
import Testing

@testable import RNNModel

/// Windows, states and blocks: what a network must not make a difference of.
@Suite struct NetworkWindowTests {
  /// One layer of each kind, one above the other.
  private static let architecture = Architecture(
    size: 5,
    layers: [
      .embedding(.init(name: "input", inputs: 5, outputs: 3)), .dropout(.init(name: "dropout", rate: 0.5)),
      .elman(.init(name: "elman", inputs: 3, outputs: 4)), .lstm(.init(name: "lstm", inputs: 4, outputs: 3)),
      .gru(.init(name: "gru_after", inputs: 3, outputs: 2)), .linear(.init(name: "middle", inputs: 2, outputs: 3)),
      .gru(.init(name: "gru_before", inputs: 3, outputs: 4, reset: .before)),
      .linear(.init(name: "output", inputs: 4, outputs: 5)),
    ])
  private var model = DrawnModel(NetworkWindowTests.architecture)

  private func network(_ purpose: Network.Purpose = .inference, batch: Int = 3, steps: Int) throws -> Network {
    try Network(model.architecture, parameters: model.parameters, purpose: purpose, batch: batch, steps: steps)
  }

  private func scores(_ network: Network, _ inputs: ArraySlice<Int32>, _ targets: ArraySlice<Int32>) -> [Double] {
    var results = [Double](repeating: 0, count: inputs.count)
    network.score(inputs: Array(inputs), targets: Array(targets), into: &results)
    return results
  }

  @Test(arguments: KernelLevel.supported, [[12], [1, 4, 7], [7, 1, 4], Array(repeating: 1, count: 12)])
  func windowsMakeNoDifference(level: KernelLevel, lengths: [Int]) throws {
    var model = model
    let (inputs, targets) = (model.tokens(36), model.tokens(36))
    try level.run {
      let whole = scores(try network(steps: 20), inputs[...], targets[...])
      let chunked = try network(steps: lengths.max() ?? 1)
      var start = 0
      var parts: [Double] = []
      for length in lengths {
        let range = start..<(start + 3 * length)
        parts += scores(chunked, inputs[range], targets[range])
        start = range.upperBound
      }
      #expect(largestError(parts, whole) < 2e-6)
    }
  }

  @Test func streamsDoNotTouchEachOther() throws {
    var model = model
    let (inputs, targets) = (model.tokens(36), model.tokens(36))
    let together = scores(try network(steps: 12), inputs[...], targets[...])
    for stream in 0..<3 {
      func own<Value>(_ values: [Value]) -> [Value] { stride(from: stream, to: 36, by: 3).map { values[$0] } }
      let alone = scores(try network(batch: 1, steps: 12), own(inputs)[...], own(targets)[...])
      #expect(largestError(alone, own(together)) < 2e-6)
    }
  }

  @Test func stateGoesOutAndBackIn() throws {
    var model = model
    let (inputs, targets) = (model.tokens(12), model.tokens(12))
    let first = try network(steps: 4)
    _ = scores(first, inputs[...], targets[...])
    let state = first.state
    let expected = scores(first, inputs[...], targets[...])
    #expect(first.state != state)
    first.state = state
    #expect(first.state == state)
    #expect(scores(first, inputs[...], targets[...]) == expected)
    let second = try network(.training, steps: 9)
    second.state = state
    #expect(scores(second, inputs[...], targets[...]) == expected)
  }

  @Test func resettingForgetsEverything() throws {
    var model = model
    let (inputs, targets) = (model.tokens(12), model.tokens(12))
    let network = try network(steps: 4)
    let fresh = network.state
    let expected = scores(network, inputs[...], targets[...])
    #expect(scores(network, inputs[...], targets[...]) != expected)
    network.resetState()
    #expect(network.state == fresh)
    #expect(scores(network, inputs[...], targets[...]) == expected)
  }

  @Test func trainingCarriesTheSameStateAsReading() throws {
    let architecture = Architecture(
      size: 5, layers: model.architecture.layers.filter { $0.kind != "dropout" })
    var model = DrawnModel(architecture)
    let (inputs, targets) = (model.tokens(12), model.tokens(12))
    var results = [Double](repeating: 0, count: 12)
    let states = try [Network.Purpose.inference, .training].map { purpose in
      let network = try Network(
        architecture, parameters: model.parameters, purpose: purpose, batch: 3, steps: 4)
      switch purpose {
      case .inference: network.score(inputs: inputs, targets: targets, into: &results)
      case .training:
        let loss = network.backpropagate(inputs: inputs, targets: targets, using: &model.generator)
        #expect(abs(loss + results.reduce(0, +)) < 1e-5)
      }
      return network.state
    }
    #expect(states[0] == states[1])
  }

  @Test func targetsThatAreAllIgnoredGiveNoGradient() throws {
    var model = model
    let network = try network(.training, steps: 4)
    let ignored = [Int32](repeating: -1, count: 12)
    #expect(network.backpropagate(inputs: model.tokens(12), targets: ignored, using: &model.generator) == 0)
    #expect(network.gradient.allSatisfy { $0 == 0 })
  }

  @Test func dropoutMasksAreDrawnFromTheGenerator() throws {
    var model = model
    let (inputs, targets) = (model.tokens(12), model.tokens(12))
    var masks: [[Float]] = []
    for seed in [1, 1, 2] {
      var generator = RandomGenerator(seed: UInt64(seed))
      let network = try network(.training, steps: 4)
      _ = network.backpropagate(inputs: inputs, targets: targets, using: &generator)
      masks.append(network.dropoutMasks["dropout"] ?? [])
      _ = network.backpropagate(inputs: inputs, targets: targets, using: &generator)
      #expect(network.dropoutMasks["dropout"] != masks.last)
    }
    #expect(masks[0] == masks[1])
    #expect(masks[0] != masks[2])
    #expect(masks[0].allSatisfy { $0 == 0 || $0 == 2 })
    #expect(masks[0].contains(0) && masks[0].contains(2))
  }

  @Test func changedParametersAreUsedAtOnce() throws {
    // One-hot input, whose weights are kept transposed.
    let architecture = Architecture(around: .lstm(.init(name: "lstm", inputs: 3, outputs: 2)))
    var model = DrawnModel(architecture)
    let other = DrawnModel(architecture, seed: 2)
    let (inputs, targets) = (model.tokens(4), model.tokens(4))
    func network(_ parameters: [Float]) throws -> Network {
      try Network(architecture, parameters: parameters, purpose: .inference, batch: 1, steps: 4)
    }
    let changed = try network(model.parameters)
    changed.update { parameters, _ in parameters = other.parameters }
    #expect(changed.parameters == other.parameters)
    let expected = scores(try network(other.parameters), inputs[...], targets[...])
    #expect(scores(changed, inputs[...], targets[...]) == expected)
  }

  @Test func visitsTheLayersBelowTheOutput() throws {
    var model = model
    let network = try network(batch: 2, steps: 3)
    var logits = [Float](repeating: 0, count: 30)
    var visited: [String] = []
    var top: [Float] = []
    network.logits(inputs: model.tokens(6), into: &logits) { name, outputs in
      visited.append(name)
      top = outputs
    }
    #expect(visited == ["input", "elman", "lstm", "gru_after", "middle", "gru_before"])
    let table = network.table
    let weights = try #require(table["output", "weights"]).range
    let bias = try #require(table["output", "bias"]).range
    let expected = (0..<30).map { index in
      let (row, unit) = (index / 5, index % 5)
      return (0..<4).reduce(Double(model.parameters[bias.lowerBound + unit])) { sum, k in
        sum + Double(top[row * 4 + k]) * Double(model.parameters[weights.lowerBound + unit * 4 + k])
      }
    }
    #expect(largestError(logits, expected) < 1e-6)
  }

  /// More rows than the output layer takes in one block.
  @Test func blocksOfTheOutputMakeNoDifference() throws {
    let size = 1 << 15
    let architecture = Architecture(
      size: size,
      layers: [
        .embedding(.init(name: "input", inputs: size, outputs: 1)),
        .linear(.init(name: "output", inputs: 1, outputs: size)),
      ])
    var model = DrawnModel(architecture)
    let rows = 37
    let (inputs, targets) = (model.tokens(rows), model.targets(rows))
    let whole = try Network(
      architecture, parameters: model.parameters, purpose: .training, batch: 1, steps: rows)
    let single = try Network(architecture, parameters: model.parameters, purpose: .training, batch: 1, steps: 1)
    let loss = whole.backpropagate(inputs: inputs, targets: targets, using: &model.generator)
    var expectedLoss = 0.0
    var expected = [Double](repeating: 0, count: model.parameters.count)
    for row in 0..<rows where targets[row] >= 0 {
      expectedLoss += single.backpropagate(
        inputs: [inputs[row]], targets: [targets[row]], using: &model.generator)
      for (index, value) in single.gradient.enumerated() where value != 0 { expected[index] += Double(value) }
    }
    let count = Double(targets.count { $0 >= 0 })
    #expect(largestError([loss], [expectedLoss]) < 1e-6)
    #expect(largestError(whole.gradient.map { Double($0) * count }, expected) < 1e-5)
    let all = scores(whole, inputs[...], targets[...])
    let each = (0..<rows).flatMap { scores(single, inputs[$0...$0], targets[$0...$0]) }
    #expect(largestError(all, each) < 1e-6)
    #expect(abs(all.reduce(0, +) + loss) < 1e-4)
    var logits = [Float](repeating: 0, count: rows * size)
    whole.logits(inputs: inputs, into: &logits)
    var last = [Float](repeating: 0, count: size)
    single.logits(inputs: [inputs[rows - 1]], into: &last)
    #expect(largestError(logits.suffix(size), last.map { Double($0) }) < 1e-6)
  }

  @Test func refusesLayersThatDoNotFit() {
    let architecture = Architecture(size: 3, layers: [.oneHot(.init(name: "input", size: 3))])
    #expect(throws: ArchitectureError.wrongOutput(layer: "input", expected: 3, found: nil)) {
      try Network(architecture, parameters: [], purpose: .inference, batch: 1, steps: 1)
    }
  }
}
