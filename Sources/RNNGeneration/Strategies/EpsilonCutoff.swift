/// Tokens stay whose probability is at least epsilon (Hewitt, Manning & Liang 2022).
public struct EpsilonCutoff: DecodingStrategy {
  /// `epsilon`
  public static let name = StrategyName.epsilon
  /// In 0 < epsilon < 1.
  public let epsilon: Double

  /// - Precondition: 0 < epsilon < 1.
  public init(_ epsilon: Double) {
    precondition(epsilon > 0 && epsilon < 1, "an epsilon of \(epsilon)")
    self.epsilon = epsilon
  }

  /// Keeps what is probable enough, at least the most probable tokens.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    candidates.keepProbabilities { _, _ in epsilon }
  }
}
