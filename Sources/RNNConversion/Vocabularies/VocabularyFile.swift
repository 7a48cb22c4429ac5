import RNNModel

/// The tokens of a model, in a file of another program.
///
/// It may be JSON or what Python prints (a list of tokens, a dictionary from tokens to ids or back, such dictionaries under their usual names), a
/// tokenizer of Keras or Hugging Face, or a text file with one token a line. Which it is follows from its content.
public struct VocabularyFile: Sendable {
  /// More than any vocabulary needs.
  private static let largest = 1 << 28

  private enum Content: Sendable {
    case tokens(TokenList)
    case merges(ByteLevelMerges)
  }

  /// The file.
  public let path: String
  private let content: Content

  /// Reads a file.
  ///
  /// - Throws: ``ConversionError`` that says what is wrong with it.
  public init(reading path: String) throws(ConversionError) {
    let file = try InputFile(opening: path)
    guard file.size <= Self.largest else {
      throw .malformed(
        file: path, place: "the file", reason: "it has \(file.size) bytes, more than a vocabulary may have")
    }
    try self.init(try file.read(at: 0, count: file.size), path: path)
  }

  init(_ bytes: [UInt8], path: String) throws(ConversionError) {
    self.path = path
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
    guard Self.isLiteral(text) else {
      content = .tokens(try TokenLines.tokens(of: text, file: path))
      return
    }
    let document: Literal
    do { document = try LiteralParser.parse(text) } catch {
      throw .malformed(file: path, place: "the file", reason: "\(error)")
    }
    if KerasTokenizer.isOne(document) {
      content = .tokens(try KerasTokenizer.tokens(of: document, file: path))
    } else if HuggingFaceTokenizer.isOne(document) {
      let tokenizer = try HuggingFaceTokenizer(document, file: path)
      if let words = try tokenizer.words() {
        content = .tokens(words)
      } else {
        content = .merges(try tokenizer.merges())
      }
    } else {
      content = .tokens(try TokenTables.tokens(of: document, file: path))
    }
  }

  /// The vocabulary of a model.
  ///
  /// - Parameters:
  ///   - size: how many tokens the model has, which may be more than the file names; nil if that is not known.
  ///   - choices: what the user says.
  /// - Throws: ``ConversionError/malformed(file:place:reason:)`` for tokens that contradict each other, the model or the choices.
  public func vocabulary(
    size: Int? = nil, choices: VocabularyChoices = VocabularyChoices()
  ) throws(ConversionError) -> VocabularyWithOrder {
    switch content {
    case .tokens(let list): return try list.vocabulary(size: size, choices, file: path)
    case .merges(let merges):
      if let kind = choices.kind, kind != .bpe {
        throw .malformed(
          file: path, place: "model", reason: "it is a byte-pair encoding, not a vocabulary of \(kind.rawValue)")
      }
      return try merges.vocabulary(size: size)
    }
  }

  /// Whether a text is JSON or Python's, whole or damaged, and not a list of tokens that begins with a bracket.
  private static func isLiteral(_ text: [UInt8]) -> Bool {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }
    guard let start = text.firstIndex(where: { !isSpace($0) }) else { return false }
    if text[start...].starts(with: "OrderedDict(".utf8) { return true }
    guard [0x7B, 0x5B, 0x28].contains(text[start]) else { return false }
    let lines = text[start...].split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
    var first = Array(lines[0])
    while let last = first.last, isSpace(last) { first.removeLast() }
    // `[PAD]` and its like, and single brackets, are tokens where the next line is a token too.
    guard first.count == 1 || TokenList.isMark(first) else { return true }
    guard lines.count > 1, first.count == 1 else { return lines.count == 1 }
    let second = lines[1]
    guard let head = second.first, second.count > 1 else { return false }
    return isSpace(head) || head == 0x22 || head == 0x27
  }
}
