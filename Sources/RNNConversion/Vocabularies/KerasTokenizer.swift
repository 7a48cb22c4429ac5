/// The `Tokenizer` of Keras 1 and 2, as its `to_json` writes it: ids count from 1, and 0 is padding.
enum KerasTokenizer {
  private static let usualFilters = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n"

  static func isOne(_ document: Literal) -> Bool {
    document["class_name"]?.name == "Tokenizer" && document["config"]?.pairs != nil
  }

  static func tokens(of document: Literal, file: String) throws(ConversionError) -> TokenList {
    guard let config = document["config"] else {
      throw .malformed(file: file, place: "the tokenizer", reason: "it has no config")
    }
    func table(_ name: String) throws(ConversionError) -> [TokenList.Entry]? {
      guard var value = config[name] else { return nil }
      // The dictionaries are JSON texts within the JSON text.
      if let text = value.text {
        do { value = try LiteralParser.parse(text) } catch {
          throw .malformed(file: file, place: "config.\(name)", reason: "\(error)")
        }
      }
      if value.pairs?.isEmpty ?? false { return nil }
      guard let entries = TokenTables.entries(of: value) else {
        throw .malformed(file: file, place: "config.\(name)", reason: "it is no dictionary between words and ids")
      }
      return entries
    }
    let others = try table("index_word")
    guard var entries = try table("word_index") ?? others else {
      throw .malformed(file: file, place: "config", reason: "the tokenizer has no word_index: it has not been fitted")
    }
    if let others, Set(others) != Set(entries) {
      throw .malformed(
        file: file, place: "config.word_index and config.index_word", reason: "they have different words or ids")
    }
    if let lowest = entries.first(where: { $0.id < 1 }) {
      throw .malformed(file: file, place: "config.word_index", reason: "an id is \(lowest.id), but ids begin with 1")
    }
    let marker = config["oov_token"]?.text
    if let counts = config["word_counts"] {
      let counted = try table("word_counts").map { list in
        Dictionary(list.map { ($0.bytes, $0.id) }, uniquingKeysWith: { first, _ in first })
      }
      if counts != .null, let counted {
        for index in entries.indices {
          let isMarker = entries[index].bytes == marker
          entries[index].count = (counted[entries[index].bytes] ?? (isMarker ? 0 : nil)).flatMap { UInt64(exactly: $0) }
        }
      }
    }
    // Words beyond the limit have an id, but no text gives it.
    let limit = config["num_words"]?.integer
    if let limit { entries.removeAll { $0.id >= limit } }
    var list = TokenList(entries)
    list.place = "config.word_index"
    list.firstID = 0
    list.size = limit
    list.kind = config["char_level"]?.bool ?? false ? .characters : .words
    list.unknown = marker.flatMap { name in entries.first { $0.bytes == name }?.id }
    list.remarks = remarks(config, isWords: list.kind == .words)
    return list
  }

  private static func remarks(_ config: Literal, isWords: Bool) -> [Assumption] {
    var remarks: [Assumption] = []
    func remark(_ subject: String, _ value: String, _ reason: String) {
      remarks.append(Assumption(subject, value, because: reason, flag: "--vocabulary", isGiven: false))
    }
    if config["lower"]?.bool ?? true {
      remark("letters", "as the text has them", "the tokenizer makes texts lower-case; give the model lower-case texts")
    }
    guard isWords else { return remarks }
    if config["filters"]?.text ?? Array(usualFilters.utf8) != [] {
      remark(
        "punctuation", "as the text has it", "the tokenizer takes characters out of texts; give the model texts without"
      )
    }
    if config["split"]?.text ?? [0x20] != [0x20] {
      remark("words", "between white space", "the tokenizer splits at another character")
    }
    return remarks
  }
}
