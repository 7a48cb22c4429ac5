/// Why a text is no literal.
struct LiteralError: Error, Hashable, Sendable, CustomStringConvertible {
  let message: String
  /// The position in bytes.
  let offset: Int

  var description: String { "\(message), at byte \(offset)" }
}

/// Reads JSON, or what Python prints of its dictionaries, lists, tuples, texts and numbers. Nothing is evaluated.
struct LiteralParser {
  enum Syntax: Sendable {
    case json
    case python
  }

  private static let maximumDepth = 64

  let text: [UInt8]
  let syntax: Syntax
  var position = 0

  init(_ text: [UInt8], _ syntax: Syntax) {
    self.text = text
    self.syntax = syntax
  }

  /// Reads a text in whichever of the two it is; JSON goes first.
  ///
  /// - Throws: ``LiteralError``, of the one that could be followed further.
  static func parse(_ text: [UInt8]) throws(LiteralError) -> Literal {
    var json = LiteralParser(text, .json)
    do {
      return try json.document()
    } catch {
      var python = LiteralParser(text, .python)
      do { return try python.document() } catch let other { throw other.offset > error.offset ? other : error }
    }
  }

  mutating func document() throws(LiteralError) -> Literal {
    let value = try value(depth: 0)
    skipSpace()
    if position < text.count { throw error("there is more after the end") }
    return value
  }

  func error(_ message: String) -> LiteralError { LiteralError(message: message, offset: position) }

  var next: UInt8? { position < text.count ? text[position] : nil }

  mutating func take(_ byte: Character) -> Bool {
    guard next == byte.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func take(word: String) -> Bool {
    guard text[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || (9...13).contains(byte) { position += 1 }
  }

  private mutating func value(depth: Int) throws(LiteralError) -> Literal {
    skipSpace()
    guard let first = next else { throw error("the text ends too early") }
    if depth >= Self.maximumDepth { throw error("the nesting is deeper than \(Self.maximumDepth)") }
    switch Character(Unicode.Scalar(first)) {
    case "{": return try map(depth: depth)
    case "[":
      position += 1
      return .list(try values(until: "]", depth: depth))
    case "(" where syntax == .python:
      position += 1
      return .list(try values(until: ")", depth: depth))
    case "-", "+", "0"..."9": return try number()
    case "\"": return try string()
    default: break
    }
    switch syntax {
    case .json:
      if take(word: "true") { return .bool(true) }
      if take(word: "false") { return .bool(false) }
      if take(word: "null") { return .null }
    case .python:
      if take(word: "True") { return .bool(true) }
      if take(word: "False") { return .bool(false) }
      if take(word: "None") { return .null }
      if take(word: "OrderedDict(") { return try pairs(depth: depth) }
      if let first = next, "'bBuUrR".utf8.contains(first) { return try string() }
    }
    throw error("a value was expected")
  }

  private mutating func values(until end: Character, depth: Int) throws(LiteralError) -> [Literal] {
    var values: [Literal] = []
    skipSpace()
    if take(end) { return values }
    while true {
      values.append(try value(depth: depth + 1))
      skipSpace()
      if take(end) { return values }
      guard take(",") else { throw error("',' or '\(end)' was expected") }
      skipSpace()
      if syntax == .python, take(end) { return values }
    }
  }

  private mutating func map(depth: Int) throws(LiteralError) -> Literal {
    position += 1
    var pairs: [Literal.Pair] = []
    var keys: Set<Literal> = []
    skipSpace()
    if take("}") { return .map([]) }
    while true {
      skipSpace()
      let start = position
      let key = try value(depth: depth + 1)
      skipSpace()
      if syntax == .python, next == 0x2C || next == 0x7D { throw error("a set has no order, and so no ids") }
      guard take(":") else { throw error("':' was expected") }
      if syntax == .json, key.text == nil {
        throw LiteralError(message: "a key was expected", offset: start)
      }
      let content = try value(depth: depth + 1)
      guard keys.insert(key).inserted else { throw LiteralError(message: "a key occurs twice", offset: start) }
      pairs.append(.init(key: key, value: content))
      skipSpace()
      if take("}") { return .map(pairs) }
      guard take(",") else { throw error("',' or '}' was expected") }
      skipSpace()
      if syntax == .python, take("}") { return .map(pairs) }
    }
  }

  /// What an ordered dictionary prints: a list of pairs, or a dictionary.
  private mutating func pairs(depth: Int) throws(LiteralError) -> Literal {
    let start = position
    let value = try value(depth: depth + 1)
    skipSpace()
    guard take(")") else { throw error("')' was expected") }
    if case .map = value { return value }
    var pairs: [Literal.Pair] = []
    for element in value.list ?? [] {
      guard let pair = element.list, pair.count == 2 else {
        throw LiteralError(message: "pairs were expected", offset: start)
      }
      pairs.append(.init(key: pair[0], value: pair[1]))
    }
    guard Set(pairs.map(\.key)).count == pairs.count else {
      throw LiteralError(message: "a key occurs twice", offset: start)
    }
    return .map(pairs)
  }

  private mutating func number() throws(LiteralError) -> Literal {
    let start = position
    while let byte = next, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
    // No number needs more digits, and many of them take long to convert.
    guard position - start <= 64 else { throw LiteralError(message: "a number is too long", offset: start) }
    let digits = String(decoding: text[start..<position], as: UTF8.self)
    if let value = Int(digits) { return .integer(value) }
    guard let value = Double(digits), value.isFinite else {
      throw LiteralError(message: "a number was expected", offset: start)
    }
    return .real(value)
  }
}
