/// Mirostat, version 1 (Basu et al. 2021): fits a Zipf exponent to the most probable tokens and keeps the k that should have the
/// surprise mu; mu follows what was drawn.
public struct MirostatOne: DecodingStrategy {
  /// `mirostat`
  public static let name = StrategyName.mirostat
  /// The target, in bits.
  public let tau: Double
  /// How fast mu follows.
  public let eta: Double
  /// How many tokens the exponent is fitted to.
  public let fitted: Int
  /// The number of tokens of the vocabulary.
  public let size: Int
  /// The surprise aimed at next, in bits.
  public private(set) var mu: Double

  /// - Parameters:
  ///   - tau: the target, in bits.
  ///   - eta: how fast mu follows.
  ///   - fitted: how many tokens the exponent is fitted to, m.
  ///   - size: the number of tokens of the vocabulary.
  /// - Precondition: all are positive.
  public init(tau: Double = 5, eta: Double = 0.1, fitted: Int = 100, size: Int) {
    precondition(tau > 0 && eta > 0 && fitted > 0 && size > 0, "mirostat \(tau), \(eta), \(fitted)")
    (self.tau, self.eta, self.fitted, self.size, mu) = (tau, eta, fitted, size, 2 * tau)
  }

  /// Keeps k tokens.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    guard candidates.count > 1 else { return }
    var (products, squares) = (0.0, 0.0)
    let top = candidates.top(fitted)
    for index in 0..<(top.count - 1) {
      let t = PortableMath.log(Double(index + 2) / Double(index + 1))
      // The logarithm of the ratio of two probabilities.
      products += t * (top[index].score - top[index + 1].score)
      squares += t * t
    }
    guard squares > 0 else { return }
    let exponent = products / squares
    let rest = exponent - 1
    let numerator = rest * PortableMath.exp(mu * 0.6931471805599453)
    let denominator = 1 - PortableMath.exp(-rest * PortableMath.log(Double(size)))
    let ratio = numerator / denominator
    guard exponent > 0, ratio.isFinite, ratio > 0 else { return }
    let k = PortableMath.exp(PortableMath.log(ratio) / exponent)
    candidates.keep(k < Double(candidates.count) ? Int(k) : candidates.count)
  }

  /// Moves mu.
  public mutating func observe(_ token: Int32, probability: Double) {
    mu -= eta * (MirostatSurprise.bits(probability) - tau)
  }
}
