/// Reads a text from its beginning to its end, part by part; gzip data are recognised by their first bytes and decompressed.
public struct TextReader {
  private static let partSize = 1 << 20
  /// HDF5, zip.
  private static let signatures: [[UInt8]] = [[0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A], [0x50, 0x4B, 0x03, 0x04]]

  private let file: OpenFile
  private let decoder: GzipDecoder?
  /// Read already, to see what it is.
  private var head: [UInt8]

  /// Whether the text can be read again by another reader.
  var isRegular: Bool { file.isRegular }

  /// Opens a text.
  ///
  /// - Parameter path: a file, or `-` for standard input.
  /// - Throws: ``TextError``.
  public init(_ path: String) throws(TextError) {
    let file = try OpenFile(reading: path)
    self.file = file
    head = try Self.atLeast(8) { () throws(TextError) in try file.read(upTo: Self.partSize) }
    if head.starts(with: [0x1F, 0x8B]) {
      let decoder = GzipDecoder()
      self.decoder = decoder
      decoder.feed(head)
      head = try Self.atLeast(8) { () throws(TextError) in try Self.decompress(decoder, file) }
    } else {
      decoder = nil
    }
    if Self.signatures.contains(where: head.starts) { throw .notAText(path: path) }
  }

  /// The next bytes of the text; none at its end.
  ///
  /// - Throws: ``TextError``.
  public mutating func next() throws(TextError) -> [UInt8] {
    if !head.isEmpty {
      let part = head
      head = []
      return part
    }
    guard let decoder else { return try file.read(upTo: Self.partSize) }
    return try Self.decompress(decoder, file)
  }

  private static func decompress(_ decoder: GzipDecoder, _ file: OpenFile) throws(TextError) -> [UInt8] {
    while true {
      do throws(GzipDecoder.Failure) {
        let part = try decoder.decode(upTo: partSize)
        if !part.isEmpty { return part }
      } catch {
        throw .corruptGzip(path: file.path)
      }
      let part = try file.read(upTo: partSize)
      if part.isEmpty {
        guard decoder.mayEnd else { throw .truncatedGzip(path: file.path) }
        return []
      }
      decoder.feed(part)
    }
  }

  /// Joins parts until there are `count` bytes: a pipe may give them one by one.
  private static func atLeast(
    _ count: Int, _ next: () throws(TextError) -> [UInt8]
  ) throws(TextError) -> [UInt8] {
    var bytes = try next()
    while bytes.count < count {
      let part = try next()
      if part.isEmpty { break }
      bytes += part
    }
    return bytes
  }
}
