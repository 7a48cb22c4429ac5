import RNNText

/// Why a text cannot be scored.
public enum EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is nothing to score, or no token before it.
  case tooShort(tokens: Int)
  /// The model's vocabulary is not known.
  case noVocabulary
  /// The model gave no probability: its numbers overflow float32.
  case notFinite(token: Int)
  /// A protocol that contradicts itself.
  case `protocol`(reason: String)
  /// A protocol that tells lines apart, and a vocabulary that does not.
  case noLineEnd(protocol: String)
  /// A text that is too short for the streams of a protocol.
  case tooShortForStreams(TextStreams.TooShort)
  /// Every token that the protocol would count is unknown.
  case nothingCounted
  /// A model that has no hidden states to remember.
  case noHiddenStates
  /// A model that cannot learn while it is scored.
  case notAdaptable(reason: String)
  /// Models that do not have the same tokens.
  case differentVocabularies(reason: String)
  /// Weights of a mixture that leave nothing for the model itself, or are none.
  case weights(reason: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .tooShort(let tokens):
      "the text has \(tokens) token\(tokens == 1 ? "" : "s") of the model's vocabulary, but scoring needs at least two"
    case .notFinite(let token): "the model's numbers overflow at token \(token) of the text: it gives no probability"
    case .noVocabulary: "the model has no vocabulary, so that it cannot read text"
    case .protocol(let reason): "the protocol contradicts itself: \(reason)"
    case .noLineEnd(let name):
      "the protocol '\(name)' needs the ends of lines, but the model's vocabulary has no token for them: choose the protocol 'stream'"
    case .tooShortForStreams(let cause): "\(cause): give a longer text, or another protocol"
    case .nothingCounted: "every token that the protocol would count is unknown to the model: there is nothing to score"
    case .noHiddenStates: "the model has no hidden states that a cache could remember"
    case .notAdaptable(let reason): "the model cannot learn while it is scored: \(reason)"
    case .differentVocabularies(let reason):
      "models that are mixed must have the same vocabulary, but \(reason): compare them by bits per byte instead, with --text"
    case .weights(let reason): "the weights of the mixture do not fit: \(reason)"
    }
  }
}
