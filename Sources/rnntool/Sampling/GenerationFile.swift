import RNNFormat
import RNNModel

/// Texts that were written, from a file: what `sample --json` prints, JSON lists or lines with `text` or `tokens`, or a text on each line.
struct GenerationFile {
  /// Their tokens.
  private(set) var texts: [[Int32]] = []
  /// What came before each.
  private(set) var contexts: [[Int32]] = []

  private let vocabulary: Vocabulary
  private let path: String

  init(_ path: String, _ vocabulary: Vocabulary) throws {
    (self.path, self.vocabulary) = (path, vocabulary)
    let bytes = try Input.text(path)
    let lines = bytes.split { $0 == 0x0A || $0 == 0x0D }.map { Array($0) }
    if let document = try? JSONValue(parsing: bytes), document.object != nil || document.array != nil {
      try add(document, place: "the document", context: [])
    } else if let first = lines.first, (try? JSONValue(parsing: first)) != nil {
      for (number, line) in lines.enumerated() {
        guard let value = try? JSONValue(parsing: line) else {
          throw failure("line \(number + 1) is not JSON, as the lines before are")
        }
        try add(value, place: "line \(number + 1)", context: [])
      }
    } else {
      for line in lines { try add(try vocabulary.encode(line, unknown: .skip).tokens, []) }
    }
    guard !texts.isEmpty else { throw failure("there is no text in it") }
  }

  private func failure(_ reason: String) -> Failure {
    Failure("'\(path)' cannot be measured: \(reason)", code: Failure.refused)
  }

  private mutating func add(_ tokens: [Int32], _ context: [Int32]) throws {
    texts.append(tokens)
    contexts.append(context)
  }

  private func encode(_ text: String) throws -> [Int32] {
    try vocabulary.encode(Array(text.utf8), unknown: .skip).tokens
  }

  private mutating func add(_ value: JSONValue, place: String, context: [Int32]) throws {
    if let text = value.string { return try add(try encode(text), context) }
    if let list = value.array {
      for (index, element) in list.enumerated() {
        // Lists do not hold lists: no depth.
        guard element.array == nil else { throw failure("\(place) has a list in a list") }
        try add(element, place: "\(place), text \(index + 1)", context: context)
      }
      return
    }
    let context = try value["prompt"]?.string.map { try encode($0) } ?? context
    if let list = value["texts"]?.array {
      for (index, element) in list.enumerated() {
        guard element["texts"] == nil, element.array == nil else { throw failure("\(place) has texts in a text") }
        try add(element, place: "\(place), text \(index + 1)", context: context)
      }
    } else if let tokens = value["tokens"]?.array {
      try add(
        try tokens.map { token in
          guard let id = (token["id"] ?? token).integer, (0..<vocabulary.count).contains(id) else {
            throw failure("\(place) has a token that is not in the model's vocabulary")
          }
          return Int32(id)
        }, context)
    } else if let text = value["text"]?.string {
      try add(try encode(text), context)
    } else {
      throw failure("\(place) has no text")
    }
  }
}
