import RNNModel
import RNNText

/// The loss on held-out tokens.
struct Validation {
  private let network: Network
  private let source: any WindowSource
  private let steps: Int
  private let dropsRemainder: Bool

  init(
    _ architecture: Architecture, parameters: [Float], plan: TrainingPlan.Validation, source: any WindowSource
  ) throws {
    self.source = source
    steps = source.holdsSequences ? 1 : min(plan.window, source.length)
    dropsRemainder = plan.dropsRemainder
    network = try Network(
      architecture, parameters: parameters, purpose: .inference, batch: source.batch,
      steps: source.longestSteps(positions: steps))
  }

  /// The mean of -ln p, in nats per token, from the initial state.
  func loss(_ parameters: [Float]) throws -> Double {
    network.update { values, _ in values = parameters }
    network.resetState()
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    var results = [Double](repeating: 0, count: network.steps * source.batch)
    var (total, count) = (0.0, 0)
    let windows = dropsRemainder ? source.length / steps : source.windowCount(steps: steps)
    for window in 0..<windows {
      try source.fill(window: window, steps: steps, inputs: &inputs, targets: &targets)
      network.score(inputs: inputs, targets: targets, into: &results)
      for index in targets.indices where targets[index] >= 0 {
        total -= results[index]
        count += 1
      }
    }
    return total / Double(max(1, count))
  }
}
