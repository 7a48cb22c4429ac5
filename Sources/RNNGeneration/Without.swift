/// Some tokens never come: those that no text has, such as padding.
public struct Without: DecodingStrategy {
  private let tokens: Set<Int32>

  /// Makes the strategy; it has to stand before those that choose among what is left.
  public init(_ tokens: some Sequence<Int32>) { self.tokens = Set(tokens) }

  /// Takes the tokens out, unless the model allows no other.
  public func apply(to candidates: inout Candidates) { candidates.remove(tokens) }
}
