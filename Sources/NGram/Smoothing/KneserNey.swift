/// Kneser & Ney (1995): absolute discounting, but orders below the highest count in how many contexts an n-gram occurs, and not how
/// often.
struct KneserNey: Smoothing {
  private var discounting: Discounting

  init(interpolated: Bool) { discounting = Discounting(interpolated: interpolated) }

  var countsContexts: Bool { true }
  var description: NGramDescription {
    NGramDescription(method: "kneser-ney", interpolated: discounting.interpolated, discounts: discounting.discounts)
  }

  mutating func prepare(_ counts: CountsOfCounts) { discounting.addOne(counts) }

  func estimate(_ range: Range<Int>, in level: EstimatedLevel, into probabilities: inout [Double]) -> Double {
    discounting.estimate(range, in: level, into: &probabilities)
  }
}
