import RNNFormat

/// A message in the wire format of protocol buffers, as far as events need it.
struct EventMessage {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ field: Int, _ value: Int) { bytes += Self.varint(field << 3) + Self.varint(value) }

  mutating func add(_ field: Int, _ value: Float) {
    bytes += Self.varint(field << 3 | 5) + LittleEndian.bytes([value.bitPattern])
  }

  mutating func add(_ field: Int, _ value: Double) {
    bytes += Self.varint(field << 3 | 1) + LittleEndian.bytes([value])
  }

  mutating func add(_ field: Int, _ content: [UInt8]) {
    bytes += Self.varint(field << 3 | 2) + Self.varint(content.count) + content
  }

  mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

  mutating func add(_ field: Int, _ message: EventMessage) { add(field, message.bytes) }

  mutating func add(_ field: Int, packed values: [Double]) { add(field, LittleEndian.bytes(values)) }

  private static func varint(_ value: Int) -> [UInt8] {
    var (rest, bytes): (UInt64, [UInt8]) = (UInt64(bitPattern: Int64(value)), [])
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(truncatingIfNeeded: rest)]
  }
}
