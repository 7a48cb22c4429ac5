/// No n tokens in a row come twice (Paulus et al. 2017), the prompt's included.
public struct NoRepeatNGram: DecodingStrategy {
  /// `no-repeat-ngram`
  public static let name = StrategyName.noRepeatNGram
  /// n.
  public let size: Int
  /// The tokens that followed each n - 1 tokens, as far as the text has been read.
  private var followers: [[Int32]: Set<Int32>] = [:]
  private var read = 0

  /// - Precondition: n is positive.
  public init(_ size: Int) {
    precondition(size > 0, "n-grams of \(size)")
    self.size = size
  }

  /// Takes the tokens away that would repeat an n-gram. None may be left.
  public mutating func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    let tokens = context.tokens
    while read + size <= tokens.count {
      let last = read + size - 1
      followers[Array(tokens[read..<last]), default: []].insert(tokens[last])
      read += 1
    }
    guard tokens.count >= size - 1 else { return }
    if let seen = followers[Array(tokens.suffix(size - 1))] { candidates.remove(seen) }
  }
}
