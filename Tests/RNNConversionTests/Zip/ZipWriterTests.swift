#if NPZ
  import Foundation
  import RNNFormat
  import Testing

  @testable import RNNConversion

  @Suite struct ZipWriterTests {
    private static let entries: [(name: String, bytes: [UInt8])] = [
      ("a", []), ("folder/data", Array(0...255)), ("größe.txt", Array("hello".utf8)),
      ("long", [UInt8](repeating: 7, count: 100_000)),
    ]

    private func write(to path: String, alignment: Int = 1, limit: Int = Int(UInt32.max)) throws {
      let zip = try ZipWriter(creating: path, alignment: alignment, limit: limit)
      for entry in Self.entries { try zip.add(entry.name, entry.bytes) }
      try zip.finish()
    }

    @Test(arguments: [(1, Int(UInt32.max)), (64, Int(UInt32.max)), (64, 0), (1, 1000)])
    func isReadByTheLibrary(alignment: Int, limit: Int) throws {
      let scratch = try Scratch()
      let path = scratch.path("a.zip")
      try write(to: path, alignment: alignment, limit: limit)
      let file = try ZipReader(opening: path)
      #expect(file.entries.map(\.name) == Self.entries.map(\.name))
      for entry in Self.entries {
        let found = try #require(file.entry(named: entry.name))
        #expect(found.isStored)
        #expect(try file.bytes(of: found) == entry.bytes)
      }
    }

    @Test func alignsTheBytesOfEveryEntry() throws {
      let scratch = try Scratch()
      try write(to: scratch.path("a.zip"), alignment: 64)
      let bytes = try scratch.bytes("a.zip")
      for entry in Self.entries.dropFirst() {
        let place = try #require(Data(bytes).firstRange(of: Data(entry.bytes)))
        #expect(place.lowerBound % 64 == 0, "\(entry.name)")
      }
    }

    @Test func givesTheSameBytesAgainAndFromPieces() throws {
      let scratch = try Scratch()
      try write(to: scratch.path("a.zip"))
      let zip = try ZipWriter(creating: scratch.path("b.zip"))
      for entry in Self.entries {
        try zip.begin(entry.name, size: entry.bytes.count)
        for start in stride(from: 0, to: entry.bytes.count, by: 33) {
          try zip.append(Array(entry.bytes[start..<min(start + 33, entry.bytes.count)]))
        }
      }
      try zip.finish()
      #expect(try scratch.bytes("a.zip") == scratch.bytes("b.zip"))
    }

    @Test func refusesWhatWouldNotBeAnArchive() throws {
      let scratch = try Scratch()
      let zip = try ZipWriter(creating: scratch.path("a.zip"))
      try zip.begin("a", size: 3)
      #expect(throws: FormatError.self) { try zip.append([1, 2, 3, 4]) }
      #expect(throws: FormatError.self) { try zip.begin("b", size: 3) }
      #expect(throws: FormatError.self) { try zip.finish() }
      try zip.append([1, 2, 3])
      #expect(throws: FormatError.self) { try zip.begin("a", size: 3) }
      #expect(throws: FormatError.self) { try zip.begin(String(repeating: "n", count: 70_000), size: 3) }
      try zip.finish()
      #expect(throws: FormatError.self) { try ZipWriter(creating: scratch.path("a.zip")) }
    }
  }
#endif
