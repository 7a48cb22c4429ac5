#if NPZ
  import Foundation
  import Testing

  @testable import RNNConversion

  @Suite struct ZipReaderTests {
    /// 200,000 bytes that say where they are.
    private static let long = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

    private static func zip(_ entries: ZipBuilder.Entry...) -> [UInt8] { ZipBuilder(entries: entries).bytes }

    @Test(arguments: [0..<200_000, 0..<1, 5..<5, 100..<1100, 100..<200_000, 150_000..<200_000, 199_999..<200_000])
    func readsRangesOfAStoredEntry(range: Range<Int>) throws {
      let scratch = try Scratch()
      let path = try scratch.file(
        "a.zip", Self.zip(.init(name: "short", content: [1]), .init(name: "long", content: Self.long)))
      let file = try ZipReader(opening: path)
      let entry = try #require(file.entry(named: "long"))
      #expect(try file.bytes(of: entry, range) == Array(Self.long[range]))
      #expect(file.entry(named: "none") == nil)
    }

    /// What `zlib` makes of 5,000 zeros.
    private static let deflated: [UInt8] = [
      0xED, 0xC1, 0x31, 0x01, 0x00, 0x00, 0x00, 0xC2, 0xA0, 0xF5, 0x4F, 0x6D, 0x0A, 0x3F, 0xA0, 0x00, 0x00, 0x00, 0x00,
      0x80, 0xB7, 0x01,
    ]

    @Test func readsRangesOfADeflatedEntry() throws {
      let scratch = try Scratch()
      let zeros = [UInt8](repeating: 0, count: 5000)
      let path = try scratch.file(
        "a.zip",
        Self.zip(
          .init(name: "a", content: Self.deflated, checksum: ZipBuilder.checksum(zeros), method: 8, claimed: 5000)))
      let file = try ZipReader(opening: path)
      let entry = try #require(file.entries.first)
      #expect(!entry.isStored)
      #expect(try file.bytes(of: entry) == zeros)
      #expect(try file.bytes(of: entry, 4000..<4500).count == 500)
      try file.check(entry)
    }

    @Test func refusesRangesBeyondTheEntry() throws {
      let scratch = try Scratch()
      let file = try ZipReader(opening: scratch.file("a.zip", Self.zip(.init(name: "a", content: [1, 2, 3]))))
      let entry = try #require(file.entries.first)
      for range in [0..<4, 3..<4, 4..<4, -1..<2] {
        #expect(throws: ConversionError.self) { try file.bytes(of: entry, range) }
      }
    }

    @Test func findsAWrongChecksum() throws {
      let scratch = try Scratch()
      let path = try scratch.file("a.zip", Self.zip(.init(name: "a", content: Self.long, checksum: 1)))
      let file = try ZipReader(opening: path)
      let entry = try #require(file.entries.first)
      #expect(throws: ConversionError.self) { try file.bytes(of: entry) }
      #expect(throws: ConversionError.self) { try file.check(entry) }
      // A part is not the whole: who needs to be sure asks for the check.
      #expect(try file.bytes(of: entry, 10..<20).count == 10)
    }

    private static let hostile: [(name: String, bytes: [UInt8], says: String)] = [
      (
        "bomb", zip(.init(name: "a", content: [1, 2, 3, 4], method: 8, claimed: 4_000_000_000)), "more than it can hold"
      ),
      ("stored, of two sizes", zip(.init(name: "a", content: [1, 2, 3, 4], claimed: 5)), ""),
      ("encrypted", zip(.init(name: "a", content: [1], flags: 1)), "encrypted"),
      ("twice", zip(.init(name: "a", content: [1]), .init(name: "a", content: [1])), ""),
      ("unknown method", zip(.init(name: "a", content: [1], method: 12)), "method 12"),
      ("no end", Array(zip(.init(name: "a", content: [1])).dropLast(10)), ""),
    ]

    @Test(arguments: hostile.indices)
    func refuses(index: Int) throws {
      let scratch = try Scratch()
      let (name, bytes, says) = Self.hostile[index]
      do {
        _ = try ZipReader(opening: scratch.file("hostile.zip", bytes))
        Issue.record("\(name) was read")
      } catch {
        #expect((error as? ConversionError)?.isRefusal == true)
        #expect(says.isEmpty || "\(error)".contains(says), "\(name): \(error)")
      }
    }

    @Test func everyCutIsRefused() throws {
      let scratch = try Scratch()
      let bytes = Self.zip(.init(name: "a", content: [1, 2, 3]), .init(name: "b", content: [4]))
      for end in bytes.indices {
        let path = try scratch.file("cut.zip", Array(bytes[..<end]))
        #expect(throws: ConversionError.self) { try ZipReader(opening: path) }
      }
    }
  }
#endif
