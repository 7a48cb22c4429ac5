/// Only the k most probable tokens stay (Fan, Lewis & Dauphin 2018).
public struct TopK: DecodingStrategy {
  /// `top-k`
  public static let name = StrategyName.topK
  /// k.
  public let count: Int

  /// - Precondition: k is positive.
  public init(_ count: Int) {
    precondition(count > 0, "top \(count)")
    self.count = count
  }

  /// Keeps k tokens.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) { candidates.keep(count) }
}
