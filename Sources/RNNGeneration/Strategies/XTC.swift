/// Exclude top choices (llama.cpp): with some probability, all tokens of at least a threshold are dropped but the least probable one
/// of them, so that the text leaves the beaten track where there are several good ways.
public struct XTC: DecodingStrategy {
  /// `xtc`
  public static let name = StrategyName.xtc
  /// How often, in 0 ... 1.
  public let probability: Double
  /// How probable a top choice is; above 0.5 there can be only one, and nothing happens.
  public let threshold: Double

  /// - Precondition: both are in 0 ... 1.
  public init(probability: Double, threshold: Double = 0.1) {
    precondition((0...1).contains(probability) && (0...1).contains(threshold), "xtc \(probability), \(threshold)")
    (self.probability, self.threshold) = (probability, threshold)
  }

  /// Drops the top choices.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    guard probability > 0, threshold <= 0.5, candidates.count > 1 else { return }
    guard context.generator.uniform() < probability else { return }
    candidates.dropMostProbable(candidates.count(ofProbabilitiesAtLeast: threshold) - 1)
  }
}
