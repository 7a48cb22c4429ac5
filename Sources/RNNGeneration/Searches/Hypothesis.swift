/// A text that a search has found.
public struct Hypothesis: Hashable, Sendable {
  /// What was added to the prompt.
  public let tokens: [Int32]
  /// ln p of these tokens under the model, in nats.
  public let logProbability: Double
  /// What the search ranks by.
  public let score: Double

  /// The better one first; of equals the one that the alphabet of ids puts first.
  static func isBetter(_ left: Hypothesis, _ right: Hypothesis) -> Bool {
    left.score != right.score ? left.score > right.score : left.tokens.lexicographicallyPrecedes(right.tokens)
  }
}

/// A path of a search that still goes on.
struct Beam {
  var chain: DecodingChain
  var context: DecodingContext
  /// ln p under the model.
  var logProbability = 0.0
  /// What the search has summed up.
  var score = 0.0
  /// The stream that has read the path.
  var stream: Int

  /// What may come next, given ln p of each token.
  mutating func candidates(_ logProbabilities: ArraySlice<Float>) -> Candidates {
    chain.candidates(logProbabilities, in: &context)
  }

  /// The path with one more token, which the stream has not read yet.
  func extended(by token: Int32, logProbability: Double, score: Double) -> Beam {
    var beam = self
    beam.chain.take(token, probability: PortableMath.exp(logProbability))
    beam.context.append(token)
    beam.logProbability += logProbability
    beam.score = score
    return beam
  }

  func hypothesis(score: Double) -> Hypothesis {
    Hypothesis(tokens: Array(context.drawnTokens), logProbability: logProbability, score: score)
  }
}
