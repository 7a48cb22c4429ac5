import RNNModel

/// The tokens of a text: in memory up to a limit, beyond it in a temporary file without a name that windows are read from.
///
/// A token takes one, two or four bytes, as the vocabulary needs. However long the text is, no more memory is used than the limit and
/// a few MiB.
public struct TokenStore: Sendable {
  private let store: ByteStore
  private let width: Int

  /// The number of tokens.
  public var count: Int { store.count / width }

  /// Whether the tokens are in memory.
  public var isInMemory: Bool { store.isInMemory }

  /// Takes tokens that are in memory.
  public init(_ tokens: [Int32]) {
    store = ByteStore(Self.bytes(tokens, width: 4))
    width = 4
  }

  private init(_ store: ByteStore, width: Int) {
    self.store = store
    self.width = width
  }

  /// All tokens.
  public var all: TokenSlice { TokenSlice(self, 0..<count) }

  /// Appends the tokens of a range.
  ///
  /// - Parameters:
  ///   - range: in `0 ..< count`.
  ///   - tokens: longer by the length of the range.
  ///   - scratch: memory that is used again, so that reading many windows allocates nothing.
  /// - Throws: ``TextError/temporaryFile(folder:reason:)``.
  func append(_ range: Range<Int>, to tokens: inout [Int32], scratch: inout [UInt8]) throws(TextError) {
    try store.read((range.lowerBound * width)..<(range.upperBound * width), into: &scratch)
    switch width {
    case 1: for byte in scratch { tokens.append(Int32(byte)) }
    case 2:
      for k in stride(from: 0, to: scratch.count - 1, by: 2) {
        tokens.append(Int32(scratch[k]) | Int32(scratch[k + 1]) << 8)
      }
    default:
      for k in stride(from: 0, to: scratch.count - 3, by: 4) {
        let low = UInt32(scratch[k]) | UInt32(scratch[k + 1]) << 8
        tokens.append(Int32(bitPattern: low | UInt32(scratch[k + 2]) << 16 | UInt32(scratch[k + 3]) << 24))
      }
    }
  }

  private static func bytes(_ tokens: [Int32], width: Int) -> [UInt8] {
    guard width > 1 else { return tokens.map { UInt8(truncatingIfNeeded: $0) } }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(tokens.count * width)
    for token in tokens {
      bytes.append(UInt8(truncatingIfNeeded: token))
      bytes.append(UInt8(truncatingIfNeeded: token >> 8))
      guard width > 2 else { continue }
      bytes.append(UInt8(truncatingIfNeeded: token >> 16))
      bytes.append(UInt8(truncatingIfNeeded: token >> 24))
    }
    return bytes
  }

  /// Stores tokens, one after another.
  public struct Writer: ~Copyable {
    private var writer: ByteStore.Writer
    private let width: Int

    /// Begins.
    ///
    /// - Parameters:
    ///   - vocabularySize: all tokens are below it.
    ///   - memoryLimit: how many bytes may lie in memory.
    ///   - folder: where a temporary file goes; nil for TMPDIR, or the system's folder.
    public init(vocabularySize: Int, memoryLimit: Int = 1 << 28, folder: String? = nil) {
      width = vocabularySize <= 1 << 8 ? 1 : vocabularySize <= 1 << 16 ? 2 : 4
      writer = ByteStore.Writer(
        memoryLimit: memoryLimit, folder: folder, blockSize: max(64, min(1 << 20, memoryLimit)))
    }

    /// Adds tokens, each in `0 ..< vocabularySize`.
    ///
    /// - Throws: ``TextError/temporaryFile(folder:reason:)``.
    public mutating func append(_ tokens: [Int32]) throws(TextError) {
      try writer.append(TokenStore.bytes(tokens, width: width)[...])
    }

    /// All tokens that were added.
    public consuming func finish() -> TokenStore {
      let width = width
      return TokenStore(writer.finish(), width: width)
    }
  }
}
