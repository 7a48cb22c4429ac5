/// What the methods share that take something from each count: n-grams that were seen get their discounted share, and what was taken goes to the distribution of
/// the order below.
struct Discounting {
  /// For each order; from counts of one, two, and three or more.
  private(set) var discounts: [NGramDescription.Discounts] = []
  /// Whether the lower order contributes to tokens that were seen after the context, too.
  let interpolated: Bool

  init(interpolated: Bool) { self.interpolated = interpolated }

  /// Takes the discounts of the next order, or others in their place if those are not positive numbers below the counts.
  mutating func add(_ values: [Double], orElse fallback: [Double]) {
    // What is not discounted at all leaves nothing for what was not seen, and what is discounted wholly needs a lower order to have anything.
    let areSound = values.enumerated().allSatisfy { index, value in
      value.isFinite && value > 0 && (value < Double(index + 1) || interpolated && value == Double(index + 1))
    }
    discounts.append(
      NGramDescription.Discounts(values: areSound ? values : fallback, areFallback: !areSound))
  }

  /// As ``Smoothing/estimate(_:in:into:)``.
  func estimate(_ range: Range<Int>, in level: EstimatedLevel, into probabilities: inout [Double]) -> Double {
    let values = discounts[level.order - 1].values
    let (one, two, more) = (values[0], values[1], values[2])
    func discounted(_ count: UInt32) -> Double {
      switch count {
      case 0: 0
      case 1: 1 - one
      case 2: 2 - two
      default: Double(count) - more
      }
    }
    var (total, given, seenBelow) = (0.0, 0.0, 0.0)
    for index in range {
      let count = level.counts[index]
      total += Double(count)
      guard count > 0 && level.isKept(index) else { continue }
      given += discounted(count)
      if !interpolated { seenBelow += level.lower(index) }
    }
    guard total > 0 else {
      for index in range where level.isKept(index) { probabilities[index] = level.lower(index) }
      return 1
    }
    let left = (total - given) / total
    // Where every token was seen, there is no other to back off to.
    let backsOff = !interpolated && 1 - seenBelow > 1e-9
    let weight = backsOff ? left / (1 - seenBelow) : left
    for index in range where level.isKept(index) {
      let count = level.counts[index]
      let share = discounted(count) / total
      probabilities[index] = backsOff && count > 0 ? share : share + weight * level.lower(index)
    }
    return weight
  }
}
