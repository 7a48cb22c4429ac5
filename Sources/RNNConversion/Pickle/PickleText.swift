/// What pickles write as lines of text, and integers of any length.
enum PickleText {
  /// As many bytes as an integer may have; PyTorch's longest has ten.
  private static let longestInteger = 256

  /// A text. Python may have texts with halves of surrogate pairs, which no text has here.
  static func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// A text where it is one, as Python 2 does not say.
  static func textOrBytes(_ bytes: [UInt8]) -> PickleValue {
    String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .bytes(bytes)
  }

  /// An integer in two's complement.
  static func integer(_ bytes: [UInt8], at offset: Int) throws(PickleError) -> PickleValue {
    guard bytes.count <= longestInteger else {
      throw PickleError(reason: "an integer has \(bytes.count) bytes, more than \(longestInteger)", offset: offset)
    }
    guard bytes.count <= 8 else { return .longInteger(bytes) }
    let fill: UInt64 = (bytes.last ?? 0) & 0x80 == 0 ? 0 : .max
    let bits = bytes.reversed().reduce(fill) { $0 << 8 | UInt64($1) }
    return .integer(Int(Int64(bitPattern: bits)))
  }

  /// A number of the memo.
  static func index(_ line: [UInt8], at offset: Int) throws(PickleError) -> Int {
    guard let index = Int(string(line)), index >= 0 else {
      throw PickleError(reason: "a number of the memo is not a number", offset: offset)
    }
    return index
  }

  /// The value of an instruction of protocol 0, all of whose arguments are lines.
  static func value(_ code: UInt8, _ line: [UInt8], at offset: Int) throws(PickleError) -> PickleValue {
    func failure(_ reason: String) -> PickleError { PickleError(reason: reason, offset: offset) }
    switch code {
    case UInt8(ascii: "S"):
      guard line.count >= 2, let quote = line.first, quote == 0x22 || quote == 0x27, line.last == quote else {
        throw failure("a text has no quotes")
      }
      guard let bytes = unescaped(line[1..<(line.count - 1)]) else { throw failure("an escape is not known") }
      return textOrBytes(bytes)
    case UInt8(ascii: "V"):
      guard let text = unicode(line) else { throw failure("an escape is not known") }
      return .string(text)
    case UInt8(ascii: "F"):
      guard let value = Double(string(line)) else { throw failure("a float is not a number") }
      return .real(value)
    default:
      if line == Array("00".utf8) { return .bool(false) }
      if line == Array("01".utf8) { return .bool(true) }
      let digits = line.last == UInt8(ascii: "L") ? Array(line.dropLast()) : line
      guard let value = Int(string(digits)) else { throw failure("an integer is not a number, or beyond 64 bits") }
      return .integer(value)
    }
  }

  /// Resolves the escapes of a Python 2 text.
  private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "t"): result.append(0x09)
      case let quoted? where [0x5C, 0x22, 0x27].contains(quoted): result.append(quoted)
      case UInt8(ascii: "x"):
        guard let value = hexadecimal(rest.prefix(2)), rest.count >= 2, let byte = UInt8(exactly: value) else {
          return nil
        }
        result.append(byte)
        rest = rest.dropFirst(2)
      default: return nil
      }
    }
    return result
  }

  /// Resolves the escapes of a Unicode text of protocol 0, whose other bytes are Latin-1.
  private static func unicode(_ line: [UInt8]) -> String? {
    var result = String.UnicodeScalarView()
    var rest = line[...]
    while let byte = rest.popFirst() {
      let length =
        byte != UInt8(ascii: "\\") ? 0 : rest.first == UInt8(ascii: "u") ? 4 : rest.first == UInt8(ascii: "U") ? 8 : 0
      guard length > 0 else {
        result.append(Unicode.Scalar(byte))
        continue
      }
      let digits = rest.dropFirst().prefix(length)
      guard digits.count == length, let value = hexadecimal(digits), let scalar = Unicode.Scalar(value) else {
        return nil
      }
      result.append(scalar)
      rest = rest.dropFirst(length + 1)
    }
    return String(result)
  }

  private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt32? {
    let text = string(Array(digits))
    return text.allSatisfy(\.isHexDigit) ? UInt32(text, radix: 16) : nil
  }
}
