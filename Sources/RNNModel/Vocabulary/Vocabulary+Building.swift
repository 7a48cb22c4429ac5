extension Vocabulary {
  /// Collects the vocabulary of a text.
  ///
  /// Bytes and characters are sorted by their bytes; words by falling count, then by their bytes. Words always get an
  /// unknown token `<unk>` and, with ``Normalisation/whitespace``, a line end `<eos>`.
  ///
  /// - Parameters:
  ///   - kind: what a symbol is.
  ///   - normalisation: what splitting into words may give up.
  ///   - text: the training text.
  ///   - minimumCount: symbols that occur less often get no token; with 0, all 256 bytes are tokens of a vocabulary of bytes.
  ///   - maximumSize: at most so many tokens (the most frequent ones), special tokens included.
  /// - Throws: ``VocabularyError/empty`` if there are no tokens, as for an empty text of bytes or characters.
  public init(
    kind: Kind, normalisation: Normalisation = .none, text: [UInt8], minimumCount: Int = 1, maximumSize: Int? = nil
  ) throws(VocabularyError) {
    var counts: [Symbol: UInt64] = [:]
    var single = [UInt64](repeating: 0, count: 256)
    var lines: UInt64 = 0
    Symbols.forEach(of: text, kind: kind, normalisation: normalisation) { range in
      switch range.count {
      case 0: lines += 1
      case 1: single[Int(text[range.lowerBound])] += 1
      default: counts[Symbol(text[range]), default: 0] += 1
      }
    }
    for byte in 0..<256 where single[byte] > 0 || (kind == .bytes && minimumCount == 0) {
      counts[Symbol(CollectionOfOne(UInt8(byte)))] = single[byte]
    }
    var special: [(bytes: [UInt8], count: UInt64)] = []
    if kind == .words {
      let unknown = Array("<unk>".utf8)
      special.append((unknown, counts.removeValue(forKey: Symbol(unknown)) ?? 0))
      if normalisation == .whitespace {
        let lineEnd = Array("<eos>".utf8)
        special.append((lineEnd, lines + (counts.removeValue(forKey: Symbol(lineEnd)) ?? 0)))
      }
    }
    var found: [(bytes: [UInt8], count: UInt64)] = counts.filter { $0.value >= UInt64(max(0, minimumCount)) }
      .map { (bytes: $0.key.bytes, count: $0.value) }
    found.sort { $0.count != $1.count ? $0.count > $1.count : $0.bytes.lexicographicallyPrecedes($1.bytes) }
    if let maximumSize {
      found = Array(found.prefix(max(0, maximumSize - special.count)))
    }
    let kept = Set(found.lazy.map { Symbol($0.bytes) })
    if kind == .words {
      special[0].count += counts.reduce(0) { kept.contains($1.key) ? $0 : $0 + $1.value }
    } else {
      found.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }
    let all = special + found
    try self.init(
      kind: kind, normalisation: normalisation, tokens: all.map(\.bytes), counts: all.map(\.count),
      unknown: kind == .words ? 0 : nil, lineEnd: normalisation == .whitespace ? 1 : nil)
  }
}
