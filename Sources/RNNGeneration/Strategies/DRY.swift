/// Do not repeat yourself (llama.cpp): a token that would go on with a repetition of the text is punished, the more the longer the
/// repetition already is: by multiplier * base^(length - allowed length).
public struct DRY: DecodingStrategy {
  /// `dry`
  public static let name = StrategyName.dry
  /// 0 does nothing.
  public let multiplier: Double
  /// How fast the penalty grows.
  public let base: Double
  /// Repetitions of at least this length are punished.
  public let allowedLength: Int
  /// How many of the last tokens are looked at, the prompt's included; nil for all.
  public let lastCount: Int?
  /// Tokens over which no repetition reaches.
  public let breakers: Set<Int32>

  /// - Precondition: the multiplier is not negative, the base at least 1, the allowed length positive.
  public init(
    multiplier: Double, base: Double = 1.75, allowedLength: Int = 2, lastCount: Int? = nil, breakers: Set<Int32> = []
  ) {
    precondition(multiplier >= 0 && base >= 1 && allowedLength > 0, "dry \(multiplier), \(base), \(allowedLength)")
    (self.multiplier, self.base, self.allowedLength) = (multiplier, base, allowedLength)
    (self.lastCount, self.breakers) = (lastCount, breakers)
  }

  /// Lowers the scores.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    guard multiplier > 0 else { return }
    let lengths = Self.repetitions(in: context.tokens.suffix(lastCount ?? .max), breakers: breakers)
      .filter { $0.value >= allowedLength }
    candidates.adjust(lengths.keys) { token, score in
      let excess = Double((lengths[token] ?? 0) - allowedLength)
      // The power may overflow: the penalty then is beyond any score.
      return score - min(1e30, multiplier * PortableMath.pow(base, min(excess, 1000)))
    }
  }

  /// How long a repetition each token would go on with: the longest end of the text that also stands before the token earlier on.
  static func repetitions(in text: ArraySlice<Int32>, breakers: Set<Int32>) -> [Int32: Int] {
    let reversed = Array(text.reversed())
    // Ends of the text reach back to the last breaker.
    let longest = reversed.firstIndex(where: breakers.contains) ?? reversed.count
    guard longest > 0 else { return [:] }
    // Z: how far the reversed text from each place on agrees with its beginning.
    var z = [Int](repeating: 0, count: reversed.count)
    var (left, right) = (0, 0)
    var lengths: [Int32: Int] = [:]
    for index in 1..<max(1, reversed.count) {
      if index < right { z[index] = min(right - index, z[index - left]) }
      while index + z[index] < reversed.count, reversed[z[index]] == reversed[index + z[index]] { z[index] += 1 }
      if index + z[index] > right { (left, right) = (index, index + z[index]) }
      let next = reversed[index - 1]
      let length = min(z[index], longest)
      if length > 0, !breakers.contains(next) { lengths[next] = max(lengths[next] ?? 0, length) }
    }
    return lengths
  }
}
