import RealModule

/// How token frequencies fall with their rank: minus the slope of ln frequency on ln rank, by least squares (Zipf 1949), as Holtzman et al. (2020)
/// computed it. Near 1 for text by people; higher means that few tokens are used too often.
public enum ZipfCoefficient {
  /// Measures texts.
  ///
  /// - Parameters:
  ///   - texts: their tokens.
  ///   - count: how many of the most frequent tokens count.
  /// - Returns: nil where there are fewer than two different tokens.
  public static func of(_ texts: [[Int32]], mostFrequent count: Int = 5000) -> Double? {
    var counts: [Int32: Int] = [:]
    for text in texts { for token in text { counts[token, default: 0] += 1 } }
    let values = counts.values.sorted(by: >).prefix(max(0, count)).map { Double.log(Double($0)) }
    guard values.count > 1 else { return nil }
    let ranks = values.indices.map { Double.log(Double($0 + 1)) }
    let (meanRank, meanValue) = (ranks.reduce(0, +) / Double(ranks.count), values.reduce(0, +) / Double(values.count))
    var (products, squares) = (0.0, 0.0)
    for (rank, value) in zip(ranks, values) {
      products += (rank - meanRank) * (value - meanValue)
      squares += (rank - meanRank) * (rank - meanRank)
    }
    return -products / squares
  }
}
