/// The cyclic redundancy check with Castagnoli's polynomial (RFC 3720, appendix B.4), as LevelDB and TensorFlow keep it beside their bytes, in checkpoints and event files.
package struct CRC32C {
  /// Castagnoli's polynomial 0x1EDC6F41, its bits turned round.
  private static let polynomial: UInt32 = 0x82F6_3B78

  /// Eight tables of 256: entry `k * 256 + b` is the check of byte b with k zeros behind it, so that eight bytes are taken at a time.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
      tables[byte] = value
    }
    for index in 256..<(8 * 256) {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
    }
    return tables
  }()

  private var state: UInt32 = .max

  /// Begins with no byte.
  package init() {}

  /// The check of the bytes so far.
  package var value: UInt32 { ~state }

  /// The check of some bytes.
  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var check = CRC32C()
    check.update(bytes[...])
    return check.value
  }

  /// Takes more bytes.
  package mutating func update(_ bytes: ArraySlice<UInt8>) {
    let tables = Self.tables
    var state = state
    var index = bytes.startIndex
    while bytes.endIndex - index >= 8 {
      let low = state ^ Self.word(bytes, index)
      let high = Self.word(bytes, index + 4)
      state =
        tables[7 * 256 + Int(low & 0xFF)] ^ tables[6 * 256 + Int(low >> 8 & 0xFF)]
        ^ tables[5 * 256 + Int(low >> 16 & 0xFF)] ^ tables[4 * 256 + Int(low >> 24)]
        ^ tables[3 * 256 + Int(high & 0xFF)] ^ tables[2 * 256 + Int(high >> 8 & 0xFF)]
        ^ tables[256 + Int(high >> 16 & 0xFF)] ^ tables[Int(high >> 24)]
      index += 8
    }
    while index < bytes.endIndex {
      state = state >> 8 ^ tables[Int((state ^ UInt32(bytes[index])) & 0xFF)]
      index += 1
    }
    self.state = state
  }

  private static func word(_ bytes: ArraySlice<UInt8>, _ index: Int) -> UInt32 {
    UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
      | UInt32(bytes[index + 3]) << 24
  }

  /// A check as it is stored: turned and moved, so that the check of bytes that hold checks is a sound one too (LevelDB's `crc32c.h`).
  package static func masked(_ check: UInt32) -> UInt32 { (check >> 15 | check << 17) &+ 0xA282_EAD8 }
}
