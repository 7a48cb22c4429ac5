/// The bytes of one symbol of a text, as a dictionary key.
///
/// Up to seven bytes lie in one word: characters and most words need no memory of their own.
struct Symbol: Hashable, Sendable {
  private var word: UInt64
  private var long: [UInt8]

  init(_ bytes: some Collection<UInt8>) {
    let count = bytes.count
    guard count < 8 else {
      word = UInt64.max
      long = Array(bytes)
      return
    }
    // The length is part of the key: a NUL byte is not the same as no byte.
    var word = UInt64(count) << 56
    var shift: UInt64 = 0
    for byte in bytes {
      word |= UInt64(byte) << shift
      shift += 8
    }
    self.word = word
    long = []
  }

  func hash(into hasher: inout Hasher) {
    if word == UInt64.max { hasher.combine(long) } else { hasher.combine(word) }
  }

  /// The number of bytes.
  var count: Int { word == UInt64.max ? long.count : Int(word >> 56) }

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
    case .bpe: return bytes.count <= Symbols.longestPiece
    }
  }
}
