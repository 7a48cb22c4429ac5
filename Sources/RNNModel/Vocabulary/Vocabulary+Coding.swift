extension Vocabulary {
  /// What to do with a symbol that has no token, in a vocabulary without an unknown token.
  public enum UnknownSymbols: String, Hashable, Sendable, CaseIterable, Codable {
    /// Throw ``VocabularyError/unknownSymbol(_:offset:)``.
    case refuse
    /// Leave it out, and count it.
    case skip
  }

  /// A text as tokens.
  public struct Encoding: Hashable, Sendable {
    /// The tokens, in the order of the text.
    public var tokens: [Int32]
    /// How many symbols had no token of their own: they became the unknown token, or were left out.
    public var unknownCount: Int
    /// How many of them were left out.
    public var skippedCount: Int
    /// Where the symbol of the first token ends in the text, in bytes; 0 for an empty text.
    public var firstEnd: Int
  }

  /// Splits a text into tokens.
  ///
  /// - Parameters:
  ///   - text: any bytes.
  ///   - unknown: what to do with symbols outside a vocabulary that has no unknown token.
  /// - Throws: ``VocabularyError/unknownSymbol(_:offset:)`` if `unknown` is ``UnknownSymbols/refuse``;
  ///   ``VocabularyError/symbolTooLong(offset:)``.
  public func encode(_ text: [UInt8], unknown policy: UnknownSymbols = .refuse) throws(VocabularyError) -> Encoding {
    var encoder = Encoder(self, unknown: policy)
    var tokens: [Int32] = []
    tokens.reserveCapacity(kind == .words || kind == .bpe ? text.count / 4 : text.count)
    try encoder.encode(text, into: &tokens)
    try encoder.finish(into: &tokens)
    return Encoding(
      tokens: tokens, unknownCount: encoder.unknownCount, skippedCount: encoder.skippedCount,
      firstEnd: encoder.firstEnd)
  }

  /// The number of Unicode characters that begin in a text at or after byte `start`; each byte that is not part of
  /// well-formed UTF-8 counts as one.
  public static func characterCount(of text: [UInt8], from start: Int = 0) -> Int {
    var count = 0
    Symbols.forEachScalar(of: text) { if $0.lowerBound >= start { count += 1 } }
    return count
  }

  /// Joins tokens to a text. Special tokens give their names.
  ///
  /// - Precondition: every token is in `0 ..< count`.
  public func decode(_ tokens: some Sequence<Int32>) -> [UInt8] {
    var text: [UInt8] = []
    var decoder = Decoder(self)
    for token in tokens { text += decoder.decode(token) }
    return text
  }

  /// Joins tokens to a text one by one, as a sampler makes them.
  public struct Decoder: Sendable {
    private let vocabulary: Vocabulary
    private var previousIsWord = false

    /// Begins a text.
    public init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    /// The bytes that `token` adds to the text.
    ///
    /// - Precondition: `token` is in `0 ..< count`.
    public mutating func decode(_ token: Int32) -> [UInt8] {
      guard vocabulary.kind == .words else { return Array(vocabulary[token]) }
      if token == vocabulary.lineEnd {
        previousIsWord = false
        return [0x0A]
      }
      let bytes = vocabulary[token]
      // Where white space is normalised, only what ends a line is not a word, whatever its bytes.
      let isWord =
        vocabulary.normalisation == .whitespace || !(bytes.count == 1 && bytes.allSatisfy(Symbols.isWhiteSpace))
      defer { previousIsWord = isWord }
      return (isWord && previousIsWord ? [0x20] : []) + bytes
    }
  }
}
