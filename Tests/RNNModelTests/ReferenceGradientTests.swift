import Kernels
import RNNModel
import Testing

/// The gradients of the reference against each other and against central differences of its forward pass, all in
/// Double.
@Suite struct ReferenceGradientTests {
  /// A small problem of any kind.
  private func problem(_ seed: Int, without excluded: Set<String> = []) throws -> DrawnProblem {
    var model = DrawnModel(
      seed: seed, dropout: true, features: Architecture.allFeatures.subtracting(excluded))
    try model.architecture.check()
    return DrawnProblem(&model, steps: 1 + seed % 6)
  }

  @Test func drawnModelsHaveEveryOption() throws {
    let features = try (0..<300).flatMap { try problem($0).architecture.features }
    for feature in Architecture.allFeatures { #expect(features.count { $0 == feature } >= 10, "\(feature)") }
  }

  @Test(arguments: 0..<300) func equalsCentralDifferencesOnDrawnModels(seed: Int) throws {
    try requireGradient(of: problem(seed))
  }

  @Test(arguments: Activation.allCases) func equalsCentralDifferencesForEveryCell(activation: Activation) throws {
    for architecture in Architecture.everyCell where architecture.uses(activation) {
      var model = DrawnModel(architecture, seed: 7)
      requireGradient(of: DrawnProblem(&model, steps: 3))
    }
  }

  @Test func equalsCentralDifferencesForEveryOption() throws {
    for architecture in Architecture.everyOption {
      try architecture.check()
      var model = DrawnModel(architecture, seed: 8)
      requireGradient(of: DrawnProblem(&model, steps: 3))
    }
  }

  @Test(arguments: 0..<100) func realTimeLearningEqualsBackpropagation(seed: Int) throws {
    try requireSameRealTimeGradient(problem(1000 + seed, without: ["backward-layers"]))
  }

  @Test func realTimeLearningEqualsBackpropagationForEveryOption() throws {
    for architecture in Architecture.everyOption where !architecture.features.contains("backward-layers") {
      var model = DrawnModel(architecture, seed: 9)
      try requireSameRealTimeGradient(DrawnProblem(&model, steps: 4))
    }
  }

  @Test(arguments: 0..<60) func contributionsSumToBackpropagation(seed: Int) throws {
    try requireSameContributions(problem(2000 + seed))
  }

  @Test func contributionsSumToBackpropagationForEveryOption() throws {
    for architecture in Architecture.everyOption {
      var model = DrawnModel(architecture, seed: 10)
      requireSameContributions(DrawnProblem(&model, steps: 4))
    }
  }

  private func requireGradient(of problem: DrawnProblem) {
    let gradient = problem.reference.gradient(inputs: problem.inputs, targets: problem.targets, state: problem.start)
    let loss = problem.losses.reduce(0, +)
    #expect(abs(gradient.loss - loss) <= 1e-12 * max(1, abs(loss)), "\(problem.architecture)")
    for index in problem.values.indices {
      let difference = problem.difference(index) { $0.losses.reduce(0, +) }
      let error = abs(difference - gradient.values[index])
      #expect(error < 1e-6 * max(0.01, abs(difference)), "\(problem.architecture) parameter \(index)")
    }
    var state = problem.start
    _ = problem.reference.logits(problem.inputs, state: &state)
    #expect(gradient.state == state)
  }

  private func requireSameRealTimeGradient(_ problem: DrawnProblem) throws {
    let (reference, start) = (problem.reference, problem.start)
    let expected = reference.gradient(inputs: problem.inputs, targets: problem.targets, state: start)
    let found = try reference.realTimeGradient(inputs: problem.inputs, targets: problem.targets, state: start)
    #expect(largestError([found.loss], [expected.loss]) < 1e-12)
    #expect(largestError(found.values, expected.values) < 1e-12, "\(problem.architecture)")
    #expect(found.state == expected.state)
  }

  private func requireSameContributions(_ problem: DrawnProblem) {
    let (reference, start) = (problem.reference, problem.start)
    let expected = reference.gradient(inputs: problem.inputs, targets: problem.targets, state: start)
    let contributions = reference.contributions(
      to: problem.values.indices, inputs: problem.inputs, targets: problem.targets, state: start
    ) { $0 }
    var sum = [Double](repeating: 0, count: problem.values.count)
    for row in contributions {
      for contribution in row { for index in sum.indices { sum[index] += contribution[index] } }
    }
    #expect(largestError(sum, expected.values) < 1e-12, "\(problem.architecture)")
    if !problem.architecture.features.contains("backward-layers") {
      for (t, row) in contributions.enumerated() {
        #expect(row[(t + 1)...].allSatisfy { $0.allSatisfy { $0 == 0 } }, "the future has no part in a loss")
      }
    }
  }
}

extension Architecture {
  /// Whether the cell computes with an activation.
  fileprivate func uses(_ activation: Activation) -> Bool {
    layers.contains { layer in
      switch layer {
      case .elman(let layer): layer.activation == activation
      case .lstm(let layer):
        [layer.recurrentActivation, layer.activation, layer.cellActivation].contains(activation)
          && (activation != .tanh && activation != .sigmoid || layer.activation == layer.cellActivation)
      case .gru(let layer): [layer.recurrentActivation, layer.activation].contains(activation)
      case .activation(let layer): layer.activation == activation
      case .oneHot, .embedding, .scalar, .dropout, .layerNorm, .delay, .sum, .concatenation, .final, .attention,
        .linear, .ngram:
        false
      }
    }
  }
}
