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

  /// Splits a text, or a part of one, into symbols.
  ///
  /// A text may come in parts: what this call leaves over has to stand at the beginning of the next part.
  ///
  /// - Parameters:
  ///   - bytes: the text, or its next part.
  ///   - previous: the byte before `bytes`; nil at the beginning of the text.
  ///   - isEnd: whether the text ends with `bytes`.
  ///   - body: called with the range of each symbol, empty ranges standing for line ends.
  /// - Returns: how many bytes are split; with `isEnd` all of them, else all but those whose symbol depends on what follows.
  @discardableResult
  static func forEach<E: Error>(
    of bytes: [UInt8], after previous: UInt8? = nil, isEnd: Bool = true, kind: Vocabulary.Kind,
    normalisation: Vocabulary.Normalisation, _ body: (Range<Int>) throws(E) -> Void
  ) throws(E) -> Int {
    let span = bytes.span
    switch (kind, normalisation) {
    case (.bytes, _):
      for k in 0..<span.count { try body(k..<(k + 1)) }
      return span.count
    case (.characters, _):
      var start = 0
      while start < span.count, isEnd || start + 4 <= span.count {
        let length = scalarLength(in: span, at: start)
        try body(start..<(start + length))
        start += length
      }
      return start
    case (.words, .none):
      return try forEachWord(of: span, after: previous, isEnd: isEnd, body)
    case (.words, .whitespace):
      let end = try forEachWord(of: span, isEnd: isEnd, body)
      if isEnd, let last = bytes.last ?? previous, last != 0x0A { try body(span.count..<span.count) }
      return end
    case (.bpe, _):
      return try forEachPiece(of: span, isEnd: isEnd, body)
    }
  }

  /// Words, and all white space but single spaces between them.
  private static func forEachWord<E: Error>(
    of span: Span<UInt8>, after previous: UInt8?, isEnd: Bool, _ body: (Range<Int>) throws(E) -> Void
  ) throws(E) -> Int {
    var start = 0
    while start < span.count {
      let end = start + 1
      guard isWhiteSpace(span[start]) else {
        let end = endOfWord(in: span, from: start)
        if end == span.count && !isEnd { return start }
        try body(start..<end)
        start = end
        continue
      }
      let before = start > 0 ? span[start - 1] : previous
      var isGap = false
      if span[start] == 0x20, let before, !isWhiteSpace(before) {
        if end == span.count && !isEnd { return start }
        isGap = end < span.count && !isWhiteSpace(span[end])
      }
      if !isGap { try body(start..<end) }
      start = end
    }
    return start
  }

  /// Words, and an empty range before each byte that ends a line.
  private static func forEachWord<E: Error>(
    of span: Span<UInt8>, isEnd: Bool, _ body: (Range<Int>) throws(E) -> Void
  ) throws(E) -> Int {
    var start = 0
    while start < span.count {
      let byte = span[start]
      if byte == 0x0A {
        try body(start..<start)
        start += 1
      } else if isWhiteSpace(byte) {
        start += 1
      } else {
        let end = endOfWord(in: span, from: start)
        if end == span.count && !isEnd { return start }
        try body(start..<end)
        start = end
      }
    }
    return start
  }

  private static func endOfWord(in span: Span<UInt8>, from start: Int) -> Int {
    var end = start
    while end < span.count, !isWhiteSpace(span[end]) { end += 1 }
    return end
  }

  /// The most bytes of a word: what a reader of a text that comes in parts has to hold at most.
  static let longestWord = 1 << 24

  /// The most bytes of a piece: it bounds the work of merging, and how far a splitter looks ahead.
  static let longestPiece = 256

  /// The pieces that byte pairs are merged in.
  private static func forEachPiece<E: Error>(
    of span: Span<UInt8>, isEnd: Bool, _ body: (Range<Int>) throws(E) -> Void
  ) throws(E) -> Int {
    var start = 0
    while start < span.count {
      // A space before a run of another class is its first byte.
      let next = start + 1
      let hasSpace = span[start] == 0x20 && next < span.count && !isWhiteSpace(span[next])
      let classOfRun = PieceClass(span[hasSpace ? next : start])
      var end = next
      while end < span.count, end - start <= longestPiece, PieceClass(span[end]) == classOfRun { end += 1 }
      if end == span.count && !isEnd && end - start <= longestPiece { return start }
      // The last space of a run belongs to what follows it. That is known here: where the run is longer than a piece, or ends.
      if classOfRun == .space, end - start > 1, end - start <= longestPiece, end < span.count, span[end - 1] == 0x20 {
        end -= 1
      }
      end = min(end, start + longestPiece)
      try body(start..<end)
      start = end
    }
    return start
  }

  /// The classes whose longest runs are pieces.
  private enum PieceClass {
    case space
    case letter
    case digit
    case other

    init(_ byte: UInt8) {
      switch byte {
      case 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: self = .letter
      case 0x30...0x39: self = .digit
      case 9...13, 0x20: self = .space
      default: self = .other
      }
    }
  }
}
