import RNNFormat
import RNNModel

/// The tokens of a model as people look for them.
struct VocabularyListing {
  private let vocabulary: Vocabulary

  init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

  /// The ids of the tokens whose text contains a text, or whose id it is; nil for all.
  func ids(containing text: String?) -> [Int32] {
    let all = (0..<Int32(clamping: vocabulary.count))
    guard let text, !text.isEmpty else { return Array(all) }
    let (bytes, id) = (Array(text.utf8), Int32(text))
    return all.filter { $0 == id || vocabulary[$0].contains(bytes) }
  }

  /// The most frequent tokens where that is known, else the first ones.
  func foremost(_ count: Int) -> [Int32] {
    let ids = 0..<Int32(clamping: vocabulary.count)
    guard let counts = vocabulary.counts, count > 0 else { return Array(ids.prefix(count)) }
    // A few are found in one pass, however many tokens there are.
    var chosen: [Int32] = []
    for id in ids {
      let own = counts[Int(id)]
      if chosen.count == count, let last = chosen.last, counts[Int(last)] >= own { continue }
      let place = chosen.firstIndex { counts[Int($0)] < own } ?? chosen.count
      chosen.insert(id, at: place)
      if chosen.count > count { chosen.removeLast() }
    }
    return chosen
  }

  /// The most frequent tokens where that is known, else the first ones, as many as fit.
  func sample(columns: Int) -> String {
    let chosen = foremost(30)
    var text = ""
    for id in chosen {
      let next = Vocabulary.display(vocabulary[id].prefix(64)).printable
      guard text.count + next.count < columns else { break }
      text += (text.isEmpty ? "" : " ") + next
    }
    return text + (chosen.count < vocabulary.count ? " ..." : "")
  }

  /// A table of tokens: id, text, how often it occurred in the training text.
  func table(_ ids: [Int32]) -> String {
    guard !ids.isEmpty else { return "no token" }
    let head = [["id", "token"] + (vocabulary.counts == nil ? [] : ["count"])]
    let specials = Set(vocabulary.specials)
    return Format.table(
      head
        + ids.map { id in
          let role =
            id == vocabulary.unknown
            ? " (unknown)" : id == vocabulary.lineEnd ? " (line end)" : specials.contains(id) ? " (special)" : ""
          return ["\(id)", Vocabulary.display(vocabulary[id]).printable + role]
            + (vocabulary.counts.map { [Format.count(Int(clamping: $0[Int(id)]))] } ?? [])
        }, right: [0, 2])
  }

  /// The same for programs; a token that is not UTF-8 has no text.
  func json(_ ids: [Int32]) -> JSONValue {
    .array(
      ids.map { id in
        let bytes = Array(vocabulary[id])
        return .object([
          "id": .integer(id), "token": String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .null,
          "bytes": .array(bytes.map { .integer($0) }),
          "count": vocabulary.counts.map { .integer($0[Int(id)]) } ?? .null,
        ])
      })
  }
}

extension ArraySlice<UInt8> {
  /// Whether some bytes stand somewhere in these.
  fileprivate func contains(_ part: [UInt8]) -> Bool {
    guard count >= part.count else { return false }
    return (startIndex...(endIndex - part.count)).contains { self[$0...].starts(with: part) }
  }
}
