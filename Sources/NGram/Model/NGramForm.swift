import RealModule

/// A model as plain arrays: how it is stored, and how it comes from outside.
///
/// The n-grams of order n are those of `levels[n - 1]`, sorted by their tokens, so that the ones with the same context lie side by side. An n-gram of
/// order n has the index of its context at order n - 1 as the one whose `childOffsets` enclose its own index.
///
/// In a file, with N(n) n-grams of order n:
///
/// | array | type | shape | what |
/// | --- | --- | --- | --- |
/// | `n/tokens` | uint32 | `[N(n)]` | the last token of each, rising within a context; for n = 1 all tokens from 0, with `<s>` as the last one, V, if sentences end |
/// | `n/log_probabilities` | float32 | `[N(n)]` | ln p of the last token after the others, at most 0 |
/// | `n/backoffs` | float32 | `[N(n)]` | ln of what the order below is multiplied with after this context; not for the highest order |
/// | `n/child_offsets` | uint64 | `[N(n) + 1]` | where the n-grams of order n + 1 with this context begin, rising from 0 to N(n + 1); not for the highest order |
///
/// and beside them V, the token that ends sentences if there is one, and the ``NGramDescription``.
public struct NGramForm: Hashable, Sendable {
  /// The n-grams of one order.
  public struct Level: Hashable, Sendable {
    /// The last token of each.
    public var tokens: [UInt32]
    /// ln p of the last token after the others.
    public var logProbabilities: [Float]
    /// ln of the weight of the order below after this context; empty at the highest order.
    public var backoffs: [Float]
    /// Where the n-grams of the next order with this context begin; empty at the highest order.
    public var childOffsets: [UInt64]

    /// Takes the arrays.
    public init(
      tokens: [UInt32] = [], logProbabilities: [Float] = [], backoffs: [Float] = [], childOffsets: [UInt64] = []
    ) {
      self.tokens = tokens
      self.logProbabilities = logProbabilities
      self.backoffs = backoffs
      self.childOffsets = childOffsets
    }
  }

  /// The number of tokens, V, without `<s>`.
  public var vocabularySize: Int
  /// The token that ends a sentence; nil for a model of streams.
  public var sentenceEnd: Int32?
  /// How the model came about.
  public var description: NGramDescription
  /// For each order.
  public var levels: [Level]

  /// Takes the parts; ``NGramModel/init(_:)`` checks them.
  public init(vocabularySize: Int, sentenceEnd: Int32?, description: NGramDescription, levels: [Level]) {
    self.vocabularySize = vocabularySize
    self.sentenceEnd = sentenceEnd
    self.description = description
    self.levels = levels
  }

  /// What stands in the place of ln p of `<s>`, which never follows anything: log10 p = -99, as in ARPA files.
  public static let startLogProbability = Float(-99 * Double.log(10))
}
