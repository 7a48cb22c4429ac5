/// Tokens stay whose score is at most n standard deviations of all scores below the largest one (Tang et al. 2024). The set does not
/// depend on the temperature.
public struct TopNSigma: DecodingStrategy {
  /// `top-n-sigma`
  public static let name = StrategyName.topNSigma
  /// n.
  public let deviations: Double

  /// - Precondition: n is positive.
  public init(_ deviations: Double) {
    precondition(deviations > 0, "\(deviations) standard deviations")
    self.deviations = deviations
  }

  /// Keeps what is near enough to the top.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    guard candidates.count > 1 else { return }
    candidates.keepScores(atLeast: candidates.largestScore - deviations * candidates.scoreStatistics.deviation)
  }
}
