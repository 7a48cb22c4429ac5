/// Reads the fields of one message in the wire format of protocol buffers.
///
/// Nested messages are not read but handed out as ranges: how deep a file can nest is decided by whoever reads them.
struct ProtobufMessage: Sendable {
  /// One field as it lies in the file.
  struct Field {
    enum Value {
      case varint(UInt64)
      case fixed64(UInt64)
      case fixed32(UInt32)
      /// A string, a message, or packed numbers.
      case bytes(Range<Int>)
    }

    let number: Int
    let value: Value
  }

  private(set) var cursor: FileCursor

  init(_ cursor: FileCursor) { self.cursor = cursor }

  /// What this message is, for messages to the user.
  var place: String {
    get { cursor.place }
    set { cursor.place = newValue }
  }

  func malformed(_ reason: String) -> ConversionError { cursor.malformed(reason) }

  /// The next field; nil at the end.
  mutating func next() throws(ConversionError) -> Field? {
    guard cursor.remaining > 0 else { return nil }
    let tag = try varint()
    guard tag >> 3 >= 1, tag >> 3 < 1 << 29 else { throw malformed("\(tag >> 3) is not the number of a field") }
    let number = Int(tag >> 3)
    switch tag & 7 {
    case 0: return Field(number: number, value: .varint(try varint()))
    case 1: return Field(number: number, value: .fixed64(try cursor.integer(UInt64.self)))
    case 2:
      let length = try varint()
      guard length <= UInt64(cursor.remaining) else {
        throw malformed("field \(number) claims \(length) bytes, but \(cursor.remaining) are left")
      }
      return Field(number: number, value: .bytes(try cursor.take(Int(length))))
    case 5: return Field(number: number, value: .fixed32(try cursor.integer(UInt32.self)))
    default: throw malformed("field \(number) has the unknown wire type \(tag & 7)")
    }
  }

  private mutating func varint() throws(ConversionError) -> UInt64 { try cursor.varint() }

  // MARK: Values of fields

  /// A nested message.
  func message(_ field: Field, place: String) throws(ConversionError) -> ProtobufMessage {
    ProtobufMessage(FileCursor(cursor, try range(field), place: place))
  }

  /// Where a field of bytes lies.
  func range(_ field: Field) throws(ConversionError) -> Range<Int> {
    guard case .bytes(let range) = field.value else { throw wrongType(field) }
    return range
  }

  func text(_ field: Field) throws(ConversionError) -> String {
    let range = try range(field)
    var part = FileCursor(cursor, range, place: place)
    guard let text = String(validating: try part.bytes(range.count), as: UTF8.self) else {
      throw malformed("field \(field.number) is not UTF-8")
    }
    return text
  }

  func integer(_ field: Field) throws(ConversionError) -> Int {
    guard case .varint(let value) = field.value else { throw wrongType(field) }
    return Int(Int64(bitPattern: value))
  }

  func float(_ field: Field) throws(ConversionError) -> Float {
    guard case .fixed32(let bits) = field.value else { throw wrongType(field) }
    return Float(bitPattern: bits)
  }

  /// Adds the numbers of a repeated integer field, packed or one by one.
  func append(_ field: Field, to values: inout [Int]) throws(ConversionError) {
    guard case .bytes(let range) = field.value else {
      values.append(try integer(field))
      return
    }
    var part = FileCursor(cursor, range, place: place)
    while part.remaining > 0 { values.append(Int(Int64(bitPattern: try part.varint()))) }
  }

  /// Adds the numbers of a repeated float field, packed or one by one.
  func append(_ field: Field, to values: inout [Float]) throws(ConversionError) {
    guard case .bytes(let range) = field.value else {
      values.append(try float(field))
      return
    }
    var part = FileCursor(cursor, range, place: place)
    while part.remaining > 0 { values.append(Float(bitPattern: try part.integer(UInt32.self))) }
  }

  private func wrongType(_ field: Field) -> ConversionError {
    malformed("field \(field.number) has another wire type than its format gives it")
  }
}

extension FileCursor {
  /// A number of up to 64 bits, seven to a byte.
  mutating func varint() throws(ConversionError) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<10 {
      let byte = try byte()
      // The tenth byte has room for one bit.
      guard index < 9 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << (index * 7)
      if byte & 0x80 == 0 { return value }
    }
    throw malformed("a number has more than 64 bits")
  }
}
