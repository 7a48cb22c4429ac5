/// A rule that reshapes the distribution of the next token before one is drawn.
///
/// Strategies are applied one after another; each takes what the one before it left.
public protocol DecodingStrategy: Sendable {
  /// Changes the candidates: their probabilities, or which of them are left. At least one stays.
  func apply(to candidates: inout Candidates)
}
