/// Tokens stay whose probability is at least eta = min(epsilon, sqrt(epsilon) e^-entropy) (Hewitt, Manning & Liang 2022): where the
/// model is uncertain, less is enough.
public struct EtaCutoff: DecodingStrategy {
  /// `eta`
  public static let name = StrategyName.eta
  /// In 0 < epsilon < 1.
  public let epsilon: Double

  /// - Precondition: 0 < epsilon < 1.
  public init(_ epsilon: Double) {
    precondition(epsilon > 0 && epsilon < 1, "an epsilon of \(epsilon)")
    self.epsilon = epsilon
  }

  /// Keeps what is probable enough, at least the most probable tokens.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    candidates.keepProbabilities { _, entropy in
      min(epsilon, epsilon.squareRoot() * PortableMath.exp(-entropy()))
    }
  }
}
