extension NGramCounts {
  /// Counts the n-grams of a text.
  ///
  /// - Parameters:
  ///   - text: token ids.
  ///   - order: the highest order.
  ///   - vocabularySize: V; the text's tokens are in `0 ..< V`.
  ///   - sentenceEnd: the token that ends a sentence. After it, and at the beginning, the context is `<s>`, and no n-gram goes from one
  ///     sentence to the next. Nil for a text that is one stream.
  ///   - memoryLimit: more memory than this is not taken, in bytes.
  /// - Throws: ``NGramError`` for a text that has other tokens or none, and if ``memoryEstimate(tokens:order:vocabularySize:)`` is above the limit.
  public init(
    _ text: [Int32], order: Int, vocabularySize: Int, sentenceEnd: Int32? = nil,
    memoryLimit: Int = NGramCounts.defaultMemoryLimit
  ) throws(NGramError) {
    guard 1...NGramModel.highestOrder ~= order else { throw .order(order) }
    guard 1..<Int(Int32.max) ~= vocabularySize else { throw .vocabulary(size: vocabularySize, sentenceEnd: nil) }
    if let sentenceEnd, !(0..<vocabularySize ~= Int(sentenceEnd)) {
      throw .vocabulary(size: vocabularySize, sentenceEnd: Int(sentenceEnd))
    }
    guard !text.isEmpty else { throw .noTokens }
    var sentences = sentenceEnd == nil ? 0 : 1
    for (position, token) in text.enumerated() {
      guard 0..<vocabularySize ~= Int(token) else {
        throw .token(Int(token), position: position, vocabularySize: vocabularySize)
      }
      if token == sentenceEnd && position + 1 < text.count { sentences += 1 }
    }
    let length = text.count + sentences
    guard length < Int(UInt32.max) else { throw .textTooLong(tokens: text.count) }
    let needed = Self.memoryEstimate(tokens: length, order: order, vocabularySize: vocabularySize)
    guard needed <= memoryLimit else { throw .memory(needed: needed, limit: memoryLimit, order: order) }

    var marked: [UInt32] = []
    marked.reserveCapacity(length)
    var isStart = sentenceEnd != nil
    for token in text {
      if isStart { marked.append(UInt32(vocabularySize)) }
      marked.append(UInt32(truncatingIfNeeded: token))
      isStart = token == sentenceEnd
    }
    var sorted = SortedPositions(marked, vocabularySize: vocabularySize, hasSentences: sentenceEnd != nil)
    var levels = [sorted.singleTokens()]
    for _ in 1..<order { levels.append(sorted.next(below: levels[levels.count - 1])) }
    self.init(
      vocabularySize: vocabularySize, sentenceEnd: sentenceEnd, tokenCount: text.count, sentenceCount: sentences,
      levels: levels)
  }
}

/// The positions of a text, sorted by the n-gram that begins there.
///
/// From order n - 1 to n no comparison is needed: if the positions are sorted by the n - 1 tokens that begin there, then those one place before them are
/// sorted by all tokens but the first of the n-grams that begin there, and one stable counting sort by that first token sorts them wholly.
private struct SortedPositions {
  /// With `<s>` before each sentence.
  private let text: [UInt32]
  private let vocabularySize: Int
  private let hasSentences: Bool
  private var order = 1
  /// Sorted; without those where a sentence or the text ends too early.
  private var positions: [UInt32]
  /// Which n-gram begins at each position, among the different ones.
  private var ranks: [UInt32]

  init(_ text: [UInt32], vocabularySize: Int, hasSentences: Bool) {
    self.text = text
    self.vocabularySize = vocabularySize
    self.hasSentences = hasSentences
    positions = []
    ranks = text
  }

  /// All tokens of the vocabulary, whether they occur or not, and `<s>`.
  mutating func singleTokens() -> NGramCounts.Level {
    let size = vocabularySize + (hasSentences ? 1 : 0)
    let counts = Self.sort(text.indices, into: &positions, buckets: size) { [text] index in
      (UInt32(index), text[index])
    }
    return NGramCounts.Level(
      tokens: (0..<UInt32(size)).map { $0 }, counts: counts, starts: [0, UInt32(size)], suffixes: [],
      firstOfSentence: vocabularySize, firstOfText: hasSentences ? nil : text.first.map(Int.init))
  }

  /// The n-grams of the next order, and the positions sorted by them.
  mutating func next(below: NGramCounts.Level) -> NGramCounts.Level {
    order += 1
    let start = hasSentences ? UInt32(vocabularySize) : .max
    var sorted: [UInt32] = []
    _ = Self.sort(positions, into: &sorted, buckets: vocabularySize + 1) { [text] position in
      let index = Int(position)
      return index > 0 && text[index] != start ? (position - 1, text[index - 1]) : nil
    }
    positions = sorted
    var level = NGramCounts.Level(
      tokens: [], counts: [], starts: [], suffixes: [], firstOfSentence: 0, firstOfText: nil)
    level.starts.reserveCapacity(below.tokens.count + 1)
    var newRanks = [UInt32](repeating: 0, count: text.count)
    var last: (context: UInt32, token: UInt32)?
    for position in positions {
      let index = Int(position)
      let (context, token) = (ranks[index], text[index + order - 1])
      if let last, last == (context, token) {
        level.counts[level.counts.count - 1] += 1
      } else {
        last = (context, token)
        while level.starts.count <= Int(context) { level.starts.append(UInt32(level.tokens.count)) }
        level.tokens.append(token)
        level.counts.append(1)
        level.suffixes.append(ranks[index + 1])
      }
      newRanks[index] = UInt32(level.tokens.count - 1)
    }
    while level.starts.count <= below.tokens.count { level.starts.append(UInt32(level.tokens.count)) }
    level.firstOfSentence = Int(level.starts[below.firstOfSentence])
    if !hasSentences && text.count >= order { level.firstOfText = Int(newRanks[0]) }
    ranks = newRanks
    return level
  }

  /// Sorts what `item` makes of each source by its key, keeping their order where keys are equal.
  ///
  /// - Returns: how many items each key has.
  private static func sort<Sources: Collection>(
    _ sources: Sources, into sorted: inout [UInt32], buckets: Int,
    _ item: (Sources.Element) -> (value: UInt32, key: UInt32)?
  ) -> [UInt32] {
    var counts = [UInt32](repeating: 0, count: buckets)
    for source in sources {
      if let (_, key) = item(source) { counts[Int(key)] += 1 }
    }
    var places = counts
    var total: UInt32 = 0
    for bucket in places.indices {
      let count = places[bucket]
      places[bucket] = total
      total += count
    }
    sorted = [UInt32](repeating: 0, count: Int(total))
    for source in sources {
      guard let (value, key) = item(source) else { continue }
      sorted[Int(places[Int(key)])] = value
      places[Int(key)] += 1
    }
    return counts
  }
}
