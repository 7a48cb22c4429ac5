import RNNFormat

/// Numbers as texts, one a line, in a part of a file.
struct NumberLines {
  private static let blockSize = 1 << 20
  /// Longer than what any program prints for a number.
  private static let longestNumber = 400

  private let file: SharedFile
  private let range: Range<Int>
  private let what: String

  /// - Parameter what: what the numbers are, for messages.
  init(_ file: SharedFile, _ range: Range<Int>, what: String) {
    self.file = file
    self.range = range
    self.what = what
  }

  /// The numbers as little-endian float32.
  ///
  /// - Throws: ``ConversionError/malformed(file:place:reason:)`` unless there are `count` of them, all finite.
  func floats(_ count: Int) throws(ConversionError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * MemoryLayout<Float>.size)
    // What the last block had of a line that goes on in the next one.
    var rest: [UInt8] = []
    var position = range.lowerBound
    while position < range.upperBound {
      let block = rest + (try file.bytes(position..<min(range.upperBound, position + Self.blockSize)))
      position = min(range.upperBound, position + Self.blockSize)
      var start = 0
      while let end = block[start...].firstIndex(of: 0x0A) {
        try append(block[start..<end], &bytes)
        start = end + 1
      }
      rest = Array(block[start...])
      guard rest.count <= Self.longestNumber else { throw malformed("a line is no number") }
    }
    if !rest.isEmpty { try append(rest[...], &bytes) }
    guard bytes.count == count * MemoryLayout<Float>.size else {
      throw malformed("there are \(bytes.count / MemoryLayout<Float>.size) numbers instead of \(count)")
    }
    return bytes
  }

  private func malformed(_ reason: String) -> ConversionError {
    .malformed(file: file.path, place: what, reason: reason)
  }

  private func append(_ line: ArraySlice<UInt8>, _ bytes: inout [UInt8]) throws(ConversionError) {
    guard let number = Self.number(line), Float(number).isFinite else {
      throw malformed("'\(String(decoding: line.prefix(40), as: UTF8.self))' is no number")
    }
    let bits = Float(number).bitPattern
    for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
  }

  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]

  /// Reads a number.
  ///
  /// Up to 15 digits are an integer that float64 holds, and so is the power of ten, so that one division rounds once, as it should (Clinger 1990).
  static func number(_ line: ArraySlice<UInt8>) -> Double? {
    var digits = 0
    var fraction: Int?
    var mantissa: UInt64 = 0
    let unsigned = line.first == 0x2D ? line.dropFirst() : line
    for byte in unsigned {
      switch byte {
      case 0x30...0x39 where digits < 15:
        mantissa = mantissa * 10 + UInt64(byte - 0x30)
        digits += 1
        fraction = fraction.map { $0 + 1 }
      case 0x2E where fraction == nil: fraction = 0
      default: return Double(String(decoding: line, as: UTF8.self))
      }
    }
    guard digits > 0 else { return nil }
    let value = Double(mantissa) / powers[fraction ?? 0]
    return line.first == 0x2D ? -value : value
  }
}
