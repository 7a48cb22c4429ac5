/// Why an n-gram model cannot be made, read or written.
public enum NGramError: Error, Hashable, Sendable, CustomStringConvertible {
  /// An order that is not supported.
  case order(Int)
  /// The text has no token.
  case noTokens
  /// A token of the text that the vocabulary does not have.
  case token(Int, position: Int, vocabularySize: Int)
  /// A vocabulary without tokens, with more than can be counted, or without the token that ends sentences.
  case vocabulary(size: Int, sentenceEnd: Int?)
  /// A text with more tokens than can be counted.
  case textTooLong(tokens: Int)
  /// The work may need more memory than it is to take.
  case memory(needed: Int, limit: Int, order: Int)
  /// A number of a method that is not in its range.
  case parameter(String)
  /// Arrays that are not a model.
  case malformed(place: String, reason: String)
  /// An ARPA file that is not what its format prescribes.
  case arpa(file: String, line: Int, reason: String)
  /// A model that an ARPA file cannot hold.
  case notForARPA(reason: String)

  /// Whether the text or the file is to blame, and not the machine.
  public var isRefusal: Bool {
    if case .memory = self { false } else { true }
  }

  /// One sentence.
  public var description: String {
    switch self {
    case .order(let order): "an n-gram model has an order from 1 to \(NGramModel.highestOrder), not \(order)"
    case .noTokens: "the text has no token to count"
    case .token(let token, let position, let size):
      "token \(position) of the text is \(token), but the vocabulary has the tokens 0 to \(size - 1)"
    case .vocabulary(let size, let sentenceEnd?):
      "a vocabulary of \(size) tokens does not have the token \(sentenceEnd) that ends sentences"
    case .vocabulary(let size, nil): "a vocabulary of \(size) tokens cannot be counted"
    case .textTooLong(let tokens):
      "a text of \(tokens) tokens is too long: n-grams are counted in up to \(UInt32.max - 1)"
    case .memory(let needed, let limit, let order):
      "counting n-grams up to order \(order) may take \(Self.megabytes(needed)) of memory, more than the limit of \(Self.megabytes(limit)): choose a lower order or a shorter text"
    case .parameter(let reason): reason
    case .malformed(let place, let reason): "the n-gram model is refused: \(place): \(reason)"
    case .arpa(let file, let line, let reason): "'\(file)' is refused: line \(line): \(reason)"
    case .notForARPA(let reason): "an ARPA file cannot hold the model: \(reason)"
    }
  }

  private static func megabytes(_ bytes: Int) -> String { "\(bytes / 1_000_000 + (bytes % 1_000_000 == 0 ? 0 : 1)) MB" }
}
