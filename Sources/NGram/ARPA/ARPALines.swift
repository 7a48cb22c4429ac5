import RNNText

/// The lines of a text file that comes in parts, plain or compressed by gzip.
struct ARPALines {
  /// No n-gram is longer: words have at most 64 KiB together.
  private static let longestLine = 1 << 16

  private let file: String
  private var reader: TextReader
  private var buffer: [UInt8] = []
  private var position = 0
  private var isAtEnd = false
  /// The number of the last line, from 1.
  private(set) var number = 0

  init(_ file: String) throws(TextError) {
    self.file = file
    reader = try TextReader(file)
  }

  /// The next line without its end, and without white space around it; nil at the end of the file.
  mutating func next() throws -> ArraySlice<UInt8>? {
    while true {
      if let end = buffer[position...].firstIndex(of: 0x0A) {
        defer { position = end + 1 }
        return try take(position..<end)
      }
      if isAtEnd {
        guard position < buffer.count else { return nil }
        defer { position = buffer.count }
        return try take(position..<buffer.count)
      }
      guard buffer.count - position <= Self.longestLine else { throw tooLong(number + 1) }
      let part = try reader.next()
      isAtEnd = part.isEmpty
      buffer = buffer[position...] + part
      position = 0
    }
  }

  private mutating func take(_ range: Range<Int>) throws(NGramError) -> ArraySlice<UInt8> {
    number += 1
    guard range.count <= Self.longestLine else { throw tooLong(number) }
    var line = buffer[range]
    while let last = line.last, Self.isSpace(last) { line.removeLast() }
    while let first = line.first, Self.isSpace(first) { line.removeFirst() }
    return line
  }

  private func tooLong(_ line: Int) -> NGramError {
    .arpa(file: file, line: line, reason: "the line is longer than \(Self.longestLine) bytes")
  }

  /// What separates fields. Other white space may be part of a word.
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

  /// The beginning of a line or a field, as an error says it.
  static func shown(_ line: ArraySlice<UInt8>) -> String {
    let text = String(decoding: line.prefix(40), as: UTF8.self)
    let printable = String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    return "'\(printable)\(line.count > 40 ? "..." : "")'"
  }
}
