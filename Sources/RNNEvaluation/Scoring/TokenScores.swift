/// What a model makes of each token of a text.
public struct TokenScores: Sendable {
  /// The tokens, in the order of the text.
  public let tokens: [Int32]
  /// ln p of each, in nats; NaN for one that was not scored.
  public private(set) var logProbabilities: [Double]
  /// How many tokens were more probable in its place, plus one; 0 for one that was not scored.
  public private(set) var ranks: [Int32]
  /// The entropy of the distribution that it was scored by, in nats; NaN for one that was not scored.
  public private(set) var entropies: [Double]

  init(_ tokens: [Int32]) {
    self.tokens = tokens
    logProbabilities = [Double](repeating: .nan, count: tokens.count)
    ranks = [Int32](repeating: 0, count: tokens.count)
    entropies = [Double](repeating: .nan, count: tokens.count)
  }

  mutating func set(_ place: Int, _ logProbability: Double, rank: Int, entropy: Double) {
    logProbabilities[place] = logProbability
    ranks[place] = Int32(clamping: rank)
    entropies[place] = entropy
  }
}
