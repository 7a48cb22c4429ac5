import RNNModel
import RealModule
import Testing

/// Truncation, contributions and Jacobians against what they are by definition, with nothing but forward passes.
@Suite struct ReferenceMethodTests {
  private func problem(
    _ seed: Int, steps: Int, _ features: Set<String> = Architecture.allFeatures
  ) throws -> DrawnProblem {
    var model = DrawnModel(
      seed: 3000 + seed, dropout: true, features: features.subtracting(["backward-layers"]))
    return DrawnProblem(&model, steps: steps)
  }

  // MARK: - Truncation

  @Test(arguments: 0..<30) func truncationThatReachesTheBeginningIsNone(seed: Int) throws {
    let problem = try problem(seed, steps: 5)
    let whole = problem.reference.gradient(inputs: problem.inputs, targets: problem.targets, state: problem.start)
    for k1 in 1...6 {
      let updates = try problem.reference.truncatedGradients(
        inputs: problem.inputs, targets: problem.targets, state: problem.start, k1: k1, k2: 6)
      #expect(updates.count == (5 + k1 - 1) / k1)
      #expect(largestError([updates.reduce(0) { $0 + $1.loss }], [whole.loss]) < 1e-12)
      let sum = whole.values.indices.map { index in updates.reduce(0) { $0 + $1.values[index] } }
      #expect(largestError(sum, whole.values) < 1e-12, "\(problem.architecture)")
      #expect(updates.last?.state == whole.state)
    }
  }

