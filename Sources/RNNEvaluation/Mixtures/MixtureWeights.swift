import RealModule

/// The weights of a mixture that make a held-out text most probable, by expectation maximisation (Dempster, Laird & Rubin 1977; for language
/// models Jelinek & Mercer 1980).
public struct MixtureWeights: Hashable, Sendable {
  /// One for each model; they sum to one.
  public let weights: [Double]
  /// How often they were improved.
  public let iterations: Int
  /// -ln p of the text per token under the mixture, in nats.
  public let meanNats: Double

  /// Fits weights.
  ///
  /// The likelihood of weights has one maximum, so that the start, which is equal weights, does not matter. It ends when no weight changes
  /// by more than 1e-9.
  ///
  /// - Parameter logProbabilities: `[models][tokens]`, in nats, of the same tokens for each model.
  /// - Throws: ``EvaluationError/nothingCounted`` for a text without a token, ``EvaluationError/weights(reason:)`` if no model gives a token any
  ///   probability.
  public init(fitting logProbabilities: [[Double]]) throws(EvaluationError) {
    guard let first = logProbabilities.first, !first.isEmpty else { throw .nothingCounted }
    precondition(logProbabilities.allSatisfy { $0.count == first.count }, "models that scored other tokens")
    let models = logProbabilities.indices
    // Relative to the most probable one, so that nothing underflows.
    let largest = first.indices.map { token in models.map { logProbabilities[$0][token] }.max() ?? 0 }
    guard largest.allSatisfy({ $0 > -.infinity }) else {
      throw .weights(reason: "a token of the held-out text has no probability under any of the models")
    }
    let ratios = logProbabilities.map { row in zip(row, largest).map { Double.exp($0 - $1) } }
    var weights = [Double](repeating: 1 / Double(models.count), count: models.count)
    var iterations = 0
    var change = Double.infinity
    while change > 1e-9 && iterations < 10_000 {
      var shares = [Double](repeating: 0, count: models.count)
      for token in first.indices {
        let sum = models.reduce(0) { $0 + weights[$1] * ratios[$1][token] }
        for model in models { shares[model] += weights[model] * ratios[model][token] / sum }
      }
      let total = shares.reduce(0, +)
      let next = shares.map { $0 / total }
      change = zip(weights, next).map { abs($0 - $1) }.max() ?? 0
      weights = next
      iterations += 1
    }
    self.weights = weights
    self.iterations = iterations
    var nats = 0.0
    for token in first.indices {
      nats -= largest[token] + .log(models.reduce(0) { $0 + weights[$1] * ratios[$1][token] })
    }
    meanNats = nats / Double(first.count)
  }
}
