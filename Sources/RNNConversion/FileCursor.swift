import RNNFormat

/// A file open for reading that several cursors and arrays share.
final class SharedFile: Sendable {
  private let file: InputFile

  init(opening path: String) throws(ConversionError) { file = try InputFile(opening: path) }

  var path: String { file.path }
  var size: Int { file.size }

  /// Reads a range of the file.
  ///
  /// - Throws: ``ConversionError/cannotRead(file:reason:)`` if it is not within the file.
  func bytes(_ range: Range<Int>) throws(ConversionError) -> [UInt8] {
    try file.read(at: range.lowerBound, count: range.count)
  }
}

/// Reads a part of a file from its beginning to its end.
///
/// It holds one block in memory. Every read is checked against the part's end, which is never beyond the file's.
struct FileCursor: Sendable {
  private static let blockSize = 1 << 16

  let file: SharedFile
  /// Where the next byte comes from.
  private(set) var position: Int
  /// Where the part ends.
  let end: Int
  /// What the part is, for messages.
  var place: String
  private var block: [UInt8] = []
  private var blockStart = 0

  /// A cursor over a whole file.
  init(_ file: SharedFile, place: String) {
    self.file = file
    self.place = place
    position = 0
    end = file.size
  }

  /// A cursor over a part of what is left; it begins with the same block.
  ///
  /// - Parameter range: what ``take(_:)`` gave.
  init(_ parent: FileCursor, _ range: Range<Int>, place: String) {
    file = parent.file
    block = parent.block
    blockStart = parent.blockStart
    position = max(0, min(range.lowerBound, file.size))
    end = max(position, min(range.upperBound, file.size))
    self.place = place
  }

  /// How many bytes are left.
  var remaining: Int { end - position }

  func malformed(_ reason: String) -> ConversionError {
    .malformed(file: file.path, place: "\(place), byte \(position)", reason: reason)
  }

  /// Skips bytes and says where they were.
  mutating func take(_ count: Int) throws(ConversionError) -> Range<Int> {
    guard count >= 0, count <= remaining else {
      throw malformed("\(count) bytes are needed, but \(remaining) are left")
    }
    let start = position
    position += count
    return start..<position
  }

  mutating func byte() throws(ConversionError) -> UInt8 {
    guard position < end else { throw malformed("it ends too early") }
    if position < blockStart || position - blockStart >= block.count {
      block = try file.bytes(position..<min(file.size, position + Self.blockSize))
      blockStart = position
    }
    defer { position += 1 }
    return block[position - blockStart]
  }

  mutating func bytes(_ count: Int) throws(ConversionError) -> [UInt8] {
    let range = try take(count)
    guard range.lowerBound >= blockStart, range.upperBound - blockStart <= block.count else {
      if count >= Self.blockSize { return try file.bytes(range) }
      block = try file.bytes(range.lowerBound..<min(file.size, range.lowerBound + Self.blockSize))
      blockStart = range.lowerBound
      return Array(block[..<count])
    }
    return Array(block[(range.lowerBound - blockStart)..<(range.upperBound - blockStart)])
  }

  /// A little-endian integer.
  mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws(ConversionError) -> Value {
    var value: Value = 0
    for shift in 0..<(Value.bitWidth / 8) { value |= Value(truncatingIfNeeded: try byte()) << (shift * 8) }
    return value
  }
}
