extension Vocabulary {
  /// Splits a text into tokens part by part, so that the whole need not be in memory.
  ///
  /// However a text is cut into parts, the tokens are those that ``Vocabulary/encode(_:unknown:)`` gives for the whole of it.
  public struct Encoder: Sendable {
    /// How many symbols had no token of their own: they became the unknown token, or were left out.
    public private(set) var unknownCount = 0
    /// How many of them were left out.
    public private(set) var skippedCount = 0
    /// Where the symbol of the first token ends in the text, in bytes; 0 as long as there is none.
    public private(set) var firstEnd = 0

    private let vocabulary: Vocabulary
    private let policy: UnknownSymbols
    private var splitter: SymbolSplitter
    private var hasTokens = false
    /// One byte is the common symbol: a table spares the hash.
    private let single: [Int32]
    private var pieces = PieceCache()

    /// Begins a text.
    ///
    /// - Parameters:
    ///   - vocabulary: the tokens.
    ///   - unknown: what to do with symbols outside a vocabulary that has no unknown token.
    public init(_ vocabulary: Vocabulary, unknown policy: UnknownSymbols = .refuse) {
      self.vocabulary = vocabulary
      self.policy = policy
      splitter = SymbolSplitter(vocabulary.kind, vocabulary.normalisation)
      single = (0..<256).map { vocabulary.token(for: Symbol(CollectionOfOne(UInt8($0)))) ?? -1 }
    }

    /// Adds the tokens that are complete with the next part of the text.
    ///
    /// - Throws: ``VocabularyError/unknownSymbol(_:offset:)`` if the policy is ``UnknownSymbols/refuse``;
    ///   ``VocabularyError/symbolTooLong(offset:)``. The encoder is of no use after that.
    public mutating func encode(_ part: [UInt8], into tokens: inout [Int32]) throws(VocabularyError) {
      try encode(part, isEnd: false, into: &tokens)
    }

    /// Splits a whole text, and tells of each token where in the text it stands.
    ///
    /// - Parameter visit: called with the bytes of the text that a token stands for (none for a line end), and whether they have no token
    ///   of their own.
    mutating func encode(
      whole text: [UInt8], into tokens: inout [Int32], visit: (_ bytes: Range<Int>, _ isUnknown: Bool) -> Void
    ) throws(VocabularyError) {
      try encode(text, isEnd: true, into: &tokens, visit: visit)
    }

    /// Adds the tokens at the end of the text. A finished encoder takes no other part.
    ///
    /// - Throws: as ``encode(_:into:)``.
    public mutating func finish(into tokens: inout [Int32]) throws(VocabularyError) {
      try encode([], isEnd: true, into: &tokens)
    }

    private mutating func encode(
      _ part: [UInt8], isEnd: Bool, into tokens: inout [Int32],
      visit: (_ bytes: Range<Int>, _ isUnknown: Bool) -> Void = { _, _ in }
    ) throws(VocabularyError) {
      // The splitter is moved out while its closure changes the rest of the encoder.
      var splitter = splitter
      self.splitter = SymbolSplitter(vocabulary.kind, vocabulary.normalisation)
      try splitter.split(part, isEnd: isEnd) { (bytes, range, offset) throws(VocabularyError) in
        if !hasTokens {
          // A line end stands before its byte, if it has one.
          let end = range.upperBound + (range.isEmpty && range.upperBound < bytes.count ? 1 : 0)
          firstEnd = offset + end
        }
        let found: Int32?
        switch range.count {
        case 0: found = vocabulary.lineEnd
        case 1:
          let token = single[Int(bytes[range.lowerBound])]
          found = token < 0 ? nil : token
        default:
          if vocabulary.kind == .bpe {
            let count = tokens.count
            encodePiece(bytes[range], into: &tokens)
            var start = offset + range.lowerBound
            for token in tokens[count...] {
              let end = start + vocabulary[token].count
              visit(start..<end, false)
              start = end
            }
            return
          }
          found = vocabulary.token(for: Symbol(bytes[range]))
        }
        if let token = found ?? vocabulary.unknown {
          tokens.append(token)
          hasTokens = true
          // A symbol that is written as the unknown token is, has that token.
          if found == nil { unknownCount += 1 }
          visit((offset + range.lowerBound)..<(offset + range.upperBound), found == nil)
        } else if policy == .refuse {
          throw .unknownSymbol(Array(bytes[range]), offset: offset + range.lowerBound)
        } else {
          unknownCount += 1
          skippedCount += 1
        }
      }
      self.splitter = splitter
    }

    private mutating func encodePiece(_ piece: ArraySlice<UInt8>, into tokens: inout [Int32]) {
      let symbol = Symbol(piece)
      let start = tokens.count
      if !pieces.append(symbol, to: &tokens) {
        vocabulary.ranks.encode(piece, into: &tokens)
        pieces.insert(symbol, tokens[start...])
      }
      guard !hasTokens else { return }
      firstEnd = vocabulary[tokens[start]].count
      hasTokens = true
    }
  }

  /// The tokens of pieces seen of late: most pieces of a text are frequent ones.
  private struct PieceCache {
    private static let pieceLimit = 1 << 16
    private static let tokenLimit = 1 << 20
    private var ranges: [Symbol: Range<Int32>] = [:]
    private var tokens: [Int32] = []

    func append(_ piece: Symbol, to result: inout [Int32]) -> Bool {
      guard let range = ranges[piece] else { return false }
      result += tokens[Int(range.lowerBound)..<Int(range.upperBound)]
      return true
    }

    mutating func insert(_ piece: Symbol, _ encoded: ArraySlice<Int32>) {
      if ranges.count >= Self.pieceLimit || tokens.count >= Self.tokenLimit {
        // The memory stays bounded; frequent pieces are soon back.
        ranges.removeAll(keepingCapacity: true)
        tokens.removeAll(keepingCapacity: true)
      }
      let start = Int32(tokens.count)
      tokens += encoded
      ranges[piece] = start..<Int32(tokens.count)
    }
  }
}
