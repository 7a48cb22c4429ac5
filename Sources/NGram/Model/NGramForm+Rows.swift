import RNNModel

extension NGramForm {
  /// All orders in one row, those of a lower order first: how the tensors of a file hold them (`docs/FORMAT.md`, section 5).
  public struct Rows: Hashable, Sendable {
    /// The last token of each n-gram. `[n-grams]`
    public var tokens: [UInt32]
    /// ln p of the last token after the others. `[n-grams]`
    public var logProbabilities: [Float]
    /// ln of the weight of the order below, after each n-gram below the highest order. `[contexts]`
    public var backoffs: [Float]
    /// Where in the row what follows each of these begins, and where the last of it ends. `[contexts + 1]`
    public var children: [UInt64]
  }

  /// The architecture's layer.
  public var layer: Architecture.NGram {
    Architecture.NGram(
      size: vocabularySize, counts: levels.map(\.tokens.count), sentenceEnd: sentenceEnd.map { Int($0) },
      skipFactor: description.factor)
  }

  /// The arrays of all orders, one after another.
  public var rows: Rows {
    var children: [UInt64] = []
    var end: UInt64 = 0
    for level in levels.dropLast() {
      end += UInt64(level.tokens.count)
      children += level.childOffsets.dropLast().map { $0 + end }
    }
    if levels.count > 1 { children.append(end + UInt64(levels[levels.count - 1].tokens.count)) }
    return Rows(
      tokens: Array(levels.map(\.tokens).joined()), logProbabilities: Array(levels.map(\.logProbabilities).joined()),
      backoffs: Array(levels.map(\.backoffs).joined()), children: children)
  }

  /// Cuts rows into orders; ``check()`` says whether they are a model.
  ///
  /// - Parameters:
  ///   - table: says how many n-grams there are of each order.
  ///   - description: how the model came about.
  ///   - tokens: `[n-grams]`.
  ///   - logProbabilities: `[n-grams]`.
  ///   - backoffs: `[contexts]`.
  ///   - children: `[contexts + 1]`.
  public init(
    _ table: Architecture.NGram, description: NGramDescription, tokens: [UInt32], logProbabilities: [Float],
    backoffs: [Float], children: [UInt64]
  ) {
    var levels: [Level] = []
    var start = 0
    for (index, count) in table.counts.enumerated() {
      let range = start..<(start + count)
      var level = Level(
        tokens: Array(tokens.dropFirst(start).prefix(count)),
        logProbabilities: Array(logProbabilities.dropFirst(start).prefix(count)))
      if index + 1 < table.order {
        level.backoffs = Array(backoffs.dropFirst(start).prefix(count))
        // A number below the beginning becomes a very large one, which the check refuses.
        level.childOffsets = children.dropFirst(start).prefix(count + 1).map { $0 &- UInt64(range.upperBound) }
      }
      levels.append(level)
      start = range.upperBound
    }
    self.init(
      vocabularySize: table.size, sentenceEnd: table.sentenceEnd.flatMap { Int32(exactly: $0) },
      description: description, levels: levels)
  }
}
