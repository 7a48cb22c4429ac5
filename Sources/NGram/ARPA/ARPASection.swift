/// The n-grams of one order of an ARPA file, which come in any order.
struct ARPASection {
  private let contextCount: Int
  /// The context and the last token of each.
  private var keys: [UInt64] = []
  private var logProbabilities: [Float] = []
  private var backoffs: [Float] = []
  private var lines: [Int] = []
  private var isSorted = true

  init(below: NGramForm.Level) { contextCount = below.tokens.count }

  mutating func add(_ context: UInt32, _ token: UInt32, _ logProbability: Float, _ backoff: Float, line: Int) {
    let key = UInt64(context) << 32 | UInt64(token)
    if let last = keys.last, last >= key { isSorted = false }
    keys.append(key)
    logProbabilities.append(logProbability)
    backoffs.append(backoff)
    lines.append(line)
  }

  /// Sorts the n-grams by their tokens.
  ///
  /// - Returns: the line of an n-gram that was there before; nil if there is none.
  mutating func sort() -> Int? {
    guard !isSorted else { return nil }
    // Equal keys stay in the order of their lines.
    let places = keys.indices.sorted { keys[$0] != keys[$1] ? keys[$0] < keys[$1] : $0 < $1 }
    keys = places.map { keys[$0] }
    logProbabilities = places.map { logProbabilities[$0] }
    backoffs = places.map { backoffs[$0] }
    lines = places.map { lines[$0] }
    return zip(keys, keys.dropFirst()).enumerated().first { $1.0 == $1.1 }.map { lines[$0.offset + 1] }
  }

  /// Where the n-grams of each context begin, once they are sorted.
  var childOffsets: [UInt64] {
    var offsets: [UInt64] = []
    offsets.reserveCapacity(contextCount + 1)
    for (index, key) in keys.enumerated() {
      while offsets.count <= Int(key >> 32) { offsets.append(UInt64(index)) }
    }
    while offsets.count <= contextCount { offsets.append(UInt64(keys.count)) }
    return offsets
  }

  /// The n-grams, once they are sorted.
  func level(isHighest: Bool) -> NGramForm.Level {
    NGramForm.Level(
      tokens: keys.map { UInt32(truncatingIfNeeded: $0) }, logProbabilities: logProbabilities,
      backoffs: isHighest ? [] : backoffs)
  }
}
