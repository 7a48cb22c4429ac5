/// Finds the tokens in a document of any program: a list, a dictionary from tokens to ids or back, or one of these inside.
struct TokenTables {
  struct Table {
    /// The keys that lead to it.
    let path: String
    let name: String
    let entries: [TokenList.Entry]
  }

  private static let names = [
    "vocab", "char", "itos", "stoi", "idx", "index", "indices", "word", "token", "alphabet", "letter", "symbol",
    "mapping", "dict",
  ]
  private static let otherNames = ["count", "freq", "docs", "size", "config"]
  private(set) var tables: [Table] = []

  /// The tokens of a document.
  ///
  /// - Throws: ``ConversionError/malformed(file:place:reason:)`` where there are none, or several that contradict.
  static func tokens(of document: Literal, file: String) throws(ConversionError) -> TokenList {
    if let entries = Self.entries(of: document) { return TokenList(entries) }
    var search = TokenTables()
    search.find(in: document, path: "", name: "")
    let named = search.tables.filter { table in
      let name = table.name.lowercased()
      return names.contains { name.contains($0) } && !otherNames.contains { name.contains($0) }
    }
    let candidates = named.isEmpty ? search.tables : named
    guard let first = candidates.first else {
      throw .malformed(
        file: file, place: "the file",
        reason: "there are no tokens in it: neither a list of texts, nor a dictionary between texts and ids")
    }
    // One dictionary may be the other turned round.
    let wanted = Set(first.entries)
    guard let other = candidates.first(where: { Set($0.entries) != wanted }) else {
      return list(of: first, all: candidates)
    }
    throw .malformed(
      file: file, place: "\(first.path) and \(other.path)",
      reason: "they have different tokens or ids: keep only one of them")
  }

  private static func list(of table: Table, all: [Table]) -> TokenList {
    var list = TokenList(table.entries)
    list.place = table.path
    // The names that torch-rnn has; Lua counts from 1.
    let isLua = all.contains { $0.name == "token_to_idx" || $0.name == "idx_to_token" }
    if isLua, table.entries.allSatisfy({ $0.id > 0 }) { list.firstID = 1 }
    return list
  }

  private mutating func find(in literal: Literal, path: String, name: String) {
    for pair in literal.pairs ?? [] {
      guard let key = pair.key.name else { continue }
      let place = path.isEmpty ? key : "\(path).\(key)"
      if let entries = Self.entries(of: pair.value) {
        tables.append(Table(path: place, name: key, entries: entries))
      } else {
        find(in: pair.value, path: place, name: key)
      }
    }
  }

  /// The tokens that a value is; nil if it is something else.
  static func entries(of literal: Literal) -> [TokenList.Entry]? {
    switch literal {
    case .list(let values): entries(of: values)
    case .map(let pairs): entries(of: pairs)
    default: nil
    }
  }

  private static func entries(of values: [Literal]) -> [TokenList.Entry]? {
    guard !values.isEmpty else { return nil }
    var entries: [TokenList.Entry] = []
    for (index, value) in values.enumerated() {
      if let text = value.text {
        entries.append(.init(id: index, bytes: text))
      } else if let pair = value.list, pair.count == 2, let text = pair[0].text, let id = pair[1].integer {
        entries.append(.init(id: id, bytes: text))
      } else {
        return nil
      }
    }
    let kinds = values.count { $0.text != nil }
    return kinds == 0 || kinds == values.count ? entries : nil
  }

  private static func entries(of pairs: [Literal.Pair]) -> [TokenList.Entry]? {
    guard !pairs.isEmpty else { return nil }
    var entries: [TokenList.Entry] = []
    if pairs.allSatisfy({ $0.value.integer != nil }) {
      for pair in pairs {
        guard let text = pair.key.text, let id = pair.value.integer else { return nil }
        entries.append(.init(id: id, bytes: text))
      }
      return entries
    }
    for pair in pairs {
      guard let text = pair.value.text, let id = pair.key.integer ?? pair.key.text.flatMap(Literal.decimal) else {
        return nil
      }
      entries.append(.init(id: id, bytes: text))
    }
    return entries
  }
}
