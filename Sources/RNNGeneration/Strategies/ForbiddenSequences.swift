/// Sequences of tokens that may not come (Hugging Face's bad words): where all but the last token of one stand at the end of the
/// text, the last is taken away.
public struct ForbiddenSequences: DecodingStrategy {
  /// `forbidden`
  public static let name = StrategyName.forbidden
  /// The last tokens of the sequences, by what comes before them.
  private let lastTokens: [[Int32]: Set<Int32>]

  /// - Parameter sequences: empty ones are left out.
  public init(_ sequences: [[Int32]]) {
    var lastTokens: [[Int32]: Set<Int32>] = [:]
    for sequence in sequences {
      guard let last = sequence.last else { continue }
      lastTokens[Array(sequence.dropLast()), default: []].insert(last)
    }
    self.lastTokens = lastTokens
  }

  /// Takes tokens away. None may be left.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    for (before, last) in lastTokens where context.tokens.suffix(before.count).elementsEqual(before) {
      candidates.remove(last)
    }
  }
}
