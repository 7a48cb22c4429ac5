/// Bytes that were written once, in memory up to a limit and beyond it in a temporary file.
struct ByteStore: Sendable {
  /// The number of bytes.
  let count: Int
  private let blockSize: Int
  /// All bytes in blocks; with a file, only those after its end.
  private let blocks: [[UInt8]]
  private let file: OpenFile?
  private let fileCount: Int

  /// Whether the bytes are in memory.
  var isInMemory: Bool { file == nil }

  /// Takes bytes that are in memory.
  init(_ bytes: [UInt8]) {
    self.init(count: bytes.count, blockSize: max(1, bytes.count), blocks: [bytes], file: nil, fileCount: 0)
  }

  private init(count: Int, blockSize: Int, blocks: [[UInt8]], file: OpenFile?, fileCount: Int) {
    self.count = count
    self.blockSize = blockSize
    self.blocks = blocks
    self.file = file
    self.fileCount = fileCount
  }

  /// Replaces `bytes` by those of a range.
  ///
  /// - Precondition: the range is in `0 ..< count`.
  func read(_ range: Range<Int>, into bytes: inout [UInt8]) throws(TextError) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range outside of the stored bytes")
    if let file, range.lowerBound < fileCount {
      let end = min(range.upperBound, fileCount)
      try file.read(at: range.lowerBound, count: end - range.lowerBound, into: &bytes)
    } else {
      bytes.removeAll(keepingCapacity: true)
    }
    var position = max(range.lowerBound, fileCount)
    while position < range.upperBound {
      let (block, start) = (position - fileCount).quotientAndRemainder(dividingBy: blockSize)
      let end = min(blocks[block].count, start + range.upperBound - position)
      bytes += blocks[block][start..<end]
      position += end - start
    }
  }

  /// Writes bytes, one after another.
  struct Writer: ~Copyable {
    private let memoryLimit: Int
    private let blockSize: Int
    private let folder: String?
    private var blocks: [[UInt8]] = []
    private var block: [UInt8] = []
    private var file: OpenFile?
    private var fileCount = 0

    /// Begins.
    ///
    /// - Parameters:
    ///   - memoryLimit: how many bytes may lie in memory.
    ///   - folder: where a temporary file goes; nil for TMPDIR, or the system's folder.
    ///   - blockSize: what is written at once.
    init(memoryLimit: Int, folder: String? = nil, blockSize: Int = 1 << 20) {
      self.memoryLimit = memoryLimit
      self.folder = folder
      self.blockSize = blockSize
    }

    /// The number of bytes so far.
    var count: Int { fileCount + blocks.count * blockSize + block.count }

    mutating func append(_ bytes: ArraySlice<UInt8>) throws(TextError) {
      var rest = bytes
      while !rest.isEmpty {
        // Blocks never grow beyond their size, so that the memory is what it says.
        if block.isEmpty { block.reserveCapacity(blockSize) }
        let part = rest.prefix(blockSize - block.count)
        block += part
        rest = rest.dropFirst(part.count)
        if block.count == blockSize { try endBlock() }
      }
    }

    private mutating func endBlock() throws(TextError) {
      blocks.append(block)
      block = []
      if file == nil {
        guard blocks.count * blockSize > memoryLimit else { return }
        file = try OpenFile(temporaryIn: folder)
      }
      guard let file else { return }
      for block in blocks {
        try file.write(block, at: fileCount)
        fileCount += block.count
      }
      blocks = []
    }

    consuming func finish() -> ByteStore {
      let count = count
      let all = block.isEmpty ? blocks : blocks + [block]
      return ByteStore(count: count, blockSize: blockSize, blocks: all, file: file, fileCount: fileCount)
    }
  }
}
