/// Why a regular expression is refused.
public enum PatternError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Something at this character is not understood, or not supported.
  case syntax(at: Int, reason: String)
  /// It would need too many states.
  case tooLarge(limit: Int)
  /// A list of words without a word.
  case noWords

  /// One sentence.
  public var description: String {
    switch self {
    case .syntax(let place, let reason): "the regular expression is not understood at character \(place + 1): \(reason)"
    case .tooLarge(let limit): "the pattern is too large: it needs more than \(limit) states"
    case .noWords: "the list of words has no word"
    }
  }
}
