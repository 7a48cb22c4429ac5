import RNNModel

extension VocabularySettling {
  /// Decides the kind and the meaning of single tokens, and makes the vocabulary.
  mutating func finish(
    _ rows: [TokenList.Entry?], _ list: TokenList, unknown declared: Int?, lineEnd declaredLineEnd: Int?,
    specials declaredSpecials: Set<Int>
  ) throws(ConversionError) -> VocabularyWithOrder {
    let unknown = try unknownRow(rows, declared: declared)
    var specials = declaredSpecials
    if let unknown { specials.remove(unknown) }
    let kind = kind(of: rows, list, unknown: unknown, specials: specials)
    guard kind != .bpe else { throw refusal("a byte-pair encoding needs its merges: give a tokenizer.json") }
    let lineEnd = kind == .words ? lineEndRow(rows, declared: declaredLineEnd, unknown: unknown) : nil
    if let lineEnd { specials.remove(lineEnd) }
    let normalisation: Vocabulary.Normalisation = lineEnd == nil ? .none : .whitespace
    var strange: [[UInt8]] = []
    for (row, entry) in rows.enumerated() where row != unknown && row != lineEnd && !specials.contains(row) {
      guard let entry else {
        specials.insert(row)
        continue
      }
      if kind == .words && TokenList.isPadding(entry.bytes) {
        specials.insert(row)
      } else if !Self.canOccur(entry.bytes, kind, normalisation) {
        specials.insert(row)
        strange.append(entry.bytes)
      }
    }
    note(holes: rows.count { $0 == nil }, strange: strange, kind)
    let names = Names(rows, unknown: unknown)
    let tokens = rows.indices.map { rows[$0]?.bytes ?? names.name(of: $0) }
    let counts = rows.contains { $0 != nil && $0?.count == nil } ? nil : rows.map { $0?.count ?? 0 }
    do {
      let vocabulary = try Vocabulary(
        kind: kind, normalisation: normalisation, tokens: tokens, counts: counts, unknown: unknown.map { Int32($0) },
        lineEnd: lineEnd.map { Int32($0) }, specials: specials.sorted().map { Int32($0) })
      return VocabularyWithOrder(vocabulary: vocabulary, order: nil, assumptions: assumptions)
    } catch { throw refusal("\(error)") }
  }

  private mutating func unknownRow(_ rows: [TokenList.Entry?], declared: Int?) throws(ConversionError) -> Int? {
    if let given = choices.unknown {
      guard rows.indices.contains(given) else {
        throw refusal("the unknown token \(given) is not one of the \(rows.count) tokens")
      }
      return settle(given, else: given, "unknown token", flag: "--vocabulary-unknown", because: "")
    }
    if let declared, rows.indices.contains(declared) { return declared }
    let names = TokenList.unknownNames.map { Array($0.utf8) }
    guard let row = rows.firstIndex(where: { $0.map { names.contains($0.bytes) } ?? false }) else { return nil }
    return settle(nil, else: row, "unknown token", flag: "--vocabulary-unknown", because: "its name is usual for it")
  }

  private mutating func kind(
    of rows: [TokenList.Entry?], _ list: TokenList, unknown: Int?, specials: Set<Int>
  ) -> Vocabulary.Kind {
    if let known = list.kind, choices.kind == nil { return known }
    let ordinary = rows.enumerated().compactMap { row, entry in
      row == unknown || specials.contains(row) ? nil : entry?.bytes
    }.filter { Vocabulary.characterCount(of: $0) == 1 || !TokenList.isMark($0) }
    let usual: (kind: Vocabulary.Kind, reason: String)
    if ordinary.allSatisfy({ $0.count == 1 }), ordinary.contains(where: { ($0.first ?? 0) >= 0x80 }) {
      usual = (.bytes, "each token is one byte, and not all of them are text")
    } else if !ordinary.isEmpty, ordinary.allSatisfy({ Vocabulary.characterCount(of: $0) == 1 }) {
      usual = (.characters, "each token is one character")
    } else {
      usual = (.words, "there are tokens of several characters")
    }
    let kind = choices.kind ?? usual.kind
    assumptions.append(
      Assumption(
        "vocabulary", kind.rawValue, because: usual.reason, flag: "--vocabulary-kind", isGiven: choices.kind != nil))
    return kind
  }

  private mutating func lineEndRow(_ rows: [TokenList.Entry?], declared: Int?, unknown: Int?) -> Int? {
    if let declared, rows.indices.contains(declared), declared != unknown {
      return choices.normalisation == Vocabulary.Normalisation.none ? nil : declared
    }
    // Beside a token that begins sentences, `</s>` ends them, and not lines.
    let names = rows.contains { $0?.bytes == Array("<s>".utf8) } ? ["<eos>", "<EOS>"] : ["<eos>", "<EOS>", "</s>"]
    guard let name = names.first(where: { name in rows.contains { $0?.bytes == Array(name.utf8) } }),
      let row = rows.firstIndex(where: { $0?.bytes == Array(name.utf8) }), row != unknown
    else { return nil }
    // Where white space is a token, it is not given up.
    let hasSpaces = rows.contains { $0?.bytes == [0x20] || $0?.bytes == [0x0A] }
    let normalisation = settle(
      choices.normalisation, else: hasSpaces ? .none : .whitespace, "normalisation",
      flag: "--vocabulary-normalisation",
      because: hasSpaces ? "white space has tokens" : "a word '\(name)' usually ends each line")
    return normalisation == .whitespace ? row : nil
  }

  private mutating func note(holes: Int, strange: [[UInt8]], _ kind: Vocabulary.Kind) {
    if holes > 0 {
      assumptions.append(
        Assumption(
          "ids without token", "\(holes), special", because: "the file names no token for them", flag: "--vocabulary",
          isGiven: false))
    }
    guard let first = strange.first else { return }
    let others = strange.count > 1 ? " and \(strange.count - 1) more" : ""
    assumptions.append(
      Assumption(
        "special tokens", Vocabulary.display(first) + others,
        because: "no text that is split into \(kind.rawValue) has them", flag: "--vocabulary-kind", isGiven: false))
  }

  private static func canOccur(
    _ bytes: [UInt8], _ kind: Vocabulary.Kind, _ normalisation: Vocabulary.Normalisation
  ) -> Bool {
    switch kind {
    case .bytes: return bytes.count == 1
    case .characters: return Vocabulary.characterCount(of: bytes) == 1
    case .words, .bpe:
      let hasSpace = bytes.contains { $0 == 0x20 || (9...13).contains($0) }
      return !hasSpace || (bytes.count == 1 && normalisation == .none)
    }
  }

  /// Names for rows without a token.
  struct Names {
    private let taken: Set<[UInt8]>
    private let unknown: Int?

    init(_ rows: [TokenList.Entry?], unknown: Int?) {
      taken = Set(rows.compactMap { $0?.bytes })
      self.unknown = unknown
    }

    init(taken: Set<[UInt8]>) {
      self.taken = taken
      unknown = nil
    }

    /// A name that no token has.
    func name(of row: Int) -> [UInt8] {
      free(Array((row == unknown ? "<unk>" : row == 0 ? "<pad>" : "<unused \(row)>").utf8))
    }

    /// The name itself, or with brackets around it until no token has it.
    func free(_ name: [UInt8]) -> [UInt8] {
      var name = name
      while taken.contains(name) { name = [0x3C] + name + [0x3E] }
      return name
    }
  }
}
