import Foundation
import HDF5
import RNNModel
import Testing

@testable import RNNFormat

@Suite struct WriterTests {
  @Test(arguments: 0..<40)
  func whatWasWrittenComesBack(seed: Int) throws {
    let scratch = try Scratch()
    let architecture = Drawn.architecture(seed)
    let parameters = Drawn.parameters(of: architecture, seed)
    let document = try Drawn.document(of: architecture, parameters)
    let path = scratch.path("model.h5")
    let identity = try ModelWriter(compresses: seed % 2 == 1).write(document, parameters: parameters, to: path)
    #expect(try Validator.validate(path).findings.isEmpty)
    let file = try ModelFile(opening: path)
    #expect(file.header.modelID == identity)
    #expect(file.header.requiredFeatures == document.features)
    #expect(file.header.minimumReaderVersion == oldestReader(of: document.features))
    #expect(file.document.labels == document.labels)
    #expect(file.document.architecture == architecture)
    #expect(file.document.vocabulary == document.vocabulary)
    #expect(file.document.metadata == document.metadata)
    #expect(file.document.lineage == document.lineage)
    #expect(file.document.history == document.history)
    #expect(file.document.proof == document.proof)
    #expect(try file.loadModel().parameters.values == parameters.values)
  }

  @Test(arguments: [false, true])
  func theSameModelIsTheSameBytes(compresses: Bool) throws {
    let scratch = try Scratch()
    let architecture = Drawn.architecture(3)
    let parameters = Drawn.parameters(of: architecture, 3)
    let document = try Drawn.document(of: architecture, parameters)
    for name in ["a", "b"] {
      try ModelWriter(compresses: compresses).write(document, parameters: parameters, to: scratch.path(name))
    }
    #expect(try scratch.bytes("a") == scratch.bytes("b"))
  }

  @Test func compressionChangesNeitherIdentity() throws {
    let scratch = try Scratch()
    let architecture = Drawn.architecture(4)
    let parameters = Drawn.parameters(of: architecture, 4)
    let document = try Drawn.document(of: architecture, parameters)
    var headers: [ModelHeader] = []
    for compresses in [false, true] {
      let path = scratch.path("\(compresses)")
      try ModelWriter(compresses: compresses).write(document, parameters: parameters, to: path)
      headers.append(try ModelFile(opening: path).header)
    }
    #expect(headers[0] == headers[1])
    #expect(try scratch.bytes("true") != scratch.bytes("false"))
  }

  @Test func metadataChangesTheContentOnly() throws {
    let scratch = try Scratch()
    let architecture = Drawn.architecture(5)
    let parameters = Drawn.parameters(of: architecture, 5)
    var document = try Drawn.document(of: architecture, parameters)
    try ModelWriter().write(document, parameters: parameters, to: scratch.path("a"))
    document.metadata = ["title": "another"]
    try ModelWriter().write(document, parameters: parameters, to: scratch.path("b"))
    let (a, b) = (try ModelFile(opening: scratch.path("a")).header, try ModelFile(opening: scratch.path("b")).header)
    #expect(a.modelID == b.modelID)
    #expect(a.contentID != b.contentID)
  }

  @Test func carriesItsSpecificationAndSchemas() throws {
    let scratch = try Scratch()
    let architecture = Drawn.architecture(6)
    let parameters = Drawn.parameters(of: architecture, 6)
    try ModelWriter().write(
      try Drawn.document(of: architecture, parameters), parameters: parameters, to: scratch.path("a"))
    let file = try File(opening: scratch.path("a"))
    let text = try String(contentsOf: Fixtures.repository.appending(path: "docs/FORMAT.md"), encoding: .utf8)
    #expect(try file.root.dataset("specification").readString() == text)
    #expect(try file.root.group("schemas").childNames().count == 5)
  }

