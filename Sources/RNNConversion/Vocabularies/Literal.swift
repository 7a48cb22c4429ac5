/// A value written out as JSON or as Python writes its own.
///
/// Unlike ``JSONValue``, it keeps the order of keys, and tells texts apart by their bytes: two characters that mean the same to a reader are
/// two tokens.
indirect enum Literal: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case real(Double)
  /// UTF-8, except for bytes that Python could not decode.
  case string([UInt8])
  /// Python's `b'...'`.
  case bytes([UInt8])
  /// A list or tuple.
  case list([Literal])
  case map([Pair])

  struct Pair: Hashable, Sendable {
    let key: Literal
    let value: Literal
  }
}

extension Literal {
  /// The bytes of a string, or bytes themselves.
  var text: [UInt8]? {
    switch self {
    case .string(let bytes), .bytes(let bytes): bytes
    default: nil
    }
  }

  /// A string, for names.
  var name: String? { text.map { String(decoding: $0, as: UTF8.self) } }

  var integer: Int? {
    if case .integer(let value) = self { value } else { nil }
  }

  var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  var list: [Literal]? {
    if case .list(let values) = self { values } else { nil }
  }

  var pairs: [Pair]? {
    if case .map(let pairs) = self { pairs } else { nil }
  }

  /// The value at a key of a map.
  subscript(key: String) -> Literal? {
    let wanted = Array(key.utf8)
    return pairs?.first { $0.key.text == wanted }?.value
  }

  /// The number that a text is, in decimal digits without a sign or needless zeros.
  static func decimal(_ text: [UInt8]) -> Int? {
    guard (1...10).contains(text.count), text.allSatisfy({ (0x30...0x39).contains($0) }),
      text.count == 1 || text[0] != 0x30
    else { return nil }
    return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }
}
