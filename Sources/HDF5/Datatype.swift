/// What a dataset or an attribute stores.
public enum Datatype: Equatable, Sendable, CustomStringConvertible {
  /// A little-endian integer in two's complement of 8, 16, 32 or 64 bits, all of them used.
  case integer(bits: Int, signed: Bool)
  /// A little-endian floating-point number of IEEE 754: 16, 32 or 64 bits.
  case float(bits: Int)
  /// A text that takes the same number of bytes, at least one, whatever its length; declared as UTF-8 or as ASCII.
  case fixedString(bytes: Int, utf8: Bool)
  /// A text of any length, held apart from the dataset.
  case variableString
  /// Anything else, named; it can be described but not read.
  case unsupported(String)

  /// The bytes of one element in memory and in the file; nil for what has no fixed size or cannot be read.
  public var byteCount: Int? {
    switch self {
    case .integer(let bits, _), .float(let bits): bits / 8
    case .fixedString(let bytes, _): bytes
    case .variableString, .unsupported: nil
    }
  }

  /// As in `uint8`, `float32`, `string of 5 bytes`.
  public var description: String {
    switch self {
    case .integer(let bits, let signed): "\(signed ? "" : "u")int\(bits)"
    case .float(let bits): "float\(bits)"
    case .fixedString(let bytes, let utf8): "\(utf8 ? "" : "ASCII ")string of \(bytes) byte\(bytes == 1 ? "" : "s")"
    case .variableString: "variable-length string"
    case .unsupported(let name): name
    }
  }

  /// Every type of number.
  static let numbers: [Datatype] = [
    .float(bits: 32), .float(bits: 64), .float(bits: 16),
    .integer(bits: 8, signed: false), .integer(bits: 16, signed: false),
    .integer(bits: 32, signed: false), .integer(bits: 64, signed: false),
    .integer(bits: 8, signed: true), .integer(bits: 16, signed: true),
    .integer(bits: 32, signed: true), .integer(bits: 64, signed: true),
  ]
}
