/// Only the most probable token stays; of equals, the one with the lowest id.
public struct Greedy: DecodingStrategy {
  /// Makes the strategy.
  public init() {}

  /// Keeps one token.
  public func apply(to candidates: inout Candidates) { candidates.keep(1) }
}
