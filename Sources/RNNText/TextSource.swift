/// A text that may be larger than memory: several files one after another, each plain or compressed by gzip, or standard input.
///
/// It can be read as often as needed. What can be read only once, as standard input or a pipe, is kept by the first reading: in memory
/// up to a limit, beyond it in a temporary file in TMPDIR without a name.
public final class TextSource {
  /// The files; `-` is standard input.
  public let paths: [String]

  private let memoryLimit: Int
  private let folder: String?
  /// What the first reading found, for each path.
  private var first: [FirstReading] = []

  private struct FirstReading {
    var bytes: Int
    var copy: ByteStore?
  }

  /// Names a text; nothing is read yet.
  ///
  /// - Parameters:
  ///   - paths: files, in their order; `-` for standard input.
  ///   - memoryLimit: how many bytes of standard input to keep in memory.
  ///   - folder: where a temporary file goes; nil for TMPDIR, or the system's folder.
  public init(_ paths: [String], memoryLimit: Int = 1 << 26, folder: String? = nil) {
    self.paths = paths
    self.memoryLimit = memoryLimit
    self.folder = folder
  }

  /// Reads the text from its beginning to its end.
  ///
  /// - Parameter body: called with one part after another, of at most a few MiB.
  /// - Throws: ``TextError``, or what `body` throws.
  public func read(_ body: ([UInt8]) throws -> Void) throws {
    for index in paths.indices {
      if index < first.count { try again(index, body) } else { first.append(try read(paths[index], body)) }
    }
  }

  private func read(_ path: String, _ body: ([UInt8]) throws -> Void) throws -> FirstReading {
    var reader = try TextReader(path)
    guard !reader.isRegular else {
      return FirstReading(bytes: try Self.read(&reader, body), copy: nil)
    }
    var copy = ByteStore.Writer(memoryLimit: memoryLimit, folder: folder)
    while true {
      let part = try reader.next()
      if part.isEmpty { break }
      try copy.append(part[...])
      try body(part)
    }
    let store = copy.finish()
    return FirstReading(bytes: store.count, copy: store)
  }

  private func again(_ index: Int, _ body: ([UInt8]) throws -> Void) throws {
    guard let copy = first[index].copy else {
      var reader = try TextReader(paths[index])
      guard try Self.read(&reader, body) == first[index].bytes else { throw TextError.changed(path: paths[index]) }
      return
    }
    var part: [UInt8] = []
    var start = 0
    while start < copy.count {
      let end = min(start + 1 << 20, copy.count)
      try copy.read(start..<end, into: &part)
      try body(part)
      start = end
    }
  }

  private static func read(_ reader: inout TextReader, _ body: ([UInt8]) throws -> Void) throws -> Int {
    var count = 0
    while true {
      let part = try reader.next()
      if part.isEmpty { return count }
      count += part.count
      try body(part)
    }
  }

  /// A whole text in memory.
  ///
  /// - Parameters:
  ///   - path: a file, or `-` for standard input.
  ///   - limit: how many bytes there may be; compressed data can be much larger than they look.
  /// - Throws: ``TextError``.
  public static func bytes(of path: String, limit: Int) throws(TextError) -> [UInt8] {
    var reader = try TextReader(path)
    var bytes: [UInt8] = []
    while true {
      let part = try reader.next()
      if part.isEmpty { return bytes }
      guard part.count <= limit - bytes.count else { throw .tooLarge(path: path, limit: limit) }
      bytes += part
    }
  }
}
