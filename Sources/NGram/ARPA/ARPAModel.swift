import RNNModel

/// What an ARPA file holds: a model and the words of its tokens.
public struct ARPAModel: Sendable {
  /// The model. Its ``NGramModel/sentenceEnd`` is `</s>`.
  public let model: NGramModel
  /// The words, by token; `<s>` is not among them.
  public let words: [[UInt8]]
  /// The token of `<unk>`.
  public let unknown: Int32?
  /// N-grams that were left out since no text can reach them: with `<s>` after, or `</s>` before other words.
  public let ignoredCount: Int

  /// The words as a vocabulary that splits texts at white space.
  ///
  /// - Throws: `VocabularyError` if a word cannot be a token.
  public func vocabulary() throws(VocabularyError) -> Vocabulary {
    try Vocabulary(
      kind: .words, normalisation: model.sentenceEnd == nil ? .none : .whitespace, tokens: words, unknown: unknown,
      lineEnd: model.sentenceEnd)
  }
}

/// Words with a meaning of their own in ARPA files.
enum ARPAWords {
  static let start = Array("<s>".utf8)
  static let end = Array("</s>".utf8)
  static let unknown = Array("<unk>".utf8)
}

/// Bytes that no word of an ARPA file can have, as `\xHH`, and the backslash likewise: for tokens such as a space.
public enum ARPAEscapes {
  /// A token as a word.
  public static func escape(_ token: some Sequence<UInt8>) -> [UInt8] {
    var word: [UInt8] = []
    for byte in token {
      if byte <= 0x20 || byte == 0x7F || byte == 0x5C {
        let digits = Array("0123456789abcdef".utf8)
        word += [0x5C, 0x78, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      } else {
        word.append(byte)
      }
    }
    return word
  }

  /// The token of a word; a backslash that begins no escape stays.
  public static func unescape(_ word: [UInt8]) -> [UInt8] {
    func digit(_ index: Int) -> UInt8? {
      guard index < word.count else { return nil }
      return switch word[index] {
      case 0x30...0x39: word[index] - 0x30
      case 0x61...0x66: word[index] - 0x61 + 10
      default: nil
      }
    }
    var token: [UInt8] = []
    var index = 0
    while index < word.count {
      if word[index] == 0x5C, index + 1 < word.count, word[index + 1] == 0x78, let high = digit(index + 2),
        let low = digit(index + 3)
      {
        token.append(high << 4 | low)
        index += 4
      } else {
        token.append(word[index])
        index += 1
      }
    }
    return token
  }
}
