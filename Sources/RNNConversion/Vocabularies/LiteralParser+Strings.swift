extension LiteralParser {
  /// A string in quotes, with the prefixes that Python has.
  mutating func string() throws(LiteralError) -> Literal {
    let start = position
    var (isBytes, isRaw) = (false, false)
    while let byte = next, byte != 0x22, byte != 0x27 {
      switch byte | 0x20 {
      case 0x62 where syntax == .python && !isBytes: isBytes = true
      case 0x72 where syntax == .python && !isRaw: isRaw = true
      case 0x75 where syntax == .python && position == start: break
      default: throw error("a value was expected")
      }
      position += 1
    }
    guard let quote = next else { throw error("the text ends too early") }
    position += 1
    var bytes: [UInt8] = []
    // Bytes that do not come from the text itself, and so need not be UTF-8.
    var hasStrayBytes = false
    while let byte = next {
      position += 1
      switch byte {
      case quote:
        guard isBytes || hasStrayBytes || String(validating: bytes, as: UTF8.self) != nil else {
          throw LiteralError(message: "a string is not UTF-8", offset: start)
        }
        return isBytes ? .bytes(bytes) : .string(bytes)
      case 0x5C where !isRaw: try escape(isBytes: isBytes, into: &bytes, &hasStrayBytes)
      case 0..<0x20 where syntax == .json || byte == 0x0A: throw error("a string contains a control character")
      default: bytes.append(byte)
      }
    }
    throw LiteralError(message: "a string does not end", offset: start)
  }

  private mutating func escape(
    isBytes: Bool, into bytes: inout [UInt8], _ hasStrayBytes: inout Bool
  ) throws(LiteralError) {
    guard let code = next else { throw error("a string does not end") }
    position += 1
    switch (Character(Unicode.Scalar(code)), syntax) {
    case ("\"", _), ("\\", _), ("/", .json), ("'", .python): bytes.append(code)
    case ("b", _): bytes.append(0x08)
    case ("f", _): bytes.append(0x0C)
    case ("n", _): bytes.append(0x0A)
    case ("r", _): bytes.append(0x0D)
    case ("t", _): bytes.append(0x09)
    case ("a", .python): bytes.append(0x07)
    case ("v", .python): bytes.append(0x0B)
    case ("x", .python): try append(try hexadecimal(2), isBytes: isBytes, to: &bytes, &hasStrayBytes)
    case ("0"..."7", .python):
      var value = UInt32(code - 0x30)
      for _ in 0..<2 {
        guard let digit = next, (0x30...0x37).contains(digit) else { break }
        value = value * 8 + UInt32(digit - 0x30)
        position += 1
      }
      try append(value, isBytes: isBytes, to: &bytes, &hasStrayBytes)
    case ("u", .json): try append(try hexadecimal(4), isBytes: false, to: &bytes, &hasStrayBytes)
    case ("u", .python) where !isBytes: try append(try hexadecimal(4), isBytes: false, to: &bytes, &hasStrayBytes)
    case ("U", .python) where !isBytes: try append(try hexadecimal(8), isBytes: false, to: &bytes, &hasStrayBytes)
    case ("N", .python) where !isBytes: throw error("a character by its name is not read")
    // Python keeps the backslash of what it does not know.
    case (_, .python) where code != 0x0A: bytes += [0x5C, code]
    default: throw error("an escape is not known")
    }
  }

  private mutating func append(
    _ value: UInt32, isBytes: Bool, to bytes: inout [UInt8], _ hasStrayBytes: inout Bool
  ) throws(LiteralError) {
    var value = value
    if isBytes {
      guard let byte = UInt8(exactly: value) else { throw error("an escape is no byte") }
      bytes.append(byte)
      return
    }
    if (0xD800..<0xDC00).contains(value), take("\\") {
      guard take("u") else { throw error("half of a surrogate pair is missing") }
      let low = try hexadecimal(4)
      guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair is missing") }
      value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
    }
    if (0xDC80...0xDCFF).contains(value) {
      // How Python's error handler 'surrogateescape' keeps a byte that is not UTF-8.
      bytes.append(UInt8(truncatingIfNeeded: value))
      hasStrayBytes = true
      return
    }
    guard let scalar = Unicode.Scalar(value) else { throw error("half of a surrogate pair is missing") }
    bytes += Array(String(Character(scalar)).utf8)
  }

  private mutating func hexadecimal(_ count: Int) throws(LiteralError) -> UInt32 {
    guard count <= text.count - position,
      text[position..<(position + count)].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: text[position..<(position + count)], as: UTF8.self), radix: 16)
    else { throw error("\(count) hexadecimal digits were expected") }
    position += count
    return value
  }
}
