/// Splits a text that comes in parts into the symbols of the whole text.
struct SymbolSplitter: Sendable {
  private let kind: Vocabulary.Kind
  private let normalisation: Vocabulary.Normalisation
  /// What was left over of the parts before.
  private var rest: [UInt8] = []
  /// The byte before it.
  private var previous: UInt8?
  /// Where it begins in the text.
  private var offset = 0

  init(_ kind: Vocabulary.Kind, _ normalisation: Vocabulary.Normalisation) {
    self.kind = kind
    self.normalisation = normalisation
  }

  /// Calls `body` with each symbol that is complete now: the bytes it lies in, its range there (empty for a line end), and where
  /// these bytes begin in the text.
  ///
  /// - Parameters:
  ///   - part: the next bytes of the text.
  ///   - isEnd: whether they are the last ones.
  /// - Throws: ``VocabularyError/symbolTooLong(offset:)``, or what `body` throws.
  mutating func split(
    _ part: [UInt8], isEnd: Bool, _ body: ([UInt8], Range<Int>, _ offset: Int) throws(VocabularyError) -> Void
  ) throws(VocabularyError) {
    let bytes = rest.isEmpty ? part : rest + part
    let offset = offset
    let end = try Symbols.forEach(
      of: bytes, after: previous, isEnd: isEnd, kind: kind, normalisation: normalisation
    ) { (range) throws(VocabularyError) in
      guard range.count <= Symbols.longestWord else { throw .symbolTooLong(offset: offset + range.lowerBound) }
      try body(bytes, range, offset)
    }
    rest = Array(bytes[end...])
    guard rest.count <= Symbols.longestWord else { throw .symbolTooLong(offset: offset + end) }
    if end > 0 { previous = bytes[end - 1] }
    self.offset += end
  }
}
