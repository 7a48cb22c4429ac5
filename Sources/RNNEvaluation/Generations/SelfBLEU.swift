import RealModule

/// How much texts are like each other: the mean BLEU of each text against all the others (Zhu et al. 2018), with the smoothing that NLTK
/// calls method 1 (a precision of 0 becomes 0.1 / the number of n-grams). Higher means less diverse.
///
/// The largest count of each n-gram in any other text is found from the two largest counts in all texts, so that the work grows with the
/// number of tokens, not with its square.
public enum SelfBLEU {
  /// The largest number of n-grams compared.
  public static let order = 4
  private static let smoothing = 0.1

  /// Up to four tokens as a dictionary key.
  private typealias Key = SIMD2<UInt64>

  /// The two largest counts of an n-gram, and the text that the larger one is in.
  private struct Largest {
    var first: Int32 = 0
    var owner: Int32 = -1
    var second: Int32 = 0
  }

  /// Measures texts.
  ///
  /// - Parameters:
  ///   - texts: their tokens.
  ///   - hypotheses: how many of them to measure, evenly chosen; all are compared with.
  /// - Returns: in 0 ... 1; nil for fewer than two texts.
  public static func mean(_ texts: [[Int32]], hypotheses: Int = 1000) -> Double? {
    guard texts.count > 1, hypotheses > 0 else { return nil }
    var largest: [Key: Largest] = [:]
    for (index, text) in texts.enumerated() {
      for n in 1...order {
        for (key, count) in counts(of: text, n) {
          let owner = Int32(truncatingIfNeeded: index)
          var value = largest[key] ?? Largest()
          if count > value.first {
            value = Largest(first: count, owner: owner, second: value.first)
          } else if count > value.second {
            value.second = count
          }
          largest[key] = value
        }
      }
    }
    let lengths = texts.map(\.count).sorted()
    let chosen = min(hypotheses, texts.count)
    var sum = 0.0
    for choice in 0..<chosen {
      let index = choice * texts.count / chosen
      sum += score(texts[index], index, largest, lengths)
    }
    return sum / Double(chosen)
  }

  private static func score(_ text: [Int32], _ index: Int, _ largest: [Key: Largest], _ lengths: [Int]) -> Double {
    var logarithms = 0.0
    for n in 1...order {
      var matches = 0
      for (key, count) in counts(of: text, n) {
        guard let value = largest[key] else { continue }
        matches += Int(min(count, Int(value.owner) == index ? value.second : value.first))
      }
      if n == 1 && matches == 0 { return 0 }
      let total = Double(max(1, text.count - n + 1))
      logarithms += .log((matches == 0 ? smoothing : Double(matches)) / total) / Double(order)
    }
    let reference = closest(to: text.count, in: lengths)
    let brevity = text.count > reference ? 1 : Double.exp(1 - Double(reference) / Double(text.count))
    return brevity * .exp(logarithms)
  }

  /// The length of another text that is nearest; of two, the shorter one.
  private static func closest(to length: Int, in sorted: [Int]) -> Int {
    // One of this length is the text itself.
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < length { low = middle + 1 } else { high = middle }
    }
    if low + 1 < sorted.count, sorted[low + 1] == length { return length }
    let candidates = [low - 1, low + 1].filter(sorted.indices.contains).map { sorted[$0] }
    return candidates.min { (abs($0 - length), $0) < (abs($1 - length), $1) } ?? length
  }

  private static func counts(of text: [Int32], _ n: Int) -> [Key: Int32] {
    var counts: [Key: Int32] = [:]
    guard text.count >= n else { return counts }
    counts.reserveCapacity(text.count)
    for start in 0...(text.count - n) {
      var words: (UInt64, UInt64) = (0, 0)
      // A token is kept one higher: its absence is 0, so that orders do not mix.
      for offset in 0..<n {
        let value = UInt64(UInt32(bitPattern: text[start + offset] &+ 1))
        if offset < 2 { words.0 = words.0 << 32 | value } else { words.1 = words.1 << 32 | value }
      }
      counts[Key(words.0, words.1), default: 0] += 1
    }
    return counts
  }
}
