/// Brants, Popat, Xu, Och & Dean (2007): c(h, w) / c(h), or if it is zero, `factor` times the score of w after a context shorter by one token.
///
/// Tokens that do not occur in the text at all back off once more, to 1 / V. The scores do not sum to one.
struct StupidBackoff: Smoothing {
  private let factor: Double

  init(factor: Double) throws(NGramError) {
    guard factor > 0 && factor <= 1 else {
      throw .parameter("stupid backoff needs a factor above 0 and up to 1, not \(factor)")
    }
    self.factor = factor
  }

  var countsContexts: Bool { false }
  var description: NGramDescription { NGramDescription(method: "stupid-backoff", factor: factor) }

  mutating func prepare(_ counts: CountsOfCounts) {}

  /// The factor is no weight of a context, since contexts that were not seen cost it, too: ``NGramModel`` applies it.
  func estimate(_ range: Range<Int>, in level: EstimatedLevel, into probabilities: inout [Double]) -> Double {
    var total = 0.0
    for index in range { total += Double(level.counts[index]) }
    for index in range where level.isKept(index) {
      let count = level.counts[index]
      probabilities[index] = count == 0 ? factor / Double(level.vocabularySize) : Double(count) / total
    }
    return 1
  }
}
