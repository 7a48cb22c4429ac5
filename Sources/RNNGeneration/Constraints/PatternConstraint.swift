/// Lets only tokens come with which the text can still match a pattern; where it can only end, none is left.
public struct PatternConstraint: DecodingStrategy {
  /// `constraint`
  public static let name = StrategyName.constraint
  private let pattern: TextPattern
  private var place: TextPattern.Place

  /// - Parameter pattern: what the drawn text has to match, without the prompt.
  public init(_ pattern: TextPattern) {
    self.pattern = pattern
    place = pattern.start
  }

  /// Keeps what may come.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    let allowed = Set(pattern.tokens(at: place))
    candidates.keepOnly { allowed.contains($0) }
  }

  /// Goes on in the pattern.
  public mutating func observe(_ token: Int32, probability: Double) {
    if let next = pattern.advance(place, by: token) { place = next }
  }

  /// Whether the text may end here.
  public var isSatisfied: Bool { pattern.accepts(place) }
}
