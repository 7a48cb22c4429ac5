/// The tokens that may come next, each with a score: ln p up to a constant that all have in common.
///
/// Seen from outside they are sorted, the most probable first. Inside they are sorted only as far as somebody asks for it: drawing
/// from all of a large vocabulary, or keeping a few, takes one pass.
public struct Candidates: Sendable {
  /// The token of each score; empty while all tokens are there in the order of their ids.
  var ids: [Int32] = []
  var values: [Double]
  var isSorted = false

  /// Takes a distribution over all tokens.
  ///
  /// - Parameter logProbabilities: ln p of each token, in nats; minus infinity for tokens that cannot come. Tokens whose number is NaN are left out.
  public init(logProbabilities: some Collection<Float>) {
    values = logProbabilities.map { Double($0) }
    guard !values.allSatisfy({ $0 > -.infinity }) else { return }
    let usable = values.indices.filter { values[$0] > -.infinity }
    ids = usable.map { Int32($0) }
    values = usable.map { values[$0] }
  }

  /// The number of tokens left.
  public var count: Int { values.count }

  /// Token ids, sorted by falling probability, then by rising id.
  public var tokens: [Int32] { sorted.ids }

  /// ln p of each of ``tokens``, up to a common constant.
  public var scores: [Double] { sorted.values }

  /// The probabilities of ``tokens``; they sum to 1.
  public var probabilities: [Double] {
    let weights = Weights(sorted.values)
    return weights.values.map { $0 / weights.total }
  }

  /// The probability of a token; 0 for one that is not left.
  public func probability(of token: Int32) -> Double {
    guard let index = index(of: token) else { return 0 }
    let weights = Weights(values)
    return weights.values[index] / weights.total
  }

  /// -sum p ln p over the tokens left, in nats.
  public var entropy: Double { Weights(values).entropy(values) }

  private func index(of token: Int32) -> Int? {
    ids.isEmpty ? (values.indices.contains(Int(token)) ? Int(token) : nil) : ids.firstIndex(of: token)
  }

  /// The token of one of ``values``.
  func id(_ index: Int) -> Int32 { ids.isEmpty ? Int32(truncatingIfNeeded: index) : ids[index] }
}
