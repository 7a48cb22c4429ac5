/// Learns the merges of byte-pair encoding from the counts of a text's pieces (Sennrich, Haddow & Birch 2016, algorithm 1).
///
/// The counts of pairs are kept up to date: a merge visits only the pieces that it changes, and the next one comes from a heap.
struct MergeTraining {
  private(set) var merges: [Vocabulary.Merge] = []

  /// A piece's tokens as they are now: `tokens[start ..< start + length]`.
  private struct Piece {
    var start: Int
    var length: Int32
    var count: UInt64
  }

  /// How often two tokens are neighbours, and in which pieces they are or once were.
  private struct Pair {
    var merge: Vocabulary.Merge
    var count: UInt64 = 0
    var pieces: [Int32] = []
  }

  private var tokens: [Int32] = []
  private var pieces: [Piece] = []
  private var pairs: [Pair] = []
  private var pairIndex: [UInt64: Int32] = [:]
  private var queue = CandidateQueue()
  /// The bytes of each token, and which of them exist.
  private var tokenBytes: [[UInt8]] = (0..<MergeRanks.base).map { [UInt8($0)] }
  private var known: Set<Symbol> = []
  private let single: [UInt64]

  init(_ counts: SymbolCounts) {
    single = counts.single
    for (symbol, count) in counts.long {
      let bytes = symbol.bytes
      pieces.append(Piece(start: tokens.count, length: Int32(bytes.count), count: count))
      for byte in bytes { tokens.append(Int32(byte)) }
    }
    for index in pieces.indices { count(Int32(index), newPairs: 0) }
    for pair in pairs.indices { offer(pair) }
  }

  /// How often each token occurs in the text as it is merged now.
  var tokenCounts: [UInt64] {
    var counts = single + [UInt64](repeating: 0, count: merges.count)
    for piece in pieces {
      for token in tokens[piece.start..<(piece.start + Int(piece.length))] { counts[Int(token)] += piece.count }
    }
    return counts
  }

  /// Merges until there are `maximumSize` tokens, or no pair occurs `minimumCount` times.
  mutating func run(minimumCount: Int, maximumSize: Int, progress: (Double) -> Void) {
    while MergeRanks.base + merges.count < maximumSize, let candidate = queue.popFirst() {
      let index = Int(candidate.pair)
      let pair = pairs[index]
      // Counts fall behind the queue's back; they only rise when a pair is new.
      guard pair.count == candidate.count else {
        offer(index)
        continue
      }
      guard pair.count >= UInt64(minimumCount) else { return }
      let bytes = tokenBytes[Int(pair.merge.first)] + tokenBytes[Int(pair.merge.second)]
      // Two pairs may join to the same bytes; the first one has the token.
      guard bytes.count <= Symbols.longestPiece, known.insert(Symbol(bytes)).inserted else { continue }
      tokenBytes.append(bytes)
      merges.append(pair.merge)
      merge(index)
      progress(Double(merges.count) / Double(maximumSize - MergeRanks.base))
    }
  }

  private mutating func merge(_ index: Int) {
    let merge = pairs[index].merge
    let token = Int32(MergeRanks.base + merges.count - 1)
    let affected = pairs[index].pieces
    pairs[index].pieces = []
    let oldCount = pairs.count
    for piece in affected {
      // A pair's list may name pieces that have lost it.
      guard contains(merge, piece) else { continue }
      discount(piece)
      replace(merge, by: token, in: piece)
      count(piece, newPairs: oldCount)
    }
    // Only pairs with the new token have risen, and they are all new.
    for pair in oldCount..<pairs.count { offer(pair) }
  }

  private func contains(_ merge: Vocabulary.Merge, _ piece: Int32) -> Bool {
    let piece = pieces[Int(piece)]
    for k in piece.start..<(piece.start + Int(piece.length) - 1)
    where tokens[k] == merge.first && tokens[k + 1] == merge.second { return true }
    return false
  }

  private mutating func replace(_ merge: Vocabulary.Merge, by token: Int32, in index: Int32) {
    let piece = pieces[Int(index)]
    let end = piece.start + Int(piece.length)
    var (read, written) = (piece.start, piece.start)
    while read < end {
      let isPair = read + 1 < end && tokens[read] == merge.first && tokens[read + 1] == merge.second
      tokens[written] = isPair ? token : tokens[read]
      read += isPair ? 2 : 1
      written += 1
    }
    pieces[Int(index)].length = Int32(written - piece.start)
  }

  /// Adds a piece's pairs to their counts, and the piece to the lists of those that are new: older ones have it already.
  private mutating func count(_ index: Int32, newPairs: Int) {
    let piece = pieces[Int(index)]
    for k in piece.start..<(piece.start + Int(piece.length) - 1) {
      let pair = self.index(of: Vocabulary.Merge(tokens[k], tokens[k + 1]))
      pairs[pair].count += piece.count
      if pair >= newPairs, pairs[pair].pieces.last != index { pairs[pair].pieces.append(index) }
    }
  }

  /// Takes a piece's pairs from their counts.
  private mutating func discount(_ index: Int32) {
    let piece = pieces[Int(index)]
    for k in piece.start..<(piece.start + Int(piece.length) - 1) {
      pairs[self.index(of: Vocabulary.Merge(tokens[k], tokens[k + 1]))].count -= piece.count
    }
  }

  private mutating func index(of merge: Vocabulary.Merge) -> Int {
    let key = MergeRanks.key(merge)
    if let index = pairIndex[key] { return Int(index) }
    pairIndex[key] = Int32(pairs.count)
    pairs.append(Pair(merge: merge))
    return pairs.count - 1
  }

  private mutating func offer(_ pair: Int) {
    guard pairs[pair].count > 0 else { return }
    queue.insert(.init(count: pairs[pair].count, merge: pairs[pair].merge, pair: Int32(pair)))
  }
}
