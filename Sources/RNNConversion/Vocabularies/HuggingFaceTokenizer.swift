/// A `tokenizer.json` of the Hugging Face library `tokenizers`.
struct HuggingFaceTokenizer {
  private let document: Literal
  private let file: String
  private let model: Literal
  /// Every id with its token as the file spells it.
  private let entries: [TokenList.Entry]
  private let special: Set<Int>

  static func isOne(_ document: Literal) -> Bool {
    guard let model = document["model"], model.pairs != nil else { return false }
    return model["vocab"] != nil
  }

  init(_ document: Literal, file: String) throws(ConversionError) {
    self.document = document
    self.file = file
    guard let model = document["model"], let vocab = model["vocab"] else {
      throw .malformed(file: file, place: "the tokenizer", reason: "it has no model with a vocabulary")
    }
    self.model = model
    if vocab.pairs == nil {
      throw .malformed(
        file: file, place: "model.vocab",
        reason: "its tokens have scores: texts are cut by a model that is not supported")
    }
    var found = vocab.pairs?.isEmpty ?? true ? [] : TokenTables.entries(of: vocab)
    var special: Set<Int> = []
    var tokens = Dictionary(found?.map { ($0.id, $0.bytes) } ?? [], uniquingKeysWith: { first, _ in first })
    for token in document["added_tokens"]?.list ?? [] {
      guard let id = token["id"]?.integer, let content = token["content"]?.text else {
        throw .malformed(file: file, place: "added_tokens", reason: "one has no id or no content")
      }
      if let known = tokens.updateValue(content, forKey: id) {
        guard known == content else {
          throw .malformed(file: file, place: "added_tokens", reason: "the id \(id) is that of another token too")
        }
      } else {
        found?.append(.init(id: id, bytes: content))
      }
      if token["special"]?.bool ?? false { special.insert(id) }
    }
    guard let found, !found.isEmpty else {
      throw .malformed(file: file, place: "model.vocab", reason: "it is no dictionary from tokens to ids")
    }
    entries = found
    self.special = special
  }

  /// The kind of model. Old files do not say it.
  private var type: String { model["type"]?.name ?? (model["merges"] == nil ? "WordLevel" : "BPE") }

  /// What the tokenizer does to texts before it looks at tokens, and a vocabulary here does not.
  private func remarks(pieces: String?) -> [Assumption] {
    var remarks: [Assumption] = []
    func remark(_ subject: String, _ value: String, _ reason: String) {
      remarks.append(Assumption(subject, value, because: reason, flag: "--vocabulary", isGiven: false))
    }
    if let normalizer = document["normalizer"], normalizer != .null {
      let name = normalizer["type"]?.name ?? "unnamed"
      remark("texts", "as they are", "the tokenizer has a normalizer, '\(name)', that changes texts first")
    }
    if let pieces { remark("pieces", pieces, "the tokenizer has a rule of its own for where texts are cut") }
    if Self.has(document["pre_tokenizer"], "add_prefix_space", true) {
      remark("beginning", "as the text has it", "the tokenizer puts a space before each text")
    }
    return remarks
  }

  /// Whether a part of the document, or a part within it, has a truth value.
  private static func has(_ part: Literal?, _ key: String, _ value: Bool) -> Bool {
    guard let part else { return false }
    if part[key]?.bool == value { return true }
    return parts(of: part).contains { has($0, key, value) }
  }

  private static func parts(of part: Literal) -> [Literal] {
    (part["pretokenizers"]?.list ?? []) + (part["decoders"]?.list ?? [])
  }

  private static func has(_ part: Literal?, type: String) -> Bool {
    guard let part else { return false }
    return part["type"]?.name == type || parts(of: part).contains { has($0, type: type) }
  }

  private func id(of token: Literal?) -> Int? {
    guard let text = token?.text else { return nil }
    return entries.first { $0.bytes == text }?.id
  }

  /// The tokens, for a tokenizer of whole words.
  ///
  /// - Returns: nil for one of byte pairs: ``merges()``.
  func words() throws(ConversionError) -> TokenList? {
    guard type != "BPE" else { return nil }
    guard type == "WordLevel" else {
      throw .malformed(
        file: file, place: "model.type", reason: "'\(type)' is not supported: only WordLevel, and BPE on bytes, are")
    }
    var list = TokenList(entries)
    list.place = "model.vocab"
    list.firstID = 0
    list.unknown = id(of: model["unk_token"])
    list.specials = special.subtracting([list.unknown].compactMap(\.self))
    let isOurs = Self.has(document["pre_tokenizer"], type: "WhitespaceSplit")
    list.remarks = remarks(pieces: isOurs ? nil : "between white space")
    return list
  }

  /// The byte pairs.
  func merges() throws(ConversionError) -> ByteLevelMerges {
    guard Self.has(document["pre_tokenizer"], type: "ByteLevel") else {
      throw .malformed(
        file: file, place: "pre_tokenizer", reason: "its byte-pair encoding is not one of bytes, but of characters")
    }
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] where !(model[name]?.text ?? []).isEmpty {
      throw .malformed(file: file, place: "model.\(name)", reason: "marks of word parts are not supported")
    }
    if model["ignore_merges"]?.bool ?? false {
      throw .malformed(file: file, place: "model.ignore_merges", reason: "tokens without merges are not supported")
    }
    var pairs: [(first: [UInt8], second: [UInt8])] = []
    for (rank, merge) in (model["merges"]?.list ?? []).enumerated() {
      let halves: [[UInt8]]
      if let text = merge.text {
        halves = text.split(separator: 0x20, omittingEmptySubsequences: false).map { Array($0) }
      } else {
        halves = merge.list?.compactMap(\.text) ?? []
      }
      guard halves.count == 2 else {
        throw .malformed(file: file, place: "model.merges", reason: "merge \(rank) is no pair of tokens")
      }
      pairs.append((halves[0], halves[1]))
    }
    return ByteLevelMerges(
      entries: entries, pairs: pairs,
      remarks: remarks(pieces: "where letters, digits, white space and other bytes meet"), file: file)
  }
}
