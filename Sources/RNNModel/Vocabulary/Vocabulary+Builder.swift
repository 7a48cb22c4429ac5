extension Vocabulary {
  /// Collects the vocabulary of a text that comes in parts, in bounded memory.
  ///
  /// It holds at most 4,194,304 different symbols longer than a byte, and 64 MiB of their bytes: less than 1 GiB, and about as much again while pairs are merged. In a text
  /// with more of them, the rarest so far are forgotten (``forgottenCount``), so that the counts of rare symbols are too low.
  public struct Builder: Sendable {
    private let kind: Kind
    private let normalisation: Normalisation
    private var splitter: SymbolSplitter
    private var counts: SymbolCounts

    /// Begins a text.
    ///
    /// - Parameters:
    ///   - kind: what a symbol is.
    ///   - normalisation: what splitting into words may give up.
    ///   - symbolLimit: how many different symbols of several bytes to hold.
    ///   - byteLimit: how many bytes of them.
    public init(
      kind: Kind, normalisation: Normalisation = .none, symbolLimit: Int = 1 << 22, byteLimit: Int = 1 << 26
    ) {
      self.kind = kind
      self.normalisation = normalisation
      splitter = SymbolSplitter(kind, normalisation)
      counts = SymbolCounts(symbolLimit: symbolLimit, byteLimit: byteLimit)
    }

    /// Symbols that had been seen so often, or less, were forgotten to bound the memory; 0 if none was.
    public var forgottenCount: Int { Int(clamping: counts.forgotten) }

    /// Counts the next part of the text.
    ///
    /// - Throws: ``VocabularyError/symbolTooLong(offset:)``.
    public mutating func add(_ part: [UInt8]) throws(VocabularyError) { try add(part, isEnd: false) }

    /// Ends a text: what comes next is another one, whose first word does not go on with the last one of this.
    ///
    /// - Throws: ``VocabularyError/symbolTooLong(offset:)``.
    public mutating func endText() throws(VocabularyError) {
      try add([], isEnd: true)
      splitter = SymbolSplitter(kind, normalisation)
    }

    private mutating func add(_ part: [UInt8], isEnd: Bool) throws(VocabularyError) {
      // Bytes need no splitting.
      guard kind != .bytes else { return counts.add(bytes: part) }
      try splitter.split(part, isEnd: isEnd) { (bytes, range, _) throws(VocabularyError) in
        if range.isEmpty { counts.addLineEnd() } else { counts.add(bytes[range]) }
      }
    }

    /// The vocabulary of all that was added.
    ///
    /// Bytes and characters are sorted by their bytes; words by falling count, then by their bytes. Words always get an unknown
    /// token `<unk>` and, with ``Normalisation/whitespace``, a line end `<eos>`. Byte pairs are merged by falling count, of equals
    /// the one with the smallest ids first; there is no counts column if symbols were forgotten.
    ///
    /// - Parameters:
    ///   - minimumCount: symbols that occur less often get no token, pairs are not merged; with 0, all 256 bytes are tokens of a
    ///     vocabulary of bytes. Without a value it is 1, and 2 for pairs.
    ///   - maximumSize: at most so many tokens (the most frequent ones), special tokens included. A vocabulary of
    ///     ``Kind/bpe`` has its 256 bytes in any case.
    ///   - progress: called now and then while pairs are merged, which can take long, with the part that is done at least.
    /// - Throws: ``VocabularyError/empty`` if there are no tokens, as for an empty text of bytes or characters;
    ///   ``VocabularyError/symbolTooLong(offset:)``.
    public mutating func finish(
      minimumCount: Int? = nil, maximumSize: Int? = nil, progress: (Double) -> Void = { _ in }
    ) throws(VocabularyError) -> Vocabulary {
      try endText()
      guard kind != .bpe else {
        return try Vocabulary(
          merging: counts, minimumCount: minimumCount ?? 2, maximumSize: maximumSize, progress: progress)
      }
      return try Vocabulary(
        kind, normalisation, counts, minimumCount: minimumCount ?? 1, maximumSize: maximumSize)
    }
  }

  private init(
    merging counts: SymbolCounts, minimumCount: Int, maximumSize: Int?, progress: (Double) -> Void
  ) throws(VocabularyError) {
    var training = MergeTraining(counts)
    training.run(
      minimumCount: max(1, minimumCount), maximumSize: maximumSize ?? Int(Int32.max), progress: progress)
    try self.init(merges: training.merges, counts: counts.forgotten == 0 ? training.tokenCounts : nil)
  }

  private init(
    _ kind: Kind, _ normalisation: Normalisation, _ symbols: SymbolCounts, minimumCount: Int, maximumSize: Int?
  ) throws(VocabularyError) {
    var counts = symbols.long
    for byte in 0..<256 where symbols.single[byte] > 0 || (kind == .bytes && minimumCount == 0) {
      counts[Symbol(CollectionOfOne(UInt8(byte)))] = symbols.single[byte]
    }
    var special: [(bytes: [UInt8], count: UInt64)] = []
    if kind == .words {
      let unknown = Array("<unk>".utf8)
      special.append((unknown, counts.removeValue(forKey: Symbol(unknown)) ?? 0))
      if normalisation == .whitespace {
        let lineEnd = Array("<eos>".utf8)
        special.append((lineEnd, symbols.lineEnds + (counts.removeValue(forKey: Symbol(lineEnd)) ?? 0)))
      }
    }
    var found: [(bytes: [UInt8], count: UInt64)] = []
    for (symbol, count) in counts where count >= UInt64(max(0, minimumCount)) { found.append((symbol.bytes, count)) }
    found.sort { $0.count != $1.count ? $0.count > $1.count : $0.bytes.lexicographicallyPrecedes($1.bytes) }
    if let maximumSize { found = Array(found.prefix(max(0, maximumSize - special.count))) }
    if kind == .words {
      // What has no token of its own is the unknown token.
      let all = counts.values.reduce(0, +)
      special[0].count += all - found.reduce(0) { $0 + $1.count }
    } else {
      found.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }
    let all = special + found
    try self.init(
      kind: kind, normalisation: normalisation, tokens: all.map(\.bytes),
      counts: symbols.forgotten == 0 ? all.map(\.count) : nil, unknown: kind == .words ? 0 : nil,
      lineEnd: normalisation == .whitespace ? 1 : nil)
  }
}
