/// Only the most probable token stays; of equals, the one with the lowest id.
public struct Greedy: DecodingStrategy {
  /// `greedy`
  public static let name = StrategyName.greedy

  /// Makes the strategy.
  public init() {}

  /// Keeps one token.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) { candidates.keep(1) }
}
