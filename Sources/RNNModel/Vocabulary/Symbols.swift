/// The bytes of one symbol of a text, as a dictionary key.
///
/// Up to seven bytes lie in one word: characters and most words need no memory of their own.
struct Symbol: Hashable, Sendable {
  private var word: UInt64
  private var long: [UInt8]

  init(_ bytes: some Sequence<UInt8>) {
    var word: UInt64 = 0
    var count: UInt64 = 0
    var long: [UInt8] = []
    for byte in bytes {
      if count < 7 { word |= UInt64(byte) << (8 * count) }
      if count == 7 {
        for k in 0..<7 { long.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * k))) }
      }
      if count >= 7 { long.append(byte) }
      count += 1
    }
    // The length is part of the key: a NUL byte is not the same as no byte.
    self.word = count < 8 ? word | (count << 56) : UInt64.max
    self.long = long
  }

  var bytes: [UInt8] {
    if word == UInt64.max { return long }
    return (0..<(word >> 56)).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
  }

  /// Whether splitting a text can produce this symbol.
  func isSymbol(of kind: Vocabulary.Kind, _ normalisation: Vocabulary.Normalisation) -> Bool {
    let bytes = bytes
    switch kind {
    case .bytes: return bytes.count == 1
    case .characters:
      var symbols = 0
      Symbols.forEachScalar(of: bytes) { _ in symbols += 1 }
      return symbols == 1
    case .words:
      let spaces = bytes.count { Symbols.isWhiteSpace($0) }
      return spaces == 0 || (bytes.count == 1 && normalisation == .none)
    }
  }
}

/// How texts are split into symbols: `docs/FORMAT.md`, section 6.
enum Symbols {
  static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 9 && byte <= 13) }

  /// The length of the well-formed UTF-8 sequence at `start`, or 1 for a byte that is not part of one
  /// (Unicode 15, table 3-7).
  static func scalarLength(in bytes: Span<UInt8>, at start: Int) -> Int {
    let first = bytes[start]
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0xC2...0xDF: length = 2
    case 0xE0:
      length = 3
      second = 0xA0...0xBF
    case 0xED:
      length = 3
      second = 0x80...0x9F
    case 0xE1...0xEF: length = 3
    case 0xF0:
      length = 4
      second = 0x90...0xBF
    case 0xF1...0xF3: length = 4
    case 0xF4:
      length = 4
      second = 0x80...0x8F
    default: return 1
    }
    guard start + length <= bytes.count, second.contains(bytes[start + 1]) else { return 1 }
    for k in 2..<max(2, length) where bytes[start + k] & 0xC0 != 0x80 { return 1 }
    return length
  }

  /// Calls `body` with the range of each character of `bytes`.
  static func forEachScalar(of bytes: [UInt8], _ body: (Range<Int>) -> Void) {
    let span = bytes.span
    var start = 0
    while start < span.count {
      let length = scalarLength(in: span, at: start)
      body(start..<(start + length))
      start += length
    }
  }

  /// Calls `body` with the range of each symbol of `bytes`, empty ranges standing for line ends.
  static func forEach<E: Error>(
    of bytes: [UInt8], kind: Vocabulary.Kind, normalisation: Vocabulary.Normalisation,
    _ body: (Range<Int>) throws(E) -> Void
  ) throws(E) {
    let span = bytes.span
    var start = 0
    switch (kind, normalisation) {
    case (.bytes, _):
      for k in 0..<span.count { try body(k..<(k + 1)) }
    case (.characters, _):
      while start < span.count {
        let length = scalarLength(in: span, at: start)
        try body(start..<(start + length))
        start += length
      }
    case (.words, .none):
      while start < span.count {
        var end = start
        if isWhiteSpace(span[start]) {
          while end < span.count, isWhiteSpace(span[end]) { end += 1 }
          let isPlainGap = end - start == 1 && span[start] == 0x20 && start > 0 && end < span.count
          if !isPlainGap { for k in start..<end { try body(k..<(k + 1)) } }
        } else {
          while end < span.count, !isWhiteSpace(span[end]) { end += 1 }
          try body(start..<end)
        }
        start = end
      }
    case (.words, .whitespace):
      while start < span.count {
        let byte = span[start]
        if byte == 0x0A {
          try body(start..<start)
          start += 1
        } else if isWhiteSpace(byte) {
          start += 1
        } else {
          var end = start
          while end < span.count, !isWhiteSpace(span[end]) { end += 1 }
          try body(start..<end)
          start = end
        }
      }
      if let last = bytes.last, last != 0x0A { try body(span.count..<span.count) }
    }
  }
}
