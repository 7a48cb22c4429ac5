/// A text as tokens, each with what it stands for in the text: what figures per byte and per character need.
public struct MeasuredText: Sendable {
  /// The tokens, in the order of the text.
  public let tokens: [Int32]
  /// The tokens, by their places in ``tokens`` and rising, whose symbols have no token of their own.
  public let unknown: [Int]
  /// How many symbols have no token of their own: they became the unknown token, or were left out.
  public let unknownCount: Int
  /// How many of them were left out.
  public let skippedCount: Int
  /// The bytes and characters of each token, two bytes a token.
  private var sizes: [UInt16]
  /// Those that two bytes do not hold.
  private var large: [Int: (bytes: Int, characters: Int)] = [:]

  /// What a token stands for: the bytes of its symbol and of the space before it that has no token, and the Unicode characters that
  /// begin in them.
  ///
  /// A byte that is not part of well-formed UTF-8 is a character, and so is the end of a line, a byte too.
  public func size(at index: Int) -> (bytes: Int, characters: Int) {
    let packed = sizes[index]
    if packed == .max { return large[index] ?? (0, 0) }
    return (Int(packed >> 8), Int(packed & 0xFF))
  }

  /// Splits a text into tokens.
  ///
  /// - Parameters:
  ///   - text: any bytes.
  ///   - vocabulary: the tokens.
  ///   - policy: what to do with symbols outside a vocabulary that has no unknown token.
  /// - Throws: ``VocabularyError/unknownSymbol(_:offset:)``, ``VocabularyError/symbolTooLong(offset:)``.
  public init(
    _ text: [UInt8], _ vocabulary: Vocabulary, unknown policy: Vocabulary.UnknownSymbols
  ) throws(VocabularyError) {
    var encoder = Vocabulary.Encoder(vocabulary, unknown: policy)
    var counter = CharacterCounter(text, splitsCharacters: vocabulary.kind == .bytes || vocabulary.kind == .bpe)
    var (tokens, unknown): ([Int32], [Int]) = ([], [])
    var sizes: [UInt16] = []
    var large: [Int: (bytes: Int, characters: Int)] = [:]
    tokens.reserveCapacity(vocabulary.kind == .words || vocabulary.kind == .bpe ? text.count / 4 : text.count)
    var previousIsWord = false
    try encoder.encode(whole: text, into: &tokens) { range, isUnknown in
      if isUnknown { unknown.append(sizes.count) }
      var size = (bytes: 1, characters: 1)
      if !range.isEmpty { size = (range.count, counter.count(in: range)) }
      if vocabulary.kind == .words {
        // Where white space is normalised, only what ends a line is not a word.
        let isWord =
          !range.isEmpty
          && (vocabulary.normalisation == .whitespace || range.count > 1
            || !Symbols.isWhiteSpace(text[range.lowerBound]))
        if isWord && previousIsWord { size = (size.bytes + 1, size.characters + 1) }
        previousIsWord = isWord
      }
      if size.bytes > 0xFE {
        large[sizes.count] = size
        sizes.append(.max)
      } else {
        sizes.append(UInt16(size.bytes) << 8 | UInt16(size.characters))
      }
    }
    self.tokens = tokens
    self.unknown = unknown
    self.sizes = sizes
    self.large = large
    unknownCount = encoder.unknownCount
    skippedCount = encoder.skippedCount
  }
}

/// Counts the characters that begin in ranges of a text, which come one after another.
private struct CharacterCounter {
  private let text: [UInt8]
  private let splitsCharacters: Bool
  /// Where the next character begins, for ranges that may cut one.
  private var next = 0

  init(_ text: [UInt8], splitsCharacters: Bool) { (self.text, self.splitsCharacters) = (text, splitsCharacters) }

  mutating func count(in range: Range<Int>) -> Int {
    var position = splitsCharacters ? next : range.lowerBound
    var count = 0
    let text = text
    let span = text.span
    while position < range.upperBound {
      // Symbols that were left out lie before the range.
      if position >= range.lowerBound { count += 1 }
      position += Symbols.scalarLength(in: span, at: position)
    }
    next = position
    return count
  }
}
