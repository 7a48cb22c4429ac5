import HDF5
import Testing

@testable import RNNFormat

/// The stream between the process that reads a file of strangers and the one that wants its content.
@Suite struct TreeStreamTests {
  private static func stream(of path: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let sender = TreeSender { bytes += $0 }
    do {
      try sender.run(try File(opening: path))
    } catch let error as HDF5Error {
      try sender.run(failure: error)
    }
    return bytes
  }

  private struct End: Error {}

  private static func receive(_ stream: [UInt8], at path: String, limit: Int? = nil) throws {
    var position = 0
    var receiver = TreeReceiver(limit: limit ?? stream.count) { count in
      guard count <= stream.count - position else { throw End() }
      defer { position += count }
      return Array(stream[position..<(position + count)])
    }
    try receiver.run(creating: path, named: "source")
  }

  @Test(arguments: Fixtures.golden)
  func arrivesWithTheSameContent(name: String) throws {
    let scratch = try Scratch()
    let copy = scratch.path("copy.h5")
    try Self.receive(try Self.stream(of: Fixtures.path(golden: name)), at: copy)
    let original = try ModelFile(opening: Fixtures.path(golden: name))
    let arrived = try ModelFile(opening: copy)
    #expect(arrived.header == original.header)
    #expect(try Validator.validate(copy).isValid)
    #expect(try arrived.values(as: Float.self) == original.values(as: Float.self))
  }

  @Test func aRefusalArrivesAsItself() throws {
    let scratch = try Scratch()
    for name in ["link_soft.h5", "external_storage.h5", "link_cycle.h5"] {
      let path = Fixtures.path(hostile: name)
      let stream = try Self.stream(of: path)
      do {
        try Self.receive(stream, at: scratch.path(name))
        Issue.record("\(name) arrived")
      } catch let error as HDF5Error {
        let direct = #expect(throws: HDF5Error.self) {
          let file = try File(opening: path)
          try ProfileCheck.run(file.root, objects: try file.objects())
        }
        #expect(error.rule == direct?.rule)
        #expect(error.object == direct?.object)
        #expect(error.file == "source")
      }
    }
  }

  @Test func everyCutStreamIsAnError() throws {
    let scratch = try Scratch()
    let stream = try Self.stream(of: Fixtures.path(golden: "elman_tanh.h5"))
    for length in stride(from: 0, to: stream.count, by: max(1, stream.count / 400)) {
      #expect(throws: (any Error).self) {
        try Self.receive(Array(stream[..<length]), at: scratch.path("\(length).h5"))
      }
    }
  }

  @Test func aChangedStreamIsAnErrorOrAFile() throws {
    let scratch = try Scratch()
    let stream = try Self.stream(of: Fixtures.path(golden: "elman_tanh.h5"))
    var chance = Chance(7)
    for round in 0..<600 {
      var changed = stream
      // Fields stand in the first bytes of records; anywhere else it is data.
      for _ in 0..<chance.count(1...3) { changed[chance.count(0...changed.count - 1)] = UInt8(chance.count(0...255)) }
      let path = scratch.path("\(round).h5")
      do {
        try Self.receive(changed, at: path)
        _ = try Validator.validate(path, level: .hashes)
      } catch is TreeReceiver.Malformed {
      } catch is TreeReceiver.TooLong {
      } catch is HDF5Error {
      } catch is End {
      }
    }
  }

  @Test func takesNoMoreThanItWasGiven() throws {
    let scratch = try Scratch()
    let stream = try Self.stream(of: Fixtures.path(golden: "elman_tanh.h5"))
    #expect(throws: TreeReceiver.TooLong.self) {
      try Self.receive(stream, at: scratch.path("a.h5"), limit: stream.count - 1)
    }
    // A dataset of 2^62 bytes that nobody sends: refused before anything of that size is asked for.
    let promise =
      TreeStream.signature + [1] + TreeStream.encode("/") + [2] + TreeStream.encode("/x") + [0, 0]
      + TreeStream.encode(1) + TreeStream.encode(2) + TreeStream.encode(1 << 31) + TreeStream.encode(1 << 31)
    #expect(throws: TreeReceiver.TooLong.self) {
      try Self.receive(promise, at: scratch.path("b.h5"), limit: 1 << 30)
    }
  }
}
