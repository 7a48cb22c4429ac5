import RNNModel

/// A text as stored tokens, and what there is to say about it.
public struct EncodedText: Sendable {
  /// The tokens, in the order of the text.
  public let tokens: TokenStore
  /// How often each token occurs, `[V]`.
  public let tokenCounts: [UInt64]
  /// How many symbols had no token of their own: they became the unknown token, or were left out.
  public let unknownCount: Int
  /// How many of them were left out.
  public let skippedCount: Int
  /// The size of the text in bytes, after decompression.
  public let byteCount: Int

  /// Reads a text once and splits it into tokens.
  ///
  /// - Parameters:
  ///   - source: the text.
  ///   - vocabulary: the tokens.
  ///   - unknown: what to do with symbols outside a vocabulary that has no unknown token.
  ///   - memoryLimit: how many bytes of tokens may lie in memory; what is beyond goes to a temporary file.
  ///   - folder: where that goes; nil for TMPDIR, or the system's folder.
  ///   - observe: called with each part of the text, for example to hash it.
  /// - Throws: ``TextError``; `VocabularyError`.
  public init(
    _ source: TextSource, vocabulary: Vocabulary, unknown: Vocabulary.UnknownSymbols = .skip,
    memoryLimit: Int = 1 << 28, folder: String? = nil, observe: ([UInt8]) -> Void = { _ in }
  ) throws {
    var encoder = Vocabulary.Encoder(vocabulary, unknown: unknown)
    var writer = TokenStore.Writer(vocabularySize: vocabulary.count, memoryLimit: memoryLimit, folder: folder)
    var byteCount = 0
    var tokenCounts = [UInt64](repeating: 0, count: vocabulary.count)
    var tokens: [Int32] = []
    try source.read { part in
      observe(part)
      byteCount += part.count
      try encoder.encode(part, into: &tokens)
      for token in tokens { tokenCounts[Int(token)] += 1 }
      try writer.append(tokens)
      tokens.removeAll(keepingCapacity: true)
    }
    try encoder.finish(into: &tokens)
    for token in tokens { tokenCounts[Int(token)] += 1 }
    try writer.append(tokens)
    self.tokens = writer.finish()
    self.tokenCounts = tokenCounts
    self.byteCount = byteCount
    unknownCount = encoder.unknownCount
    skippedCount = encoder.skippedCount
  }
}
