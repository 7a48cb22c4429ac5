import RNNFormat
import RNNModel

/// Writes the tokens of a vocabulary for other programs, in the order of their ids.
public enum VocabularyWriter {
  /// Tokens that are no texts, which JSON cannot hold.
  public struct NotText: Error, Hashable, Sendable, CustomStringConvertible {
    /// The first ones.
    public let tokens: [Int32]
    /// How many there are.
    public let count: Int

    /// One sentence.
    public var description: String {
      let names = tokens.map { "\($0)" }.joined(separator: ", ")
      return
        "\(count) tokens of the vocabulary are bytes that are not UTF-8, which JSON cannot hold: \(names)\(count > tokens.count ? ", ..." : "")"
    }
  }

  /// What a file holds whose name says how: a JSON list in one that ends in `.json`, else a list in Python's notation.
  ///
  /// - Throws: ``NotText``.
  public static func text(of vocabulary: Vocabulary, forFile path: String) throws(NotText) -> String {
    path.lowercased().hasSuffix(".json") ? try json(vocabulary) + "\n" : python(vocabulary)
  }

  /// Writes ``text(of:forFile:)``.
  ///
  /// - Throws: ``NotText``, `FormatError` if the file cannot be written; what was there before is untouched then.
  public static func write(_ vocabulary: Vocabulary, to path: String) throws {
    let text = try text(of: vocabulary, forFile: path)
    try AtomicFile.replace(path) { try OutputFile(creating: $0).write(Array(text.utf8)) }
  }

  /// The tokens as a JSON list.
  ///
  /// - Throws: ``NotText``.
  public static func json(_ vocabulary: Vocabulary) throws(NotText) -> String {
    var texts: [JSONValue] = []
    var others: [Int32] = []
    for token in 0..<Int32(vocabulary.count) {
      if let text = String(validating: vocabulary[token], as: UTF8.self) {
        texts.append(.string(text))
      } else {
        others.append(token)
      }
    }
    guard others.isEmpty else { throw NotText(tokens: Array(others.prefix(5)), count: others.count) }
    return JSONValue.array(texts).canonical
  }

  /// The tokens as a list in Python's notation, for `ast.literal_eval`: texts as `'...'`, other bytes as `b'...'`.
  public static func python(_ vocabulary: Vocabulary) -> String {
    let tokens = (0..<Int32(vocabulary.count)).map { token in
      guard let text = String(validating: vocabulary[token], as: UTF8.self) else {
        return "b'" + vocabulary[token].map { escape($0) ?? String(Unicode.Scalar($0)) }.joined() + "'"
      }
      let scalars = text.unicodeScalars.map { scalar in
        scalar.isASCII ? escape(UInt8(truncatingIfNeeded: scalar.value)) ?? String(scalar) : String(scalar)
      }
      return "'" + scalars.joined() + "'"
    }
    return "[" + tokens.joined(separator: ", ") + "]\n"
  }

  /// A byte that a literal cannot have as it is.
  private static func escape(_ byte: UInt8) -> String? {
    switch byte {
    case 0x27, 0x5C: return "\\" + String(Unicode.Scalar(byte))
    case 0x20...0x7E: return nil
    default: return "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
  }
}
