import RNNFormat

/// A file of sorted keys with their values, as LevelDB lays out its tables and TensorFlow its checkpoints.
///
/// The last 48 bytes say where the index is; the index says where each block is; a block holds entries, whose keys leave out what they share with the one
/// before, and ends in a type and a check of its bytes (LevelDB's `doc/table_format.md`). Values stay in the file until somebody asks for them.
struct SortedTable {
  /// One key.
  struct Entry {
    let key: [UInt8]
    /// Where its value lies in the file.
    let value: Range<Int>
  }

  /// The last eight bytes of every table, 0xDB4775248B80FB57, little-endian.
  static let magic: [UInt8] = [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]
  private static let footerSize = 48
  /// A type and a check behind each block.
  private static let trailerSize = 5
  /// Keys in full are at most so many times as long as the file; those of real checkpoints are about twice as long as what is stored of them.
  private static let expansion = 16
  private static let leastKeyBytes = 1 << 20

  let file: SharedFile
  private(set) var entries: [Entry] = []
  private var keyBytes = 0

  /// Whether a file ends as a table does.
  static func isOne(_ path: String) -> Bool {
    guard let file = try? InputFile(opening: path), file.size >= footerSize else { return false }
    return (try? file.read(at: file.size - magic.count, count: magic.count)) == magic
  }

  /// Reads all keys, and checks all blocks.
  ///
  /// - Throws: ``ConversionError``.
  init(opening path: String) throws(ConversionError) {
    file = try SharedFile(opening: path)
    guard file.size >= Self.footerSize else { throw Self.malformed(path, "the end", "it is too short for a table") }
    let end = file.size - Self.footerSize
    let footer = FileCursor(file, place: "the end")
    var cursor = FileCursor(footer, end..<file.size, place: "the end")
    let tables = try Self.handle(&cursor)
    let index = try Self.handle(&cursor)
    let magic = try file.bytes((file.size - Self.magic.count)..<file.size)
    guard magic == Self.magic else { throw Self.malformed(path, "the end", "it is not that of a table") }
    // It is empty in a checkpoint.
    _ = try block(tables, limit: end, place: "the list of further tables")
    var after = 0
    for entry in try block(index, limit: end, place: "the index") {
      let whole = FileCursor(file, place: "the index")
      var cursor = FileCursor(whole, entry.value, place: "the index")
      let place = try Self.handle(&cursor)
      // A block that is named twice would be read as often.
      guard place.offset >= after, place.offset <= end else {
        throw Self.malformed(path, "the index", "its blocks are not one after another")
      }
      let found = try block(place, limit: end, place: "the block at byte \(place.offset)")
      after = place.offset + place.size + Self.trailerSize
      entries += found
    }
    for (first, second) in zip(entries, entries.dropFirst())
    where !first.key.lexicographicallyPrecedes(second.key) {
      throw Self.malformed(path, "the keys", "they are not in order")
    }
  }

  private static func malformed(_ path: String, _ place: String, _ reason: String) -> ConversionError {
    .malformed(file: path, place: place, reason: reason)
  }

  /// Where a block is, without its trailer.
  private static func handle(_ cursor: inout FileCursor) throws(ConversionError) -> (offset: Int, size: Int) {
    let (offset, size) = (try cursor.varint(), try cursor.varint())
    guard let offset = Int(exactly: offset), let size = Int(exactly: size) else {
      throw cursor.malformed("a block is said to be beyond any file")
    }
    return (offset, size)
  }

  /// The entries of one block, whose check is right.
  private mutating func block(
    _ handle: (offset: Int, size: Int), limit: Int, place: String
  ) throws(ConversionError) -> [Entry] {
    func malformed(_ reason: String) -> ConversionError { Self.malformed(file.path, place, reason) }
    guard handle.size >= 4, handle.offset <= limit, handle.size <= limit - handle.offset,
      Self.trailerSize <= limit - handle.offset - handle.size
    else { throw malformed("\(handle.size) bytes from byte \(handle.offset) on are not in the file") }
    let end = handle.offset + handle.size
    let bytes = try file.bytes(handle.offset..<(end + Self.trailerSize))
    guard bytes[handle.size] == 0 else { throw malformed("it is compressed, which TensorFlow's own writers do not do") }
    var check = CRC32C()
    check.update(bytes[..<(handle.size + 1)])
    let stored = LittleEndian.integers(Array(bytes[(handle.size + 1)...]), as: UInt32.self)
    guard stored == [CRC32C.masked(check.value)] else {
      throw malformed("its bytes are not those that were written: the check (crc32c) is another")
    }
    let restarts = LittleEndian.integers(Array(bytes[(handle.size - 4)..<handle.size]), as: UInt32.self)[0]
    guard restarts >= 1, Int(restarts) <= (handle.size - 4) / 4 else { throw malformed("it has \(restarts) restarts") }
    return try entries(of: bytes, upTo: handle.size - 4 - 4 * Int(restarts), at: handle.offset, place)
  }

  private mutating func entries(
    of bytes: [UInt8], upTo end: Int, at offset: Int, _ place: String
  ) throws(ConversionError) -> [Entry] {
    var entries: [Entry] = []
    var (position, key): (Int, [UInt8]) = (0, [])
    func malformed(_ reason: String) -> ConversionError {
      Self.malformed(file.path, "\(place), byte \(position)", reason)
    }
    func number() throws(ConversionError) -> Int {
      var value = 0
      for shift in stride(from: 0, to: 35, by: 7) {
        guard position < end else { throw malformed("it ends within an entry") }
        let byte = bytes[position]
        position += 1
        value |= Int(byte & 0x7F) << shift
        if byte & 0x80 == 0, value <= Int(UInt32.max) { return value }
      }
      throw malformed("a length has more than 32 bits")
    }
    while position < end {
      let (shared, own, length) = (try number(), try number(), try number())
      guard shared <= key.count else { throw malformed("a key shares more than the one before it has") }
      guard own <= end - position, length <= end - position - own else {
        throw malformed("an entry of \(own) and \(length) bytes is longer than its block")
      }
      keyBytes += shared + own
      guard keyBytes <= Self.leastKeyBytes + Self.expansion * file.size else {
        throw malformed("its keys unpack to more than is taken from a file of this size")
      }
      key = Array(key[..<shared] + bytes[position..<(position + own)])
      position += own
      entries.append(Entry(key: key, value: (offset + position)..<(offset + position + length)))
      position += length
    }
    return entries
  }
}
