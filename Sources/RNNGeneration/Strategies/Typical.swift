/// Locally typical sampling (Meister et al. 2023): the tokens stay whose surprise -ln p is nearest to the entropy, until their
/// probabilities reach a mass.
public struct Typical: DecodingStrategy {
  /// `typical`
  public static let name = StrategyName.typical
  /// In 0 < mass <= 1.
  public let mass: Double

  /// - Precondition: 0 < mass <= 1.
  public init(_ mass: Double) {
    precondition(mass > 0 && mass <= 1, "typical p \(mass)")
    self.mass = mass
  }

  /// Keeps the typical set.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    if mass < 1 { candidates.keepTypical(mass) }
  }
}
