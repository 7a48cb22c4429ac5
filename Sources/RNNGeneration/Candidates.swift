import RealModule

/// The tokens that may come next, the most probable first.
public struct Candidates: Sendable {
  /// Token ids, sorted by falling probability, then by rising id.
  public private(set) var tokens: [Int32]
  /// ln p of each, up to a common constant.
  public private(set) var scores: [Double]

  /// Takes a distribution over all tokens.
  ///
  /// - Parameter logProbabilities: ln p of each token, in nats; minus infinity for tokens that cannot come. Tokens whose number is NaN are left out.
  public init(logProbabilities: [Float]) {
    let usable = logProbabilities.indices.filter { !logProbabilities[$0].isNaN && logProbabilities[$0] > -.infinity }
    let sorted = usable.sorted {
      logProbabilities[$0] != logProbabilities[$1] ? logProbabilities[$0] > logProbabilities[$1] : $0 < $1
    }
    tokens = sorted.map { Int32($0) }
    scores = sorted.map { Double(logProbabilities[$0]) }
  }

  /// The number of tokens left.
  public var count: Int { tokens.count }

  /// The probabilities of the tokens that are left; they sum to 1.
  public var probabilities: [Double] {
    let largest = scores.first ?? 0
    let weights = scores.map { Double.exp($0 - largest) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// Keeps the `count` most probable tokens, at least one.
  public mutating func keep(_ count: Int) {
    let kept = max(1, count)
    guard kept < tokens.count else { return }
    tokens.removeSubrange(kept...)
    scores.removeSubrange(kept...)
  }

  /// Multiplies every score by a positive factor, which keeps their order.
  public mutating func scale(by factor: Double) {
    for index in scores.indices { scores[index] *= factor }
  }
}