  /// Each a valid document, and what makes it unwritable.
  private static let faults: [(String, @Sendable (inout ModelDocument) -> Void)] = [
    ("has to be a string", { $0.metadata = ["title": 7] }),
    ("has an unknown key", { $0.metadata = ["colour": "red"] }),
    ("/lineage/0", { $0.lineage = [["event": "stolen", "by": "x"]] }),
    ("different lengths", { $0.history.columns["epoch"] = .reals([1]) }),
    (
      "comes in|come in",
      { $0.architecture.layers[0] = .oneHot(.init(name: "one_hot", size: $0.architecture.size + 1)) }
    ),
    ("named", { $0.architecture.layers.insert(.dropout(.init(name: "output", rate: 0)), at: 1) }),
    ("does not match", { $0.architecture.layers.insert(.dropout(.init(name: "../x", rate: 0)), at: 1) }),
    ("2^53", { $0.metadata = ["extra": ["big": 1e20]] }),
    ("deeper", { $0.metadata = ["extra": (0..<70).reduce(JSONValue.null) { value, _ in ["a": value] }] }),
    ("fit together", { $0.proof?.inputs = .tokens([]) }),
    ("out of order", { $0.proof?.tokens.reverse() }),
    ("does not have", { $0.proof?.inputs = .tokens([UInt32](repeating: 1_000_000, count: 16)) }),
    ("takes tokens", { $0.proof?.inputs = .features([Double](repeating: 0, count: 16), width: 1) }),
    ("tolerance", { $0.proof?.tolerance = -1 }),
    ("tolerance", { $0.proof?.toleranceFloat64 = .nan }),
    ("but the architecture takes", { $0.vocabulary = try? Vocabulary(kind: .bytes, tokens: [[1]]) }),
  ]

  @Test(arguments: faults.indices)
  func refusesWhatIsNotAValidDocument(index: Int) throws {
    let scratch = try Scratch()
    try scratch.file("model.h5", Array("precious".utf8))
    let architecture = Drawn.architecture(7, options: false)
    let parameters = Drawn.parameters(of: architecture, 7)
    var document = try Drawn.document(of: architecture, parameters)
    let (says, spoil) = Self.faults[index]
    spoil(&document)
    do {
      try ModelWriter().write(document, parameters: parameters, to: scratch.path("model.h5"))
      Issue.record("it was written")
    } catch FormatError.unwritable(_, let violation) {
      #expect(says.split(separator: "|").contains { violation.contains($0) }, "\(violation)")
    }
    #expect(try scratch.bytes("model.h5") == Array("precious".utf8))
    #expect(scratch.names == ["model.h5"])
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func refusesParametersThatAreNotFinite(value: Float) throws {
    let scratch = try Scratch()
    try scratch.file("model.h5", Array("precious".utf8))
    let architecture = Drawn.architecture(7, options: false)
    var parameters = Drawn.parameters(of: architecture, 7)
    let document = try Drawn.document(of: architecture, parameters)
    let last = parameters.values.count - 1
    parameters.values[last] = value
    let path = try #require(parameters.table.entries.last?.path)
    do {
      try ModelWriter().write(document, parameters: parameters, to: scratch.path("model.h5"))
      Issue.record("it was written")
    } catch FormatError.unwritable(_, let violation) {
      #expect(violation.contains("'\(path)'"), "\(violation)")
    }
    #expect(try scratch.bytes("model.h5") == Array("precious".utf8) && scratch.names == ["model.h5"])
  }

  @Test func refusesTensorsOfAnotherArchitecture() throws {
    let scratch = try Scratch()
    let architecture = Drawn.architecture(8)
    let other = Drawn.parameters(of: Drawn.architecture(9), 9)
    let document = try Drawn.document(of: architecture, Drawn.parameters(of: architecture, 8))
    #expect(throws: FormatError.self) {
      try ModelWriter().write(document, tensors: ParameterTensors(other), to: scratch.path("model.h5"))
    }
    #expect(scratch.names.isEmpty)
  }
}
