/// Chen & Goodman (1998): as Kneser & Ney, with discounts D1, D2 and D3 for counts of one, two, and three or more.
///
/// With Y = n1 / (n1 + 2 n2), Dj = j - (j + 1) Y n(j + 1) / nj. Where one of them is undefined or no discount, as in small texts, all three of the order are
/// 0.5, 1 and 1.5.
struct ModifiedKneserNey: Smoothing {
  private var discounting: Discounting

  init(interpolated: Bool) { discounting = Discounting(interpolated: interpolated) }

  var countsContexts: Bool { true }
  var description: NGramDescription {
    NGramDescription(
      method: "modified-kneser-ney", interpolated: discounting.interpolated, discounts: discounting.discounts)
  }

  mutating func prepare(_ counts: CountsOfCounts) {
    let y = counts[1] / (counts[1] + 2 * counts[2])
    // A division by zero gives something that is not finite, which the fallback replaces.
    let values = (1...3).map { j in Double(j) - Double(j + 1) * y * counts[j + 1] / counts[j] }
    discounting.add(values, orElse: [0.5, 1, 1.5])
  }

  func estimate(_ range: Range<Int>, in level: EstimatedLevel, into probabilities: inout [Double]) -> Double {
    discounting.estimate(range, in: level, into: &probabilities)
  }
}
