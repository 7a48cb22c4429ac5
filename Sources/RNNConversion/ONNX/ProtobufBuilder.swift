import RNNFormat

/// A message in the wire format of protocol buffers that is being put together.
///
/// Large values are promised with their length and handed over one at a time when the message is written, so that memory holds one
/// of them at once.
struct ProtobufBuilder {
  /// A part of the message, in order.
  private enum Piece {
    case bytes([UInt8])
    case promised(count: Int, key: Int)
  }

  private var pieces: [Piece] = []
  /// The number of bytes.
  private(set) var count = 0

  mutating func add(_ field: Int, _ value: Int) {
    append(Self.varint(UInt64(field) << 3) + Self.varint(UInt64(bitPattern: Int64(value))))
  }

  mutating func add(_ field: Int, _ value: Float) {
    append(Self.varint(UInt64(field) << 3 | 5) + LittleEndian.bytes([value.bitPattern]))
  }

  mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

  mutating func add(_ field: Int, _ bytes: [UInt8]) { append(header(field, bytes.count) + bytes) }

  /// Numbers one after another in one field.
  mutating func add(_ field: Int, packed values: [Int]) {
    add(field, values.flatMap { Self.varint(UInt64(bitPattern: Int64($0))) })
  }

  /// A nested message, with what it promises.
  mutating func add(_ field: Int, _ message: ProtobufBuilder) {
    append(header(field, message.count))
    for piece in message.pieces {
      switch piece {
      case .bytes(let bytes): append(bytes)
      case .promised(let length, _):
        pieces.append(piece)
        count += length
      }
    }
  }

  /// Bytes that are made when the message is written.
  ///
  /// - Parameters:
  ///   - length: how many there will be.
  ///   - key: what they are asked for by.
  mutating func add(_ field: Int, promised length: Int, key: Int) {
    append(header(field, length))
    pieces.append(.promised(count: length, key: key))
    count += length
  }

  /// Writes the message as a new file.
  ///
  /// - Parameter make: makes the bytes that were promised under a key.
  func write(creating path: String, making make: (_ key: Int) throws -> [UInt8] = { _ in [] }) throws {
    let output = try OutputFile(creating: path)
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): try output.write(bytes)
      case .promised(let count, let key):
        let bytes = try make(key)
        guard bytes.count == count else {
          throw FormatError.cannotWrite(file: path, reason: "a tensor has \(bytes.count) bytes instead of \(count)")
        }
        try output.write(bytes)
      }
    }
  }

  private mutating func append(_ bytes: [UInt8]) {
    count += bytes.count
    if case .bytes(var last)? = pieces.last {
      // The one in the list is let go of first, so that the bytes are not copied each time.
      pieces.removeLast()
      last += bytes
      pieces.append(.bytes(last))
    } else {
      pieces.append(.bytes(bytes))
    }
  }

  private func header(_ field: Int, _ count: Int) -> [UInt8] {
    Self.varint(UInt64(field) << 3 | 2) + Self.varint(UInt64(count))
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var (rest, bytes): (UInt64, [UInt8]) = (value, [])
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(truncatingIfNeeded: rest)]
  }
}
