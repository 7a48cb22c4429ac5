/// The keys of parts of variables: a code whose bytes are in the same order as what they stand for (TensorFlow's `ordered_code.h`).
enum OrderedCode {
  /// The key of a part: 0, the name, the number of axes, and of each axis where the part begins and how long it is, -1 for all of it.
  static func key(of slice: TensorSlice, name: [UInt8]) -> [UInt8] {
    var key = unsigned(0) + text(name) + unsigned(UInt64(slice.extents.count))
    for extent in slice.extents { key += signed(extent?.lowerBound ?? 0) + signed(extent?.count ?? -1) }
    return key
  }

  /// How many bytes follow, and those, the highest first.
  private static func unsigned(_ value: UInt64) -> [UInt8] {
    let count = (64 - value.leadingZeroBitCount + 7) / 8
    return [UInt8(count)] + (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  /// 0 and 255 are followed by a byte that tells them from the end, 0 1.
  private static func text(_ bytes: [UInt8]) -> [UInt8] {
    bytes.flatMap { $0 == 0 ? [0, 0xFF] : $0 == 0xFF ? [0xFF, 0] : [$0] } + [0, 1]
  }

  /// As many bytes as are needed at seven bits each; ones in front say how many, turned into zeros for negative numbers.
  static func signed(_ value: Int) -> [UInt8] {
    let magnitude = UInt64(bitPattern: Int64(value < 0 ? ~value : value))
    let bits = 64 - magnitude.leadingZeroBitCount + 1
    let count = max(1, (bits + 6) / 7)
    // Two bytes in front, so that the ones of up to ten bytes have room.
    let sign: UInt8 = value < 0 ? 0xFF : 0
    var bytes = [sign, sign] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    bytes.removeFirst(bytes.count - count)
    let header: UInt16 = ~(UInt16.max >> UInt16(count))
    bytes[0] ^= UInt8(header >> 8)
    if count > 1 { bytes[1] ^= UInt8(header & 0xFF) }
    return bytes
  }
}
