/// A rule that makes probabilities of counts, one context at a time.
protocol Smoothing: Sendable {
  /// Whether orders below the highest count contexts instead of occurrences.
  var countsContexts: Bool { get }
  /// What a model says about the rule.
  var description: NGramDescription { get }

  /// Is shown the counts of each order, from the lowest to the highest, before any probability is asked for.
  ///
  /// - Parameter counts: how many n-grams were counted once, twice, three and four times.
  mutating func prepare(_ counts: CountsOfCounts)

  /// Estimates the probabilities of what may follow one context.
  ///
  /// - Parameters:
  ///   - range: the n-grams of the context.
  ///   - level: all of this order.
  ///   - probabilities: receives the numbers of `range`, as far as they are kept.
  /// - Returns: what the probabilities of the order below are multiplied with for tokens that are not in `range`.
  func estimate(_ range: Range<Int>, in level: EstimatedLevel, into probabilities: inout [Double]) -> Double
}

/// How many n-grams of an order were counted once, twice, three and four times.
struct CountsOfCounts {
  private(set) var values = [0, 0, 0, 0]

  init(_ counts: some Sequence<UInt32>) {
    for count in counts where 1...4 ~= count { values[Int(count) - 1] += 1 }
  }

  /// - Parameter count: from 1 to 4.
  subscript(count: Int) -> Double { Double(values[count - 1]) }
}

/// The n-grams of one order while they are estimated. A class, so that each context can look at it without a copy.
final class EstimatedLevel {
  let order: Int
  let isHighest: Bool
  /// The counts that the rule works with.
  let counts: [UInt32]
  /// The first n-gram that begins with `<s>`.
  let firstOfSentence: Int
  let vocabularySize: Int
  private let occurrences: [UInt32]
  private let threshold: UInt32
  private let suffixes: [UInt32]
  /// The probabilities of the order below, by its n-grams.
  private let lower: [Double]

  init(
    _ counted: NGramCounts.Level, order: Int, of total: Int, counts: [UInt32], threshold: UInt32, lower: [Double],
    vocabularySize: Int
  ) {
    self.order = order
    isHighest = order == total
    self.counts = counts
    self.threshold = threshold
    self.lower = lower
    self.vocabularySize = vocabularySize
    firstOfSentence = counted.firstOfSentence
    occurrences = counted.counts
    suffixes = counted.suffixes
  }

  /// Whether the model has the n-gram.
  func isKept(_ index: Int) -> Bool { order == 1 || occurrences[index] > threshold }

  /// The probability of the n-gram's last token after a context shorter by one token; uniform below single tokens.
  func lower(_ index: Int) -> Double { order == 1 ? 1 / Double(vocabularySize) : lower[Int(suffixes[index])] }
}
