/// Tokens stay whose probability is at least a share of the largest one (Nguyen et al. 2024).
public struct MinP: DecodingStrategy {
  /// `min-p`
  public static let name = StrategyName.minP
  /// The share, in 0 ... 1.
  public let share: Double

  /// - Precondition: 0 <= share <= 1.
  public init(_ share: Double) {
    precondition(share >= 0 && share <= 1, "min p \(share)")
    self.share = share
  }

  /// Keeps what is at least `share` times as probable as the most probable token.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    candidates.keepProbabilities { largest, _ in largest * share }
  }
}
