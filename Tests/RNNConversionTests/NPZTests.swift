#if NPZ
  import Foundation
  import RNNFormat
  import Testing

  @testable import RNNConversion

  @Suite struct NPZTests {
    private static let array = NPYHeader.bytes(type: .float32, shape: [2]) + [UInt8](repeating: 1, count: 8)

    private static func zip(_ entries: ZipBuilder.Entry...) -> [UInt8] { ZipBuilder(entries: entries).bytes }

    @Test func readsWhatIsWellFormed() throws {
      let scratch = try Scratch()
      let bytes = Self.zip(
        .init(name: "a.npy", content: Self.array),
        .init(name: "rnn-h5.metadata.npy", content: NPYHeader.bytes(type: .uint8, shape: [2]) + Array("hi".utf8)))
      let file = try NPZFile(opening: scratch.file("a.npz", bytes))
      #expect(file.arrays == ["a": ArrayDescription(name: "a", type: .float32, shape: [2])])
      #expect(file.texts == ["rnn-h5.metadata": "hi"])
      #expect(try file.bytes(of: #require(file.arrays["a"])) == [UInt8](repeating: 1, count: 8))
    }

    private static let hostile: [(name: String, bytes: [UInt8], says: String)] = [
      ("empty", [], ""), ("a text", Array("not a zip at all".utf8), ""),
      ("signature only", [0x50, 0x4B, 3, 4], ""),
      ("truncated", Array(zip(.init(name: "a.npy", content: array)).dropLast(30)), ""),
      (
        "bomb",
        zip(.init(name: "a.npy", content: [1, 2, 3, 4], method: 8, claimed: 4_000_000_000)), "more than it can hold"
      ),
      ("encrypted", zip(.init(name: "a.npy", content: array, flags: 1)), "encrypted"),
      ("twice", zip(.init(name: "a.npy", content: array), .init(name: "a.npy", content: array)), ""),
      ("not an array", zip(.init(name: "readme.txt", content: Array("hi".utf8))), "not a NumPy array"),
      ("text called an array", zip(.init(name: "a.npy", content: Array("not an array".utf8))), "not a NumPy array"),
      ("fortran order", zip(.init(name: "a.npy", content: changed("False", "True "))), "Fortran"),
      ("big-endian", zip(.init(name: "a.npy", content: changed("<f4", ">f4"))), "little-endian"),
      ("objects", zip(.init(name: "a.npy", content: changed("'<f4'", "'|O' "))), "little-endian"),
      ("header too long", zip(.init(name: "a.npy", content: tooLong)), "ends too early"),
      ("shape that overflows", zip(.init(name: "a.npy", content: overflowing)), "does not fit"),
      ("shape beyond the bytes", zip(.init(name: "a.npy", content: Array(array.dropLast()))), "does not fit"),
      ("unknown method", zip(.init(name: "a.npy", content: array, method: 77)), ""),
      ("damaged deflate", zip(.init(name: "a.npy", content: [9, 9, 9, 9], method: 8, claimed: 136)), ""),
    ]

    private static func changed(_ old: String, _ new: String) -> [UInt8] {
      Array(String(decoding: array.dropFirst(10).dropLast(8), as: UTF8.self).replacing(old, with: new).utf8).reduce(
        into: Array(array.prefix(10))
      ) { $0.append($1) } + array.suffix(8)
    }

    private static var tooLong: [UInt8] {
      var bytes = array
      (bytes[8], bytes[9]) = (0xFF, 0xFF)
      return bytes
    }

    private static var overflowing: [UInt8] {
      NPYHeader.bytes(type: .float32, shape: [1 << 32, 1 << 32]) + [UInt8](repeating: 1, count: 8)
    }

    @Test(arguments: hostile.indices)
    func refuses(index: Int) throws {
      let scratch = try Scratch()
      let (name, bytes, says) = Self.hostile[index]
      let path = try scratch.file("hostile.npz", bytes)
      do {
        _ = try NPZFile(opening: path)
        Issue.record("\(name) was read")
      } catch let error as ConversionError {
        #expect(error.isRefusal)
        #expect(says.isEmpty || "\(error)".contains(says), "\(name): \(error)")
      }
    }

    @Test func aWrongChecksumIsFound() throws {
      let scratch = try Scratch()
      let path = try scratch.file("a.npz", Self.zip(.init(name: "a.npy", content: Self.array, checksum: 1)))
      #expect(throws: ConversionError.self) {
        let file = try NPZFile(opening: path)
        _ = try file.bytes(of: try #require(file.arrays["a"]))
      }
    }

    @Test func everyFlippedByteOfATensorIsFound() throws {
      let scratch = try Scratch()
      try Converter().convert(Fixtures.path(golden: "lstm.h5"), to: scratch.path("whole.npz"))
      let bytes = try scratch.bytes("whole.npz")
      for position in stride(from: 200, to: bytes.count, by: max(1, bytes.count / 60)) {
        var damaged = bytes
        damaged[position] ^= 0x10
        let path = try scratch.file("damaged.npz", damaged)
        // What is not content, such as a date, may change; then the model is the same.
        if let report = try? Converter(isDryRun: true).convert(path, to: scratch.path("a.h5")) {
          let whole = try ModelFile(opening: Fixtures.path(golden: "lstm.h5")).header.modelID
          #expect(report.modelID == whole, "byte \(position)")
        }
      }
    }

    @Test func everyCutIsRefusedAndTheDestinationUntouched() throws {
      let scratch = try Scratch()
      try Converter().convert(Fixtures.path(golden: "lstm.h5"), to: scratch.path("whole.npz"))
      let bytes = try scratch.bytes("whole.npz")
      try scratch.file("precious.h5", [1, 2, 3])
      for end in stride(from: 4, to: bytes.count, by: max(1, bytes.count / 40)) {
        let path = try scratch.file("cut.npz", Array(bytes[..<end]))
        #expect(throws: ConversionError.self) { try Converter().convert(path, to: scratch.path("precious.h5")) }
      }
      #expect(try scratch.bytes("precious.h5") == [1, 2, 3])
      #expect(scratch.names == ["cut.npz", "precious.h5", "whole.npz"])
    }

    @Test func refusesAFileOfAnotherProgramClearly() throws {
      let scratch = try Scratch()
      let path = try scratch.file("foreign.npz", Self.zip(.init(name: "weight.npy", content: Self.array)))
      let error = #expect(throws: ConversionError.self) { try Converter().convert(path, to: scratch.path("a.h5")) }
      #expect("\(error.map { "\($0)" } ?? "")".contains("there is no recurrent layer"))
      #expect(scratch.names == ["foreign.npz"])
    }
  }
#endif
