/// Why a pickle is refused.
struct PickleError: Error, Hashable, Sendable, CustomStringConvertible {
  let reason: String
  /// Where in the pickle, or in the file that it lies in.
  let offset: Int

  var description: String { "\(reason), at byte \(offset)" }
}

/// Bytes that are read forward, from memory or a block at a time from a file.
struct PickleInput {
  private static let blockSize = 1 << 16

  private let read: (Range<Int>) throws -> [UInt8]
  private let end: Int
  private var block: [UInt8]
  private var blockStart: Int
  /// Where the next byte lies.
  private(set) var position: Int

  /// Reads bytes in memory.
  init(_ bytes: [UInt8]) {
    read = { Array(bytes[$0]) }
    end = bytes.count
    block = bytes
    (blockStart, position) = (0, 0)
  }

  /// Reads a range of bytes that are elsewhere.
  ///
  /// - Parameter read: gives the bytes of a range within the range.
  init(_ range: Range<Int>, read: @escaping (Range<Int>) throws -> [UInt8]) {
    self.read = read
    end = range.upperBound
    block = []
    (blockStart, position) = (range.lowerBound, range.lowerBound)
  }

  /// The next byte.
  mutating func byte() throws -> UInt8 {
    let place = position - blockStart
    if place < block.count {
      position += 1
      return block[place]
    }
    guard position < end else { throw tooShort() }
    block = try read(position..<min(end, position + Self.blockSize))
    blockStart = position
    guard let first = block.first else { throw tooShort() }
    position += 1
    return first
  }

  /// The next bytes.
  mutating func bytes(_ count: Int) throws -> [UInt8] {
    guard count >= 0, count <= end - position else { throw tooShort() }
    let place = position - blockStart
    if place + count <= block.count {
      position += count
      return Array(block[place..<(place + count)])
    }
    let bytes = try read(position..<(position + count))
    position += count
    (block, blockStart) = ([], position)
    return bytes
  }

  /// An unsigned little-endian integer of up to eight bytes.
  mutating func unsigned(_ count: Int) throws -> Int {
    let value = try bytes(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let value = Int(exactly: value) else { throw PickleError(reason: "a length is too large", offset: position) }
    return value
  }

  /// The bytes up to the end of the line, which is left out.
  mutating func line() throws -> [UInt8] {
    var line: [UInt8] = []
    while true {
      let byte = try byte()
      if byte == 0x0A { return line }
      line.append(byte)
    }
  }

  private func tooShort() -> PickleError { PickleError(reason: "it ends too early", offset: position) }
}
