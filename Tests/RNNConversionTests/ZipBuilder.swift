/// Builds zip archives byte by byte, honest or not.
struct ZipBuilder {
  struct Entry {
    var name: String
    var content: [UInt8]
    var checksum: UInt32?
    var flags: UInt16 = 0
    var method: UInt16 = 0
    /// The size that the entry claims to have when it is unpacked.
    var claimed: UInt32?
  }

  var entries: [Entry] = []

  var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let start = file.count
      let name = Array(entry.name.utf8)
      let common =
        Self.little(20, 2) + Self.little(Int(entry.flags), 2) + Self.little(Int(entry.method), 2) + Self.little(0, 2)
        + Self.little(0x21, 2) + Self.little(Int(entry.checksum ?? Self.checksum(entry.content)), 4)
        + Self.little(entry.content.count, 4) + Self.little(Int(entry.claimed ?? UInt32(entry.content.count)), 4)
        + Self.little(name.count, 2) + Self.little(0, 2)
      file += [0x50, 0x4B, 3, 4] + common + name + entry.content
      directory += [0x50, 0x4B, 1, 2] + Self.little(20, 2) + common + Self.little(0, 2 + 2 + 2 + 4)
      directory += Self.little(start, 4) + name
    }
    let count = Self.little(entries.count, 2)
    return file + directory + [0x50, 0x4B, 5, 6] + Self.little(0, 4) + count + count
      + Self.little(directory.count, 4) + Self.little(file.count, 4) + Self.little(0, 2)
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  /// CRC-32 as zip has it.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
  }
}
