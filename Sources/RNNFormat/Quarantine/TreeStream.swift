import HDF5

/// What goes from the reading process to ours: the logical content of an HDF5 file as a stream of records.
///
/// The stream begins with ``signature``. Each record is one byte of kind and its fields; integers are little-endian and 8 bytes wide,
/// texts are UTF-8 behind their length. A type is one byte of class, one of flags, and the bytes of an element. Objects come
/// parents first, each followed by its attributes; the last record is ``Kind/end`` or ``Kind/refusal``.
enum TreeStream {
  static let signature = Array("rnntool tree 1\n".utf8)

  enum Kind: UInt8 {
    /// A path.
    case group = 1
    /// A path, type, shape, and the bytes of all elements.
    case dataset
    /// A name, type, shape, and the bytes of all elements, of the object before it.
    case attribute
    /// The rule, operation, object (empty for none) and cause of the error that ended the reading.
    case refusal
    /// Everything has been said.
    case end
  }

  /// The longest text that a stream may contain; paths nest 64 levels of names of 1024 bytes.
  static let maximumText = 1 << 17
  /// The most axes that a shape has.
  static let maximumRank = 32

  static func encode(_ datatype: Datatype) -> [UInt8]? {
    switch datatype {
    case .integer(let bits, let signed): [0, signed ? 1 : 0] + encode(bits / 8)
    case .float(let bits): [1, 0] + encode(bits / 8)
    case .fixedString(let bytes, let utf8): [2, utf8 ? 1 : 0] + encode(bytes)
    case .variableString, .unsupported: nil
    }
  }

  static func datatype(kind: UInt8, flag: UInt8, bytes: Int) -> Datatype? {
    switch (kind, flag, bytes) {
    case (0, 0...1, 1), (0, 0...1, 2), (0, 0...1, 4), (0, 0...1, 8): .integer(bits: bytes * 8, signed: flag == 1)
    case (1, 0, 2), (1, 0, 4), (1, 0, 8): .float(bits: bytes * 8)
    case (2, 0...1, 1...): .fixedString(bytes: bytes, utf8: flag == 1)
    default: nil
    }
  }

  static func encode(_ number: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  static func encode(_ text: String) -> [UInt8] { encode(text.utf8.count) + text.utf8 }
}
