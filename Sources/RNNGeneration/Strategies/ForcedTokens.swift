/// Tokens that have to come at given places of what is drawn.
public struct ForcedTokens: DecodingStrategy {
  /// `forced`
  public static let name = StrategyName.forced
  /// The tokens by the number of tokens drawn before them.
  public let tokens: [Int: Int32]

  /// - Parameter tokens: by the number of tokens drawn before them.
  public init(_ tokens: [Int: Int32]) { self.tokens = tokens }

  /// Where a token has to come, nothing else is left; not even that, if it cannot come.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    guard let token = tokens[context.drawn] else { return }
    candidates.keepOnly { $0 == token }
  }
}
