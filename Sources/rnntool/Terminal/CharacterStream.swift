/// Bytes that come piece by piece, given on only as whole characters, so that a terminal never sees half of one.
struct CharacterStream {
  /// The beginning of a character whose end has not come yet.
  private(set) var rest: [UInt8] = []

  /// The characters that are complete now.
  mutating func complete(adding bytes: [UInt8]) -> [UInt8] {
    let all = rest + bytes
    // At most the last three bytes can be the beginning of a character.
    for length in 1..<max(1, min(4, all.count + 1)) {
      let lead = all[all.count - length]
      let needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1
      if lead & 0xC0 == 0x80 { continue }
      if needed > length {
        rest = Array(all.suffix(length))
        return Array(all.dropLast(length))
      }
      break
    }
    rest = []
    return all
  }
}
