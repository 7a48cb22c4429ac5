/// Which pairs of tokens are merged, and in which order: the encoder of ``Vocabulary/Kind/bpe``.
struct MergeRanks: Hashable, Sendable {
  /// The tokens that are single bytes; merge k makes token `base` + k.
  static let base = 256

  private let ranks: [UInt64: Int32]

  init(_ merges: [Vocabulary.Merge]) {
    ranks = Dictionary(
      zip(merges.lazy.map(Self.key), Int32(0)...), uniquingKeysWith: { first, _ in first })
  }

  /// Both ids of a pair in one word.
  static func key(_ merge: Vocabulary.Merge) -> UInt64 {
    UInt64(UInt32(bitPattern: merge.first)) << 32 | UInt64(UInt32(bitPattern: merge.second))
  }

  private func rank(_ first: Int32, _ second: Int32) -> Int32 {
    ranks[Self.key(Vocabulary.Merge(first, second))] ?? .max
  }

  /// Adds the tokens of a piece: always the merge of the smallest rank first, at its leftmost place.
  func encode(_ piece: ArraySlice<UInt8>, into tokens: inout [Int32]) {
    var word = piece.map { Int32($0) }
    guard word.count > 1, !ranks.isEmpty else {
      tokens += word
      return
    }
    // The rank of each token with the one after it.
    var pairs = zip(word, word.dropFirst()).map { rank($0, $1) }
    while let best = pairs.min(), best < .max {
      let merged = Int32(Self.base) + best
      // A new token is in merges of higher ranks only: all places of this rank can be taken in one sweep.
      var (read, written) = (0, 0)
      while read < word.count {
        let rank = read < pairs.count ? pairs[read] : .max
        word[written] = rank == best ? merged : word[read]
        if written < pairs.count { pairs[written] = rank }
        read += rank == best ? 2 : 1
        written += 1
      }
      word.removeLast(word.count - written)
      pairs.removeLast(pairs.count - (written - 1))
      for k in pairs.indices where word[k] == merged || word[k + 1] == merged {
        pairs[k] = rank(word[k], word[k + 1])
      }
    }
    tokens += word
  }
}
