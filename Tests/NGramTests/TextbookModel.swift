import RealModule

@testable import NGram

/// The methods as their papers write them: by recursion over contexts, and dictionaries of counts.
struct TextbookModel {
  let text: DrawnText
  let order: Int
  let method: NGramMethod
  /// For each order, the counts that the method works with.
  private var counts: [[[Int32]: Int]] = []
  private var discounts: [[Double]] = []
  /// Each context's followers, by its tokens.
  private var followers: [[[Int32]: [Int32: Int]]] = []

  init(_ text: DrawnText, order: Int, _ method: NGramMethod) {
    (self.text, self.order, self.method) = (text, order, method)
    let start = Int32(text.size)
    for length in 1...order {
      var counts = text.occurrences(order: length)
      if countsContexts && length < order {
        let longer = text.occurrences(order: length + 1)
        for ngram in counts.keys where ngram[0] != start {
          counts[ngram] = Set(longer.keys.filter { $0.dropFirst().elementsEqual(ngram) }.map { $0[0] }).count
          if text.sentenceEnd == nil && text.tokens.starts(with: ngram) { counts[ngram, default: 0] += 1 }
        }
      }
      counts[[start]] = nil
      self.counts.append(counts)
      discounts.append(Self.discounts(Array(counts.values), method))
      var followers: [[Int32]: [Int32: Int]] = [:]
      for (ngram, count) in counts { followers[Array(ngram.dropLast()), default: [:]][ngram[length - 1]] = count }
      self.followers.append(followers)
    }
  }

  private var countsContexts: Bool {
    switch method {
    case .kneserNey, .modifiedKneserNey: true
    default: false
    }
  }

  private static func discounts(_ counts: [Int], _ method: NGramMethod) -> [Double] {
    func n(_ count: Int) -> Double { Double(counts.count { $0 == count }) }
    let y = n(1) / (n(1) + 2 * n(2))
    guard case .modifiedKneserNey(let interpolated) = method else {
      return Array(repeating: n(1) > 0 && n(2) > 0 ? y : 0.75, count: 3)
    }
    let values = [1 - 2 * y * n(2) / n(1), 2 - 3 * y * n(3) / n(2), 3 - 4 * y * n(4) / n(3)]
    let isSound = zip(values, [1.0, 2, 3]).allSatisfy { $0 > 0 && ($0 < $1 || interpolated && $0 <= $1) }
    return isSound ? values : [0.5, 1, 1.5]
  }

  /// The probability of a token after a context, which begins with `<s>` or has all tokens that count.
  func probability(_ token: Int32, after context: [Int32]) -> Double {
    let context = Array(context.suffix(order - 1))
    switch method {
    case .addK(let k): return addK(token, context, k)
    case .stupidBackoff(let factor): return stupid(token, context, factor)
    case .absoluteDiscounting(let interpolated), .kneserNey(let interpolated), .modifiedKneserNey(let interpolated):
      return discounted(token, context, interpolated)
    }
  }

  private func addK(_ token: Int32, _ context: [Int32], _ k: Double) -> Double {
    let isWhole = context.count == order - 1 || context.first == Int32(text.size)
    let seen = isWhole ? followers[context.count][context] ?? [:] : [:]
    let total = Double(seen.values.reduce(0, +)) + k * Double(text.size)
    return (Double(seen[token] ?? 0) + k) / total
  }

  private func stupid(_ token: Int32, _ context: [Int32], _ factor: Double) -> Double {
    let seen = followers[context.count][context] ?? [:]
    if let count = seen[token] { return Double(count) / Double(seen.values.reduce(0, +)) }
    return factor * (context.isEmpty ? 1 / Double(text.size) : stupid(token, Array(context.dropFirst()), factor))
  }

  private func discounted(_ token: Int32, _ context: [Int32], _ interpolated: Bool) -> Double {
    func lower(_ token: Int32) -> Double {
      context.isEmpty ? 1 / Double(text.size) : discounted(token, Array(context.dropFirst()), interpolated)
    }
    let seen = followers[context.count][context] ?? [:]
    let total = Double(seen.values.reduce(0, +))
    guard total > 0 else { return lower(token) }
    let discounts = discounts[context.count]
    let taken = seen.values.reduce(0) { $0 + discounts[min($1, 3) - 1] } / total
    let share = seen[token].map { (Double($0) - discounts[min($0, 3) - 1]) / total }
    if interpolated { return (share ?? 0) + taken * lower(token) }
    let left = 1 - seen.keys.reduce(0) { $0 + lower($1) }
    guard left > 1e-9 else { return (share ?? 0) + taken * lower(token) }
    return share ?? taken / left * lower(token)
  }
}
