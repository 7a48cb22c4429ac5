/// How much text there is: counted on the way, part by part.
public struct TextCounts: Hashable, Sendable {
  /// Bytes, after decompression.
  public private(set) var bytes = 0
  /// Bytes 10, as `wc -l` counts them.
  public private(set) var lines = 0
  /// Longest runs without white space, bytes 9 to 13 and 32, as `wc -w` counts them.
  public private(set) var words = 0

  private var isInWord = false

  /// No text.
  public init() {}

  /// Adds the next part of the text.
  public mutating func add(_ part: [UInt8]) {
    bytes += part.count
    for byte in part {
      let isSpace = byte == 0x20 || (byte >= 9 && byte <= 13)
      if byte == 0x0A { lines += 1 }
      if !isSpace && !isInWord { words += 1 }
      isInWord = !isSpace
    }
  }
}
