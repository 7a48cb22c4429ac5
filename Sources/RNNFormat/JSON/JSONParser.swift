/// Why a text is not acceptable JSON.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public let message: String
  /// The position in bytes.
  public let offset: Int

  /// One sentence.
  public var description: String { "\(message), at byte \(offset)" }
}

extension JSONValue {
  /// Reads a JSON text that comes from anywhere.
  ///
  /// Stricter than RFC 8259 where laxity lets two readers see different things: duplicate keys, integers that doubles cannot
  /// hold and numbers that overflow are refused, and nesting is bounded.
  ///
  /// - Parameters:
  ///   - text: UTF-8.
  ///   - maximumDepth: how deep lists and objects may nest.
  public init(parsing text: [UInt8], maximumDepth: Int = 64) throws(JSONError) {
    var parser = JSONParser(text: text, maximumDepth: maximumDepth)
    self = try parser.document()
  }

  /// Reads a JSON text.
  public init(parsing text: String) throws(JSONError) {
    try self.init(parsing: Array(text.utf8))
  }
}

private struct JSONParser {
  let text: [UInt8]
  let maximumDepth: Int
  var position = 0

  init(text: [UInt8], maximumDepth: Int) {
    self.text = text
    self.maximumDepth = maximumDepth
  }

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try value(depth: 0)
    skipSpace()
    if position < text.count { throw error("there is more after the end of the JSON text") }
    return value
  }

  private func error(_ message: String) -> JSONError { JSONError(message: message, offset: position) }

  private mutating func skipSpace() {
    while position < text.count, [0x20, 0x0A, 0x0D, 0x09].contains(text[position]) { position += 1 }
  }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func take(_ byte: Character) -> Bool {
    guard next == byte.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    skipSpace()
    guard let first = next else { throw error("the JSON text ends too early") }
    switch Character(Unicode.Scalar(first)) {
    case "{": return try object(depth: depth)
    case "[": return try array(depth: depth)
    case "\"": return .string(try string())
    case "t": return try literal("true", .bool(true))
    case "f": return try literal("false", .bool(false))
    case "n": return try literal("null", .null)
    case "-", "0"..."9": return .number(try number())
    default: throw error("a value was expected")
    }
  }

  private mutating func literal(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    guard text[position...].starts(with: word.utf8) else { throw error("a value was expected") }
    position += word.utf8.count
    return value
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    if depth >= maximumDepth { throw error("the nesting is deeper than \(maximumDepth)") }
    position += 1
    var members: [String: JSONValue] = [:]
    skipSpace()
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard next == 0x22 else { throw error("a key was expected") }
      let start = position
      let key = try string()
      skipSpace()
      guard take(":") else { throw error("':' was expected") }
      let value = try value(depth: depth + 1)
      guard members.updateValue(value, forKey: key) == nil else {
        throw JSONError(message: "the key \(JSONValue.string(key).canonical) occurs twice", offset: start)
      }
      skipSpace()
    } while take(",")
    guard take("}") else { throw error("',' or '}' was expected") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    if depth >= maximumDepth { throw error("the nesting is deeper than \(maximumDepth)") }
    position += 1
    var values: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(values) }
    repeat {
      values.append(try value(depth: depth + 1))
      skipSpace()
    } while take(",")
    guard take("]") else { throw error("',' or ']' was expected") }
    return .array(values)
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    var bytes: [UInt8] = []
    while let byte = next {
      switch byte {
      case 0x22:
        position += 1
        guard let string = String(validating: bytes, as: UTF8.self) else { throw error("a string is not UTF-8") }
        return string
      case 0x5C:
        position += 1
        try escape(into: &bytes)
      case 0..<0x20: throw error("a string contains a control character")
      default:
        bytes.append(byte)
        position += 1
      }
    }
    throw error("a string does not end")
  }

  private mutating func escape(into bytes: inout [UInt8]) throws(JSONError) {
    guard let code = next else { throw error("a string does not end") }
    position += 1
    switch Character(Unicode.Scalar(code)) {
    case "\"", "\\", "/": bytes.append(code)
    case "b": bytes.append(0x08)
    case "f": bytes.append(0x0C)
    case "n": bytes.append(0x0A)
    case "r": bytes.append(0x0D)
    case "t": bytes.append(0x09)
    case "u":
      var value = try hexadecimal()
      if (0xD800..<0xDC00).contains(value) {
        guard take("\\"), take("u") else { throw error("half of a surrogate pair is missing") }
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair is missing") }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else { throw error("half of a surrogate pair is missing") }
      bytes += Array(String(Character(scalar)).utf8)
    default: throw error("an escape is not known")
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    guard position + 4 <= text.count,
      text[position..<(position + 4)].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: text[position..<(position + 4)], as: UTF8.self), radix: 16)
    else { throw error("four hexadecimal digits were expected") }
    position += 4
    return value
  }

  private mutating func number() throws(JSONError) -> Double {
    let start = position
    var isInteger = true
    _ = take("-")
    if take("0") {
    } else {
      try digits()
    }
    if take(".") {
      isInteger = false
      try digits()
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      try digits()
    }
    let digits = String(decoding: text[start..<position], as: UTF8.self)
    guard let value = Double(digits), value.isFinite else {
      throw JSONError(message: "the number is too large", offset: start)
    }
    // From 1e21 on, the canonical form has an exponent; below, it would be an integer that no reader takes.
    let isWhole = isInteger || (value.rounded() == value && abs(value) < 1e21)
    if isWhole && abs(value) > JSONValue.largestInteger {
      throw JSONError(message: "the integer is beyond 2^53 - 1", offset: start)
    }
    return value
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    if position == start { throw error("a digit was expected") }
  }
}
