/// Ney, Essen & Kneser (1994): the discount of an order is n1 / (n1 + 2 n2), where n1 and n2 are how many n-grams occur once and twice.
///
/// Where that is undefined, as in small texts, it is 0.75.
struct AbsoluteDiscounting: Smoothing {
  private var discounting: Discounting

  init(interpolated: Bool) { discounting = Discounting(interpolated: interpolated) }

  var countsContexts: Bool { false }
  var description: NGramDescription {
    NGramDescription(
      method: "absolute-discounting", interpolated: discounting.interpolated, discounts: discounting.discounts)
  }

  mutating func prepare(_ counts: CountsOfCounts) { discounting.addOne(counts) }

  func estimate(_ range: Range<Int>, in level: EstimatedLevel, into probabilities: inout [Double]) -> Double {
    discounting.estimate(range, in: level, into: &probabilities)
  }
}

extension Discounting {
  /// The same discount for all counts of the next order.
  mutating func addOne(_ counts: CountsOfCounts) {
    let discount = counts[2] > 0 ? counts[1] / (counts[1] + 2 * counts[2]) : .nan
    add([discount, discount, discount], orElse: [0.75, 0.75, 0.75])
  }
}
