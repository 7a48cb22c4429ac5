import RNNModel

/// The loss on held-out tokens, read as a few streams side by side.
struct Validation {
  private let network: Network
  private let streams: TextStreams
  private let steps: Int

  init(_ model: Model, tokens: [Int32]) throws {
    // More streams are faster, longer ones lose less context at their beginnings.
    let batch = max(1, min(16, tokens.count / 2000))
    do {
      streams = try TextStreams(tokens, batch: batch)
    } catch {
      throw TrainingError.tooShort(what: "validation part", error)
    }
    steps = min(128, streams.length)
    network = try Network(
      model.architecture, parameters: model.parameters.values, purpose: .inference, batch: batch, steps: steps)
  }

  /// The mean of -ln p, in nats per token, from the zero state.
  func loss(_ parameters: [Float]) throws -> Double {
    network.update { values, _ in values = parameters }
    network.resetState()
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    var results = [Double](repeating: 0, count: steps * streams.batch)
    var (total, count) = (0.0, 0)
    for window in 0..<streams.windowCount(steps: steps) {
      try streams.fill(window: window, steps: steps, inputs: &inputs, targets: &targets)
      network.score(inputs: inputs, targets: targets, into: &results)
      for index in targets.indices { total -= results[index] }
      count += targets.count
    }
    return total / Double(max(1, count))
  }
}
