/// Lidstone's rule: (c(h, w) + k) / (c(h) + k V), where h are the n - 1 tokens before w, or fewer and `<s>`.
///
/// Lower orders take no part: their tokens are uniform, so that what was not seen after a context gets k / (c(h) + k V), and the tokens after a context that was
/// not seen itself 1 / V.
struct AddK: Smoothing {
  private let k: Double

  init(_ k: Double) throws(NGramError) {
    guard k > 0 && k.isFinite else { throw .parameter("add-k needs a positive number to add, not \(k)") }
    self.k = k
  }

  var countsContexts: Bool { false }
  var description: NGramDescription { NGramDescription(method: "add-k", k: k) }

  mutating func prepare(_ counts: CountsOfCounts) {}

  func estimate(_ range: Range<Int>, in level: EstimatedLevel, into probabilities: inout [Double]) -> Double {
    let size = Double(level.vocabularySize)
    guard level.isHighest || range.lowerBound >= level.firstOfSentence && level.order > 1 else {
      for index in range { probabilities[index] = 1 / size }
      return 1
    }
    var total = k * size
    for index in range { total += Double(level.counts[index]) }
    var (kept, sum) = (0, 0.0)
    for index in range where level.isKept(index) {
      probabilities[index] = (Double(level.counts[index]) + k) / total
      sum += probabilities[index]
      kept += 1
    }
    // Without pruning this is k V / total, which also holds where no token is left over.
    return kept == range.count || kept == level.vocabularySize
      ? k * size / total : (1 - sum) / (1 - Double(kept) / size)
  }
}
