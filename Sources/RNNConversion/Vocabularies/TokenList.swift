import RNNModel

/// Tokens with their ids, as another program keeps them.
struct TokenList: Sendable {
  struct Entry: Hashable, Sendable {
    var id: Int
    var bytes: [UInt8]
    /// How often it occurs, where that is known.
    var count: UInt64?
  }

  /// In the order in which the file has them.
  var entries: [Entry]
  /// What in the file they are, for messages: "the tokens", "token_to_idx".
  var place = "the tokens"
  /// Which id the first row of a model has, where that is known.
  var firstID: Int?
  /// How many tokens the model has, where the file says it.
  var size: Int?
  /// What the tokens are, where the file says it.
  var kind: Vocabulary.Kind?
  /// The id of the token for symbols without one, where the file says it.
  var unknown: Int?
  /// The id of the word that ends each line, where the file says it.
  var lineEnd: Int?
  /// Ids that the file calls special.
  var specials: Set<Int> = []
  /// What the file asks for that a vocabulary here does not do.
  var remarks: [Assumption] = []

  init(_ entries: [Entry]) { self.entries = entries }

  /// Tokens whose ids are their places.
  init(_ tokens: [[UInt8]]) { entries = tokens.enumerated().map { Entry(id: $0.offset, bytes: $0.element) } }
}

extension TokenList {
  /// How tokens for symbols without one are usually called.
  static let unknownNames = ["<unk>", "<UNK>", "[UNK]", "UNK", "<oov>", "<OOV>", "<unknown>"]
  private static let paddingNames = ["<pad>", "<PAD>", "[PAD]", "PAD", "_PAD", "<padding>"]
  private static let markNames = [
    "PAD", "SOS", "EOS", "BOS", "UNK", "OOV", "GO", "START", "END", "_PAD", "_GO", "_EOS", "_UNK",
  ]

  /// Whether a token of several characters is called as marks are that no text has: `<s>`, `[CLS]`, `EOS`.
  static func isMark(_ bytes: [UInt8]) -> Bool {
    guard bytes.count > 2, let first = bytes.first, let last = bytes.last else { return false }
    if (first, last) == (0x3C, 0x3E) { return true }
    if (first, last) == (0x5B, 0x5D) {
      return bytes.dropFirst().dropLast().allSatisfy {
        (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
      }
    }
    return markNames.contains { Array($0.utf8) == bytes }
  }

  static func isPadding(_ bytes: [UInt8]) -> Bool { paddingNames.contains { Array($0.utf8) == bytes } }

  /// Why the tokens are pieces of words that only another program can cut; nil if they are not.
  var reasonNotToSplit: String? {
    func begins(_ bytes: [UInt8], _ mark: String) -> Bool {
      bytes.count > mark.utf8.count && bytes.starts(with: mark.utf8)
    }
    if entries.contains(where: { begins($0.bytes, "▁") }) {
      return "its tokens are SentencePiece's, which cuts texts by a model of its own"
    }
    let names = Set(entries.lazy.map(\.bytes))
    if names.contains(Array("[UNK]".utf8)), entries.contains(where: { begins($0.bytes, "##") }) {
      return "its tokens are WordPiece's, which cuts words into pieces"
    }
    if names.contains(Array("Ġ".utf8)), names.contains(Array("Ċ".utf8)),
      entries.contains(where: { begins($0.bytes, "Ġ") })
    {
      return "its tokens are those of a byte-pair encoding, whose merges are not here: give its tokenizer.json"
    }
    return nil
  }
}