  /// The state k2 steps back is a constant; from there on, the parameters move.
  @Test(arguments: 0..<20) func truncationEqualsItsDefinition(seed: Int) throws {
    let problem = try problem(seed, steps: 7)
    let (k1, k2) = [(1, 1), (1, 3), (2, 3), (3, 3), (3, 4)][seed % 5]
    let updates = try problem.reference.truncatedGradients(
      inputs: problem.inputs, targets: problem.targets, state: problem.start, k1: k1, k2: k2)
    for (update, gradient) in updates.enumerated() {
      let end = min((update + 1) * k1, 7)
      let window = max(0, end - k2)..<end
      var state = problem.start
      _ = problem.reference.logits(problem.part(0..<window.lowerBound), state: &state)
      func loss(_ moved: DrawnProblem) -> Double {
        var state = window.lowerBound == 0 ? moved.start : state
        let logits = moved.reference(from: window.lowerBound).logits(problem.part(window), state: &state)
        return problem.losses(of: logits, from: window.lowerBound)[(update * k1 - window.lowerBound)...].reduce(0, +)
      }
      #expect(largestError([gradient.loss], [loss(problem)]) < 1e-12)
      for index in problem.values.indices {
        let difference = problem.difference(index, of: loss)
        #expect(
          abs(difference - gradient.values[index]) < 1e-6 * max(0.01, abs(difference)),
          "\(problem.architecture) parameter \(index)")
      }
      _ = problem.reference(from: window.lowerBound).logits(problem.part(window), state: &state)
      #expect(gradient.state == state)
    }
  }

  @Test(arguments: [(0, 3), (4, 3), (-1, -1)]) func refusesTruncationThatCannotBe(k1: Int, k2: Int) throws {
    let problem = try problem(1, steps: 4)
    #expect(throws: ReferenceError.truncation(k1: k1, k2: k2)) {
      try problem.reference.truncatedGradients(
        inputs: problem.inputs, targets: problem.targets, state: problem.start, k1: k1, k2: k2)
    }
  }

  @Test func refusesToGoForwardInTimeThroughLayersThatGoBackward() throws {
    let architecture = Architecture(
      size: 3,
      layers: [
        .oneHot(.init(name: "input", size: 3)),
        .elman(.init(name: "mirror", inputs: 3, outputs: 2, direction: .backward)),
        .linear(.init(name: "output", inputs: 2, outputs: 3)),
      ], context: .sequence)
    var model = DrawnModel(architecture)
    let problem = DrawnProblem(&model, steps: 3)
    let (inputs, targets) = (problem.inputs, problem.targets)
    #expect(throws: ReferenceError.backwardLayer("mirror")) {
      try problem.reference.realTimeGradient(inputs: inputs, targets: targets, state: problem.start)
    }
    #expect(throws: ReferenceError.backwardLayer("mirror")) {
      try problem.reference.truncatedGradients(inputs: inputs, targets: targets, state: problem.start, k1: 1, k2: 2)
    }
  }

  // MARK: - Real-time learning

  @Test func statesWhatRealTimeLearningWouldCost() throws {
    let architecture = Architecture(
      size: 10,
      layers: [
        .oneHot(.init(name: "input", size: 10)), .elman(.init(name: "elman", inputs: 10, outputs: 4)),
        .lstm(.init(name: "lstm", inputs: 4, outputs: 3, projection: .init(cells: 5))),
        .linear(.init(name: "output", inputs: 3, outputs: 10)),
      ])
    var model = DrawnModel(architecture)
    let problem = DrawnProblem(&model, steps: 3)
    let cost = problem.reference.realTimeCost
    // The output's 40 parameters have no influence on the state.
    let parameters = 4 * (10 + 4 + 1) + 4 * 5 * (4 + 3 + 1) + 3 * 5
    #expect(cost.states == 4 + 3 + 5)
    #expect(cost.parameters == parameters)
    #expect(cost.influences == 12 * parameters)
    #expect(cost.operationsPerStep == 144 * parameters)
    #expect(cost.bytes == 2 * 12 * parameters * 8)
    #expect(throws: ReferenceError.tooLarge(cost, limit: cost.influences - 1)) {
      try problem.reference.realTimeGradient(
        inputs: problem.inputs, targets: problem.targets, state: problem.start, limit: cost.influences - 1)
    }
    let found = try problem.reference.realTimeGradient(
      inputs: problem.inputs, targets: problem.targets, state: problem.start, limit: cost.influences)
    #expect(found.values.count == problem.values.count)
  }

  @Test func refusesRealTimeLearningOfLargeModels() throws {
    let architecture = Architecture(around: .elman(.init(name: "elman", inputs: 3, outputs: 300)))
    let values = [Double](repeating: 0, count: ParameterTable(architecture).count)
    let reference = Reference<Double>(architecture, values: values)
    #expect(throws: ReferenceError.tooLarge(reference.realTimeCost, limit: 1 << 24)) {
      try reference.influence(of: reference.initialState)
    }
  }

  /// Each step's gradient is the row of that step's loss in the contributions.
  @Test(arguments: 0..<20) func realTimeLearningKnowsEachStepsGradient(seed: Int) throws {
    let problem = try problem(500 + seed, steps: 4)
    let contributions = problem.reference.contributions(
      to: problem.values.indices, inputs: problem.inputs, targets: problem.targets, state: problem.start
    ) { $0 }
    var influence = try problem.reference.influence(of: problem.start)
    for t in 0..<4 {
      let gradient = problem.reference.realTimeGradient(
        input: problem.part(t..<(t + 1)), target: problem.target(t), influence: &influence)
      let expected = problem.values.indices.map { index in contributions[t].reduce(0) { $0 + $1[index] } }
      #expect(largestError(gradient.values, expected) < 1e-12, "\(problem.architecture)")
    }
    #expect(influence.step == 4)
  }

  // MARK: - Contributions

  /// As if every step had its own copy of the weights.
  @Test(arguments: 0..<40) func contributionsEqualTheirDefinition(seed: Int) throws {
    let problem = try problem(1000 + seed, steps: 4, Architecture.allFeatures.subtracting(["learned-initial-state"]))
    guard !problem.values.isEmpty else { return }
    let index = (seed * 7919) % problem.values.count
    let contributions = problem.reference.contributions(
      toParameter: index, inputs: problem.inputs, targets: problem.targets, state: problem.start)
    let start = problem.start
    for i in 0..<4 {
      /// The loss of step t, where only step i has the moved values.
      func losses(_ moved: DrawnProblem) -> [Double] {
        var state = start
        return (0..<4).flatMap { step in
          let reference = (step == i ? moved : problem).reference(from: step)
          return problem.losses(of: reference.logits(problem.part(step..<(step + 1)), state: &state), from: step)
        }
      }
      for t in 0..<4 {
        let difference = problem.difference(index) { losses($0)[t] }
        #expect(
          abs(difference - contributions[t][i]) < 1e-6 * max(0.01, abs(difference)),
          "\(problem.architecture) parameter \(index), loss \(t), use \(i)")
      }
    }
  }

  @Test func normsAreThoseOfTheContributions() throws {
    var model = DrawnModel(Architecture(around: .gru(.init(name: "cell", inputs: 3, outputs: 2))))
    let problem = DrawnProblem(&model, steps: 3)
    let range = try #require(ParameterTable(problem.architecture)["cell", "recurrent_weights"]).range
    func all<Summary>(_ summary: ([Double]) -> Summary) -> [[Summary]] {
      problem.reference.contributions(
        to: range, inputs: problem.inputs, targets: problem.targets, state: problem.start, summary: summary)
    }
    let norms = problem.reference.contributionNorms(
      to: range, inputs: problem.inputs, targets: problem.targets, state: problem.start)
    #expect(all(\.count).joined().allSatisfy { $0 == range.count })
    for (row, expected) in zip(norms, all { $0.reduce(0) { $0 + $1 * $1 } }) {
      #expect(largestError(row.map { $0 * $0 }, expected) < 1e-12)
    }
  }

  // MARK: - The sequential Jacobian

  @Test(arguments: 0..<40) func theSequentialJacobianEqualsCentralDifferences(seed: Int) throws {
    var model = DrawnModel(seed: 4000 + seed, dropout: true, features: Architecture.allFeatures)
    let problem = DrawnProblem(&model, steps: 4)
    let (step, unit) = (seed % 4, seed % problem.architecture.outputSize)
    // The same with a vector for each token: a one-hot layer falls away, an embedding is a matrix.
    let plain = problem.withVectors
    for (found, expected) in zip(
      outputs(plain, plain.inputs, .logits), outputs(problem, problem.inputs, .logits))
    {
      #expect(largestError(found, expected) < 1e-13)
    }
    guard case .features(let vectors) = plain.inputs else { return }
    for quantity in [Reference<Double>.OutputQuantity.logits, .probabilities] {
      let found = problem.reference.sequentialJacobian(
        ofOutput: unit, at: step, quantity: quantity, inputs: problem.inputs, state: problem.start)
      for t in 0..<4 {
        for i in 0..<problem.architecture.size {
          func output(_ change: Double) -> Double {
            var moved = vectors
            moved[t][i] += change
            return outputs(plain, .features(moved), quantity)[step][unit]
          }
          let difference = (output(1e-5) - output(-1e-5)) / 2e-5
          #expect(
            abs(difference - found[t][i]) < 1e-6 * max(0.01, abs(difference)), "\(problem.architecture) \(t) \(i)")
        }
      }
    }
  }

  private func outputs(
    _ problem: DrawnProblem, _ inputs: Reference<Double>.Inputs, _ quantity: Reference<Double>.OutputQuantity
  ) -> [[Double]] {
    var state = problem.start
    let logits = problem.reference.logits(inputs, state: &state)
    switch (quantity, problem.architecture.output) {
    case (.logits, _), (.probabilities, .values), (.probabilities, .logProbabilities): return logits
    case (.probabilities, .softmax): return logits.map { logSoftmax($0).map { .exp($0) } }
    case (.probabilities, .sigmoid): return logits.map { $0.map { 1 / (1 + .exp(-$0)) } }
    }
  }
}
