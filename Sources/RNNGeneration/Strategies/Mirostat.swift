/// Keeps the surprise of the text near a target (Basu et al. 2021): what is more surprising than mu bits is cut off, and mu follows
/// what was drawn. Version 2; it belongs at the end, alone with penalties and temperature.
public struct Mirostat: DecodingStrategy {
  /// `mirostat`
  public static let name = StrategyName.mirostat
  /// The target, in bits.
  public let tau: Double
  /// How fast mu follows.
  public let eta: Double
  /// The most surprise that is let through, in bits.
  public private(set) var mu: Double

  /// - Parameters:
  ///   - tau: the target, in bits.
  ///   - eta: how fast mu follows.
  /// - Precondition: both are positive.
  public init(tau: Double = 5, eta: Double = 0.1) {
    precondition(tau > 0 && eta > 0, "mirostat \(tau), \(eta)")
    (self.tau, self.eta, mu) = (tau, eta, 2 * tau)
  }

  /// Keeps what is surprising enough to be let through, at least the most probable token.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    let least = PortableMath.exp(-mu * 0.6931471805599453)
    candidates.keepProbabilities { _, _ in least }
  }

  /// Moves mu.
  public mutating func observe(_ token: Int32, probability: Double) {
    mu -= eta * (MirostatSurprise.bits(probability) - tau)
  }
}

/// What both versions of Mirostat learn from.
enum MirostatSurprise {
  /// -log2 p.
  static func bits(_ probability: Double) -> Double {
    -PortableMath.log(max(probability, .leastNormalMagnitude)) / 0.6931471805599453
  }
}
