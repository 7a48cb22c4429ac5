import HDF5
import RNNModel
import Testing

@testable import RNNFormat

@Suite struct TrainingStateTests {
  private func write(
    _ state: TrainingStateDocument?, to path: String, compresses: Bool = false
  ) throws -> String {
    let architecture = Drawn.architecture(3)
    let parameters = Drawn.parameters(of: architecture, 3)
    let document = try Drawn.document(of: architecture, parameters)
    return try ModelWriter(compresses: compresses).write(
      document, parameters: parameters, trainingState: state, to: path)
  }

  @Test(arguments: 0..<4)
  func comesBackBitForBit(seed: Int) throws {
    let scratch = try Scratch()
    let state = Drawn.trainingState(seed)
    _ = try write(state, to: scratch.path("model.h5"), compresses: seed % 2 == 1)
    #expect(try Validator.validate(scratch.path("model.h5")).findings.isEmpty)
    let file = try ModelFile(opening: scratch.path("model.h5"))
    #expect(file.trainingProgress == state.progress)
    let found = try #require(try file.trainingState())
    #expect(found.arrays.mapValues { $0.map(\.bitPattern) } == state.arrays.mapValues { $0.map(\.bitPattern) })
    #expect(found.words == state.words)
    #expect(found.progress == state.progress)
  }

  @Test func aFinishedModelHasNone() throws {
    let scratch = try Scratch()
    _ = try write(nil, to: scratch.path("model.h5"))
    let file = try ModelFile(opening: scratch.path("model.h5"))
    #expect(file.trainingProgress == nil)
    #expect(try file.trainingState() == nil)
  }

  @Test func isPartOfTheContentAndNotOfTheModel() throws {
    let scratch = try Scratch()
    let states = [nil, Drawn.trainingState(1), Drawn.trainingState(2)]
    var headers: [ModelHeader] = []
    for state in states {
      _ = try write(state, to: scratch.path("model.h5"))
      headers.append(try ModelFile(opening: scratch.path("model.h5")).header)
    }
    #expect(Set(headers.map(\.modelID)).count == 1)
    #expect(Set(headers.map(\.contentID)).count == 3)
  }

  @Test(arguments: [
    "", "/", "progress", "progress/step", "a/", "/a", "a//b", "A", "a b", "../a", "a/..", "1a", "_a", "a/b/c/d/e", "ä",
    "a\0", String(repeating: "a", count: 65),
  ])
  func refusesToWriteOtherNames(name: String) throws {
    let scratch = try Scratch()
    for state in [TrainingStateDocument(arrays: [name: [1]]), TrainingStateDocument(words: [name: [1]])] {
      #expect(throws: FormatError.self) { try write(state, to: scratch.path("model.h5")) }
    }
    #expect(scratch.names.isEmpty)
  }

  @Test(arguments: ["a", "a/b", "a_1/b2/c/d", String(repeating: "a", count: 64)])
  func writesNamesOfUpToFourParts(name: String) throws {
    let scratch = try Scratch()
    _ = try write(TrainingStateDocument(arrays: [name: [1, 2]]), to: scratch.path("model.h5"))
    #expect(try ModelFile(opening: scratch.path("model.h5")).trainingState()?.arrays == [name: [1, 2]])
  }

  @Test func refusesToWriteWhatIsTwoThingsAtOnce() throws {
    let scratch = try Scratch()
    let states = [
      TrainingStateDocument(arrays: ["a": [1]], words: ["a": [1]]),
      TrainingStateDocument(arrays: ["a": [1], "a/b": [1]]),
      TrainingStateDocument(progress: ["big": 1e20]),
    ]
    for state in states {
      #expect(throws: FormatError.self) { try write(state, to: scratch.path("model.h5")) }
    }
    #expect(scratch.names.isEmpty)
  }

  @Test func refusesToReadWhatWasChanged() throws {
    let scratch = try Scratch()
    let values: [Float] = (0..<64).map { 1234.5 + Float($0) }
    _ = try write(TrainingStateDocument(arrays: ["slots/a": values]), to: scratch.path("model.h5"))
    var bytes = try scratch.bytes("model.h5")
    let pattern = LittleEndian.bytes(values[0..<4])
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: pattern) })
    bytes[start + 2] ^= 1
    try scratch.file("model.h5", bytes)
    let report = try Validator.validate(scratch.path("model.h5"))
    #expect(Set(report.findings.map(\.rule)) == ["training_state.hash", "identity.content_id"])
    // The model itself is not touched.
    let file = try ModelFile(opening: scratch.path("model.h5"))
    _ = try file.loadModel()
    do {
      _ = try file.trainingState()
      Issue.record("it was read")
    } catch let error as FormatError {
      #expect(error.isRefusal)
    }
  }
}
