import RNNFormat

/// Where the members of a tar archive lie in its file.
struct TarMembers {
  private static let block = 512
  private static let maximumMembers = 64

  /// The bytes of each member, by name.
  private(set) var ranges: [String: Range<Int>] = [:]

  /// Reads the headers: POSIX.1-1988, with the fields that are used here.
  ///
  /// - Throws: ``ConversionError/malformed(file:place:reason:)``.
  init(_ file: SharedFile) throws(ConversionError) {
    func malformed(_ position: Int, _ reason: String) -> ConversionError {
      .malformed(file: file.path, place: "the archive, byte \(position)", reason: reason)
    }
    var position = 0
    while file.size - position >= Self.block {
      let header = try file.bytes(position..<(position + Self.block))
      // Blocks of zeros end the archive.
      if header[0] == 0 { return }
      guard header[257..<262].elementsEqual("ustar".utf8), let size = Self.octal(header[124..<136]) else {
        throw malformed(position, "it is not the header of a member")
      }
      position += Self.block
      guard size <= file.size - position else { throw malformed(position, "the file ends in a member") }
      let name = String(decoding: header[..<100].prefix { $0 != 0 }, as: UTF8.self)
      // Only regular files are data.
      if header[156] == 0x30 || header[156] == 0 {
        guard ranges.count < Self.maximumMembers, ranges.updateValue(position..<(position + size), forKey: name) == nil
        else { throw malformed(position, "it has too many members, or '\(name)' twice") }
      }
      let padded = size + (Self.block - size % Self.block) % Self.block
      position += min(padded, file.size - position)
    }
  }

  /// A number in octal digits, ended by a zero byte or a space.
  private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
    guard !digits.isEmpty, field[digits.endIndex...].allSatisfy({ $0 == 0 || $0 == 0x20 }) else { return nil }
    // Eleven digits of three bits fit.
    return digits.count > 12 ? nil : digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
  }
}
