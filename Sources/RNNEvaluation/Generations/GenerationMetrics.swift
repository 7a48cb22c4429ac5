import RNNModel
import RealModule

/// Numbers that tell how texts that were written differ from texts by people.
public struct GenerationMetrics: Hashable, Sendable {
  /// How many texts there are.
  public var texts: Int
  /// How many tokens they have.
  public var tokens: Int
  /// The mean length in tokens.
  public var meanLength: Double
  /// The standard deviation of the length.
  public var lengthDeviation: Double
  /// e to the mean of -ln p of all tokens under a model; nil if there was none.
  public var perplexity: Double?
  /// ``SelfBLEU``
  public var selfBLEU: Double?
  /// ``ZipfCoefficient``
  public var zipf: Double?
  /// The share of texts that end in a repetition, by definition.
  public var repetition: [Repetition: Double]
  /// Different n-grams as a share of all n-grams, for n from 1 to 4 (Li et al. 2016).
  public var distinct: [Double]
  /// Different tokens as a share of the vocabulary; nil if its size is not known.
  public var vocabularyShare: Double?

  /// Measures texts.
  ///
  /// - Parameters:
  ///   - texts: their tokens.
  ///   - logProbabilities: ln p of the tokens under a model, in any order; NaN for those that it has no say on.
  ///   - vocabularySize: the number of tokens that there are.
  public init(_ texts: [[Int32]], logProbabilities: [[Double]]? = nil, vocabularySize: Int? = nil) {
    self.texts = texts.count
    tokens = texts.reduce(0) { $0 + $1.count }
    let count = Double(max(1, texts.count))
    let mean = Double(tokens) / count
    meanLength = mean
    lengthDeviation =
      (texts.reduce(0) { $0 + (Double($1.count) - mean) * (Double($1.count) - mean) } / count).squareRoot()
    if let scored = logProbabilities?.joined().filter({ !$0.isNaN }), !scored.isEmpty {
      perplexity = .exp(-scored.reduce(0, +) / Double(scored.count))
    }
    selfBLEU = SelfBLEU.mean(texts)
    zipf = ZipfCoefficient.of(texts)
    repetition = Dictionary(uniqueKeysWithValues: Repetition.allCases.map { ($0, $0.share(of: texts)) })
    distinct = (1...4).map { Self.distinct(texts, $0) }
    vocabularyShare = vocabularySize.map { Double(Set(texts.joined()).count) / Double(max(1, $0)) }
  }

  private static func distinct(_ texts: [[Int32]], _ n: Int) -> Double {
    var (different, all): (Set<ArraySlice<Int32>>, Int) = ([], 0)
    for text in texts where text.count >= n {
      for start in 0...(text.count - n) { different.insert(text[start..<(start + n)]) }
      all += text.count - n + 1
    }
    return all == 0 ? 0 : Double(different.count) / Double(all)
  }
}
