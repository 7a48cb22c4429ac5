import Foundation
import Kernels
import RNNText
import Testing

/// Texts from files, whole and compressed.
@Suite struct TextSourceTests {
  private func read(_ source: TextSource) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try source.read { bytes += $0 }
    return bytes
  }

  private func error(_ path: String) -> TextError? {
    do {
      _ = try read(TextSource([path]))
      return nil
    } catch {
      return error as? TextError
    }
  }

  private static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = RandomGenerator(seed: seed)
    return (0..<count).map { _ in UInt8.random(in: 0...63, using: &generator) }
  }

  @Test func joinsFiles() throws {
    let scratch = try Scratch()
    let texts = [Array("one ".utf8), [], gzip(Array("two ".utf8)), gzip([]), [0x33], Self.noise(3_000_000)]
    let source = TextSource(try texts.map { try scratch.file($0) })
    let expected = Array("one two 3".utf8) + Self.noise(3_000_000)
    for _ in 0..<2 { #expect(try read(source) == expected) }
  }

  @Test func readsWhatGzipWrites() throws {
    // `gzip -n` of "first\n", then `gzip -9n` of "second part\n".
    let data: [UInt8] = [
      0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4b, 0xcb, 0x2c, 0x2a, 0x2e, 0xe1, 0x02, 0x00, 0x2a,
      0xb3, 0x4a, 0xc7, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0x4e,
      0x4d, 0xce, 0xcf, 0x4b, 0x51, 0x28, 0x48, 0x2c, 0x2a, 0xe1, 0x02, 0x00, 0x25, 0x18, 0x07, 0x8b, 0x0c, 0x00, 0x00,
      0x00,
    ]
    let scratch = try Scratch()
    #expect(try read(TextSource([try scratch.file(data)])) == Array("first\nsecond part\n".utf8))
  }

  @Test func readsManyMembersAndPadding() throws {
    let scratch = try Scratch()
    let parts = (0..<300).map { Self.noise($0 * 20, seed: UInt64($0)) }
    let data = Array(parts.map(gzip).joined()) + [UInt8](repeating: 0, count: 512)
    #expect(try read(TextSource([try scratch.file(data)])) == Array(parts.joined()))
  }

  @Test func noticesEveryTruncation() throws {
    let scratch = try Scratch()
    let data = gzip(Array("to be or not to be, that is the question".utf8))
    for count in 2..<data.count {
      let path = try scratch.file(Array(data.prefix(count)))
      #expect(error(path) == .truncatedGzip(path: path), "\(count) of \(data.count) bytes")
    }
    let path = try scratch.file(data + data.prefix(5))
    #expect(error(path) == .truncatedGzip(path: path))
  }

  @Test func noticesDamage() throws {
    let scratch = try Scratch()
    let data = gzip(Self.noise(5000))
    // The header's time, flags and system tell nothing about the text.
    for place in [2, 3] + Array(stride(from: 10, to: data.count, by: 37)) + [data.count - 8, data.count - 1] {
      var damaged = data
      damaged[place] ^= 0xFF
      let path = try scratch.file(damaged)
      #expect(error(path)?.isRefusal == true, "byte \(place)")
    }
    let path = try scratch.file(data + Array("garbage".utf8))
    #expect(error(path) == .corruptGzip(path: path))
    let late = try scratch.file(data + [0, 0] + data)
    #expect(error(late) == .corruptGzip(path: late))
  }

  @Test func streamsWhatIsMuchLargerThanItLooks() throws {
    let scratch = try Scratch()
    // 64 members of a MiB of zeros each, in 65 kB.
    let member = gzip([UInt8](repeating: 0, count: 1 << 20))
    let path = try scratch.file(Array(repeatElement(member, count: 64).joined()))
    var (count, longest) = (0, 0)
    try TextSource([path]).read {
      count += $0.count
      longest = max(longest, $0.count)
    }
    #expect(count == 64 << 20 && longest <= 2 << 20)
    #expect(throws: TextError.tooLarge(path: path, limit: 10 << 20)) { try TextSource.bytes(of: path, limit: 10 << 20) }
    #expect(try TextSource.bytes(of: path, limit: 64 << 20).count == 64 << 20)
  }

  @Test func refusesWhatIsNoText() throws {
    let scratch = try Scratch()
    let model: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 1]
    for bytes in [model, gzip(model), Array("PK\u{3}\u{4}....".utf8)] {
      let path = try scratch.file(bytes)
      #expect(error(path) == .notAText(path: path))
    }
    let folder = scratch.folder.path
    #expect(error(folder) == .unreadable(path: folder, reason: "it is a directory, not a text"))
    #expect(error(folder + "/no") == .unreadable(path: folder + "/no", reason: "there is no such file"))
  }

  @Test func noticesAFileThatGrows() throws {
    let scratch = try Scratch()
    let path = try scratch.file(Array("to be".utf8))
    let source = TextSource([path])
    _ = try read(source)
    _ = try scratch.file(Array("to be or".utf8), URL(fileURLWithPath: path).lastPathComponent)
    #expect(throws: TextError.changed(path: path)) { try read(source) }
  }

  @Test(arguments: [1 << 26, 1000, 0]) func keepsWhatAPipeGives(memoryLimit: Int) async throws {
    let scratch = try Scratch()
    let path = scratch.folder.appendingPathComponent("pipe").path
    #expect(mkfifo(path, 0o600) == 0)
    let text = Self.noise(2_500_000)
    let data = gzip(Array(text.prefix(1_000_000))) + gzip(Array(text.dropFirst(1_000_000)))
    let writer = Thread {
      let handle = FileHandle(forWritingAtPath: path)
      // One byte alone: what the text is cannot be told from the first piece.
      try? handle?.write(contentsOf: data.prefix(1))
      Thread.sleep(forTimeInterval: 0.05)
      try? handle?.write(contentsOf: data.dropFirst(1))
      try? handle?.close()
    }
    writer.start()
    let source = TextSource([path], memoryLimit: memoryLimit, folder: scratch.folder.path)
    for _ in 0..<3 { #expect(try read(source) == text) }
    // The temporary file has no name.
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder.path) == ["pipe"])
  }

  @Test func saysWhereNoTemporaryFileCanBe() throws {
    let error = #expect(throws: TextError.self) {
      var writer = TokenStore.Writer(vocabularySize: 10, memoryLimit: 4, folder: "/no/such/folder")
      try writer.append([Int32](repeating: 1, count: 100))
    }
    #expect(error == .temporaryFile(folder: "/no/such/folder", reason: "there is no such file"))
  }
}
