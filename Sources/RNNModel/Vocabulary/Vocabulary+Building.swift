extension Vocabulary {
  /// Collects the vocabulary of a text: ``Builder`` for a text in memory.
  ///
  /// - Parameters:
  ///   - kind: what a symbol is.
  ///   - normalisation: what splitting into words may give up.
  ///   - text: the training text.
  ///   - minimumCount: as for ``Builder/finish(minimumCount:maximumSize:)``.
  ///   - maximumSize: as there.
  /// - Throws: ``VocabularyError/empty`` if there are no tokens, as for an empty text of bytes or characters;
  ///   ``VocabularyError/symbolTooLong(offset:)``.
  public init(
    kind: Kind, normalisation: Normalisation = .none, text: [UInt8], minimumCount: Int? = nil, maximumSize: Int? = nil
  ) throws(VocabularyError) {
    var builder = Builder(kind: kind, normalisation: normalisation)
    try builder.add(text)
    self = try builder.finish(minimumCount: minimumCount, maximumSize: maximumSize)
  }
}
