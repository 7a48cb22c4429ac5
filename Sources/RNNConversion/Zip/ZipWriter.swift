import CZlib
import RNNFormat

/// Writes a zip archive whose entries are stored as they are: the same entries give the same bytes.
///
/// An entry is given in pieces, so none has to be in memory as a whole. From 4 GB on, entries and archives have the fields of zip64.
final class ZipWriter {
  private struct Entry {
    let name: [UInt8]
    let size: Int
    let offset: Int
    var checksum: UInt32 = 0
  }

  /// The identifier of an extra field that only pads, as PyTorch has it.
  private static let padding: UInt16 = 0x4246

  private let output: OutputFile
  private let path: String
  private let alignment: Int
  /// From here on, a value goes into a field of 64 bits.
  private let limit: Int
  private var position = 0
  private var entries: [Entry] = []
  private var names: Set<String> = []
  /// What is missing from the entry that was begun.
  private var left = 0

  /// Creates the archive, which must not exist.
  ///
  /// - Parameters:
  ///   - alignment: what the place of each entry's bytes in the archive is a multiple of, at most 32768.
  ///   - limit: the size or place from which the fields of zip64 are written; smaller than need be in tests.
  init(creating path: String, alignment: Int = 1, limit: Int = Int(UInt32.max)) throws(FormatError) {
    output = try OutputFile(creating: path)
    self.path = path
    self.alignment = alignment
    self.limit = limit
  }

  /// Adds an entry.
  func add(_ name: String, _ bytes: [UInt8]) throws(FormatError) {
    try begin(name, size: bytes.count)
    try append(bytes)
  }

  /// Begins an entry; its bytes follow with ``append(_:)``.
  func begin(_ name: String, size: Int) throws(FormatError) {
    guard left == 0 else { throw failure("an entry before '\(name)' is not complete") }
    let entry = Entry(name: Array(name.utf8), size: size, offset: position)
    guard entry.name.count <= UInt16.max, size >= 0, names.insert(name).inserted else {
      throw failure("'\(name)' cannot be an entry, or is one already")
    }
    entries.append(entry)
    try write(localHeader(of: entry))
    left = size
  }

  /// Appends bytes to the entry that was begun.
  func append(_ bytes: [UInt8]) throws(FormatError) {
    guard let last = entries.indices.last, bytes.count <= left else {
      throw failure("an entry is larger than announced")
    }
    entries[last].checksum = Self.checksum(bytes, after: entries[last].checksum)
    try write(bytes)
    left -= bytes.count
    if left == 0 {
      // The header had to be written before the checksum was known.
      try output.overwrite(at: entries[last].offset + 14, with: LittleEndian.bytes([entries[last].checksum]))
    }
  }

  /// Writes the directory of the archive.
  func finish() throws(FormatError) {
    guard left == 0 else { throw failure("the last entry is not complete") }
    let start = position
    for entry in entries { try write(directoryEntry(of: entry)) }
    let size = position - start
    if entries.count >= Int(UInt16.max) || start >= limit || size >= limit {
      let end = position
      try write(
        little(0x0606_4B50, 44 as UInt64) + LittleEndian.bytes([45, 45] as [UInt16])
          + LittleEndian.bytes([0, 0] as [UInt32])
          + LittleEndian.bytes([entries.count, entries.count, size, start].map { UInt64($0) }))
      try write(
        little(0x0706_4B50, 0 as UInt32) + LittleEndian.bytes([UInt64(end)]) + LittleEndian.bytes([1 as UInt32]))
    }
    let count = UInt16(clamping: entries.count)
    try write(
      little(0x0605_4B50, 0 as UInt32) + LittleEndian.bytes([count, count])
        + LittleEndian.bytes([narrow(size), narrow(start)]) + [0, 0])
  }

  /// What the header in front of an entry's bytes and the one in the directory share, from the version on.
  private func fields(of entry: Entry, extra: Int, isLarge: Bool) -> [UInt8] {
    let isASCII = entry.name.allSatisfy { $0 < 0x80 }
    // Version, flags (names in UTF-8), no compression, midnight of 1 January 1980: the bytes do not depend on the clock.
    return LittleEndian.bytes([isLarge ? 45 : 20, isASCII ? 0 : 0x800, 0, 0, 0x21] as [UInt16])
      + LittleEndian.bytes([entry.checksum, narrow(entry.size), narrow(entry.size)])
      + LittleEndian.bytes([UInt16(entry.name.count), UInt16(extra)])
  }

  private func localHeader(of entry: Entry) -> [UInt8] {
    let isLarge = entry.size >= limit
    var extra: [UInt8] = isLarge ? large([entry.size, entry.size]) : []
    let misplaced = (entry.offset + 30 + entry.name.count + extra.count) % alignment
    if misplaced != 0 {
      // A field has four bytes of its own.
      var count = alignment - misplaced
      while count < 4 { count += alignment }
      extra += LittleEndian.bytes([Self.padding, UInt16(count - 4)]) + [UInt8](repeating: 0, count: count - 4)
    }
    return LittleEndian.bytes([0x0403_4B50 as UInt32]) + fields(of: entry, extra: extra.count, isLarge: isLarge)
      + entry.name + extra
  }

  private func directoryEntry(of entry: Entry) -> [UInt8] {
    var values = entry.size >= limit ? [entry.size, entry.size] : []
    if entry.offset >= limit { values.append(entry.offset) }
    let extra = values.isEmpty ? [] : large(values)
    // No comment, first disk, no attributes.
    return little(0x0201_4B50, 20 as UInt16) + fields(of: entry, extra: extra.count, isLarge: !values.isEmpty)
      + [UInt8](repeating: 0, count: 10) + LittleEndian.bytes([narrow(entry.offset)]) + entry.name + extra
  }

  /// A field of 32 bits; it is full when the value is in a field of 64 bits elsewhere.
  private func narrow(_ value: Int) -> UInt32 { value >= limit ? .max : UInt32(clamping: value) }

  /// The extra field of zip64.
  private func large(_ values: [Int]) -> [UInt8] {
    LittleEndian.bytes([1, UInt16(values.count * 8)] as [UInt16]) + LittleEndian.bytes(values.map { UInt64($0) })
  }

  private func little<Value: FixedWidthInteger>(_ signature: UInt32, _ value: Value) -> [UInt8] {
    LittleEndian.bytes([signature]) + LittleEndian.bytes([value])
  }

  private func write(_ bytes: [UInt8]) throws(FormatError) {
    try output.write(bytes)
    position += bytes.count
  }

  private func failure(_ reason: String) -> FormatError { .cannotWrite(file: path, reason: reason) }

  /// CRC-32 of what came before and more bytes.
  private static func checksum(_ bytes: [UInt8], after checksum: UInt32) -> UInt32 {
    // Safe: the pointer stays within the bytes and is used only during the call.
    bytes.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return checksum }
      return UInt32(truncatingIfNeeded: crc32_z(UInt(checksum), start, buffer.count))
    }
  }
}
