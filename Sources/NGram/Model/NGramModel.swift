import RealModule

/// An n-gram model: immutable, in about 12 bytes for an n-gram of the highest order and 20 for one of the others.
///
/// All n-grams lie in one row, those of a lower order first; what follows an n-gram is one stretch of the row. Each knows its
/// longest proper suffix that is a context, so that a state is one number, and a query looks only at contexts that are there.
public final class NGramModel: Sendable {
  /// The highest order that is supported.
  public static let highestOrder = 10

  /// The context of a text so far: the longest part of it that the model knows as one.
  public struct State: Hashable, Sendable {
    /// Which n-gram; ``NGramModel/root`` for no context.
    var node: UInt32
    /// How many tokens there are that a context could have, at most one fewer than the order.
    var length: UInt8
  }

  /// The highest order.
  public let order: Int
  /// The number of tokens, V.
  public let vocabularySize: Int
  /// The token that ends a sentence; nil for a model of streams.
  public let sentenceEnd: Int32?
  /// How the model came about.
  public let description: NGramDescription

  /// No context.
  static let root = UInt32.max
  /// Where the n-grams of each order begin, and where the last ones end.
  let bases: [Int]
  /// The last token of each n-gram.
  let tokens: [UInt32]
  /// ln p of the last token after the others.
  let logProbabilities: [Float]
  /// Of all n-grams below the highest order.
  let backoffs: [Float]
  /// Where what follows each n-gram below the highest order begins, and where the last of it ends.
  let childStarts: [UInt32]
  /// The longest proper suffix of each n-gram that is a context.
  let suffixes: [UInt32]
  /// What is added for each order that is skipped.
  let skipWeight: Float

  /// Checks arrays and makes a model of them.
  ///
  /// - Throws: ``NGramError`` naming the array that is false.
  public init(_ form: NGramForm) throws(NGramError) {
    try form.check()
    order = form.levels.count
    vocabularySize = form.vocabularySize
    sentenceEnd = form.sentenceEnd
    description = form.description
    skipWeight = Float(form.description.factor.map { Double.log($0) } ?? 0)
    var bases = [0]
    for level in form.levels { bases.append(bases[bases.count - 1] + level.tokens.count) }
    self.bases = bases
    tokens = Array(form.levels.map(\.tokens).joined())
    logProbabilities = Array(form.levels.map(\.logProbabilities).joined())
    backoffs = Array(form.levels.map(\.backoffs).joined())
    var starts: [UInt32] = []
    starts.reserveCapacity(backoffs.count + 1)
    for (index, level) in form.levels.enumerated() {
      for offset in level.childOffsets.dropLast() { starts.append(UInt32(bases[index + 1] + Int(offset))) }
    }
    starts.append(UInt32(tokens.count))
    childStarts = starts
    suffixes = Self.suffixes(bases: bases, tokens: tokens, backoffs: backoffs, childStarts: starts)
  }

  /// The model as plain arrays.
  public var form: NGramForm {
    NGramForm(
      vocabularySize: vocabularySize, sentenceEnd: sentenceEnd, description: description,
      levels: (0..<order).map { index in
        let range = bases[index]..<bases[index + 1]
        guard index + 1 < order else {
          return NGramForm.Level(tokens: Array(tokens[range]), logProbabilities: Array(logProbabilities[range]))
        }
        let offsets = childStarts[range.lowerBound...range.upperBound].map { UInt64(Int($0) - bases[index + 1]) }
        return NGramForm.Level(
          tokens: Array(tokens[range]), logProbabilities: Array(logProbabilities[range]),
          backoffs: Array(backoffs[range]), childOffsets: offsets)
      })
  }

  /// How many n-grams of an order there are, `<s>` included.
  public func count(order: Int) -> Int { bases[order] - bases[order - 1] }

  /// Finds the longest suffix of each n-gram that is a context: from that of its own context, as Aho & Corasick (1975) do.
  private static func suffixes(
    bases: [Int], tokens: [UInt32], backoffs: [Float], childStarts: [UInt32]
  ) -> [UInt32] {
    var suffixes = [UInt32](repeating: root, count: tokens.count)
    guard bases.count > 2 else { return suffixes }
    for context in 0..<bases[bases.count - 2] {
      for node in Int(childStarts[context])..<Int(childStarts[context + 1]) {
        var shorter = suffixes[context]
        var found = Int(tokens[node])
        while shorter != root {
          let range = Int(childStarts[Int(shorter)])..<Int(childStarts[Int(shorter) + 1])
          if let child = find(tokens[node], in: tokens, range) {
            found = child
            break
          }
          shorter = suffixes[Int(shorter)]
        }
        let isContext =
          found < backoffs.count && (backoffs[found] != 0 || childStarts[found] < childStarts[found + 1])
        suffixes[node] = isContext ? UInt32(found) : suffixes[found]
      }
    }
    return suffixes
  }

  /// Where a token is in a stretch of rising tokens.
  @inline(__always)
  static func find(_ token: UInt32, in tokens: [UInt32], _ range: Range<Int>) -> Int? {
    var (low, count) = (range.lowerBound, range.count)
    while count > 0 {
      let half = count / 2
      if tokens[low + half] < token {
        low += half + 1
        count -= half + 1
      } else {
        count = half
      }
    }
    return low < range.upperBound && tokens[low] == token ? low : nil
  }
}
