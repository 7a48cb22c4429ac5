/// Nucleus sampling: the smallest set of most probable tokens whose probabilities reach p stays (Holtzman et al. 2020).
public struct TopP: DecodingStrategy {
  /// `top-p`
  public static let name = StrategyName.topP
  /// p, in 0 < p <= 1.
  public let probability: Double

  /// - Precondition: 0 < p <= 1.
  public init(_ probability: Double) {
    precondition(probability > 0 && probability <= 1, "top p \(probability)")
    self.probability = probability
  }

  /// Keeps the nucleus.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    if probability < 1 { candidates.keepNucleus(probability) }
  }
}
