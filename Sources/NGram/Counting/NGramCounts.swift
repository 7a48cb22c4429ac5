/// How often each n-gram of a text occurs, from single tokens up to an order.
///
/// N-grams are held as a trie: those of order n are sorted by their tokens, so that the ones with the same context, which is
/// an n-gram of order n - 1, lie side by side. With a token that ends sentences, `<s>` stands before each sentence; its number is that after
/// the last token, and it is only ever a context.
public struct NGramCounts: Sendable {
  /// The n-grams of one order.
  struct Level: Sendable {
    /// The last token of each, rising within a context.
    var tokens: [UInt32]
    /// How often each occurs.
    var counts: [UInt32]
    /// Where the n-grams of each context begin, and where the last ones end. `[contexts + 1]`
    var starts: [UInt32]
    /// Where each without its first token is at the order below; empty for single tokens.
    var suffixes: [UInt32]
    /// The first one that begins with `<s>`; all after it do, too.
    var firstOfSentence: Int
    /// The n-gram that begins a text without sentences: it is the only one that may have no token before it.
    var firstOfText: Int?
  }

  /// The highest order.
  public let order: Int
  /// The number of tokens, V, without `<s>`.
  public let vocabularySize: Int
  /// The token that ends a sentence.
  public let sentenceEnd: Int32?
  /// How many tokens were counted.
  public let tokenCount: Int
  /// How many sentences begin in the text; 0 without ``sentenceEnd``.
  public let sentenceCount: Int
  let levels: [Level]

  init(
    vocabularySize: Int, sentenceEnd: Int32?, tokenCount: Int, sentenceCount: Int, levels: [Level]
  ) {
    order = levels.count
    self.vocabularySize = vocabularySize
    self.sentenceEnd = sentenceEnd
    self.tokenCount = tokenCount
    self.sentenceCount = sentenceCount
    self.levels = levels
  }

  /// How many different n-grams of an order there are; tokens that do not occur are not counted.
  public func distinctCount(order: Int) -> Int {
    levels[order - 1].counts.prefix(order == 1 ? vocabularySize : Int.max).count { $0 > 0 }
  }

  /// How often an n-gram occurs; `<s>` is ``vocabularySize``.
  ///
  /// - Parameter tokens: from 1 to ``order`` of them.
  public func count(_ tokens: [Int32]) -> Int {
    guard 1...order ~= tokens.count else { return 0 }
    var node = 0
    for (level, token) in zip(levels, tokens) {
      let found = UInt32(exactly: token).flatMap { token in
        let range = Int(level.starts[node])..<Int(level.starts[node + 1])
        let place = level.tokens[range].partition { $0 >= token }
        return place < range.upperBound && level.tokens[place] == token ? place : nil
      }
      guard let found else { return 0 }
      node = found
    }
    return Int(levels[tokens.count - 1].counts[node])
  }

  /// In how many different contexts of one more token each n-gram of an order occurs: what Kneser & Ney (1995) count at all orders
  /// but the highest. What begins with `<s>` has nothing before it, and keeps its count.
  func continuationCounts(order: Int) -> [UInt32] {
    let level = levels[order - 1]
    guard order < self.order else { return level.counts }
    var counts = [UInt32](repeating: 0, count: level.tokens.count)
    for suffix in levels[order].suffixes { counts[Int(suffix)] += 1 }
    for index in level.firstOfSentence..<counts.count { counts[index] = level.counts[index] }
    // The beginning of the text is a context as `<s>` is one.
    if let first = level.firstOfText { counts[first] += 1 }
    return counts
  }
}

extension ArraySlice {
  /// The first index whose element fulfils a condition that holds for all elements after it, too; `endIndex` if there is none.
  func partition(_ condition: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if condition(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
