import Foundation
import RNNFormat
import Testing

@testable import RNNConversion

@Suite struct ConverterTests {
  /// Every stored type of the golden models, and both kinds of storage.
  @Test func theGoldenModelsHaveEveryType() throws {
    var types: Set<TensorType> = []
    var isCompressed = false
    for name in Fixtures.golden {
      let file = try ModelFile(opening: Fixtures.path(golden: name))
      for tensor in file.tensors {
        types.insert(tensor.type)
        isCompressed = isCompressed || file.offset(of: tensor) == nil
      }
    }
    #expect(types == Set(TensorType.allCases))
    #expect(isCompressed)
  }

  #if NPZ
    @Test(arguments: Fixtures.golden)
    func aModelComesBackBitForBit(name: String) throws {
      let scratch = try Scratch()
      let source = Fixtures.path(golden: name)
      let stations = [source, scratch.path("a.safetensors"), scratch.path("b.npz"), scratch.path("c.h5")]
      let original = try ModelFile(opening: source)
      for (from, to) in zip(stations, stations.dropFirst()) {
        let report = try Converter().convert(from, to: to)
        #expect(report.modelID == original.header.modelID)
        #expect(report.tensors.count == original.tensors.count)
      }
      #expect(try Validator.validate(stations[3]).isValid)
      let arrived = try ModelFile(opening: stations[3])
      #expect(arrived.header.modelID == original.header.modelID)
      #expect(arrived.tensors == original.tensors)
      for tensor in original.tensors { #expect(try arrived.bytes(of: tensor) == original.bytes(of: tensor)) }
      #expect(arrived.document.architecture == original.document.architecture)
      #expect(arrived.document.vocabulary == original.document.vocabulary)
      #expect(arrived.document.metadata == original.document.metadata)
      #expect(arrived.document.history == original.document.history)
      #expect(arrived.document.proof == original.document.proof)
      let events = arrived.document.lineage.dropFirst(original.document.lineage.count)
      #expect(Array(arrived.document.lineage.prefix(original.document.lineage.count)) == original.document.lineage)
      #expect(events.map { $0["source"]?["format"]?.string } == ["rnn-h5", "safetensors", "npz"])
      #expect(events.allSatisfy { $0["model_id"]?.string == original.header.modelID && $0["event"] == "converted" })
    }

    @Test(arguments: ["model.npz", "model.safetensors", "model.h5"])
    func leavesTheStateOfATrainingBehindAndSaysSo(name: String) throws {
      let scratch = try Scratch()
      let report = try Converter().convert(Fixtures.path(golden: "training_state.h5"), to: scratch.path(name))
      #expect(report.lost == ["/training_state"])
      try Converter().convert(scratch.path(name), to: scratch.path("back.h5"))
      let arrived = try ModelFile(opening: scratch.path("back.h5"))
      #expect(arrived.trainingProgress == nil)
      // The second one has nothing to tell if it is a copy.
      let events: [JSONValue?] = [nil, ["/training_state"]] + (name == "model.h5" ? [] : [nil])
      #expect(arrived.document.lineage.map { $0["lost"] } == events)
      #expect(try Converter().convert(Fixtures.path(golden: "lstm.h5"), to: scratch.path("other.h5")).lost == [])
    }

    @Test(arguments: ["model.npz", "model.safetensors", "model.h5"])
    func theSameConversionGivesTheSameBytes(name: String) throws {
      let scratch = try Scratch()
      for folder in ["a", "b"] {
        try FileManager.default.createDirectory(atPath: scratch.path(folder), withIntermediateDirectories: false)
        let path = scratch.path("\(folder)/\(name)")
        try Converter(writer: ModelWriter(compresses: true)).convert(
          Fixtures.path(golden: "lstm_bfloat16.h5"), to: path)
      }
      #expect(try scratch.bytes("a/\(name)") == scratch.bytes("b/\(name)"))
    }
  #endif

  @Test func namesTheSourceByItsHash() throws {
    let scratch = try Scratch()
    let source = Fixtures.path(golden: "lstm.h5")
    try Converter().convert(source, to: scratch.path("a.safetensors"))
    try Converter().convert(scratch.path("a.safetensors"), to: scratch.path("b.h5"))
    let last = try #require(try ModelFile(opening: scratch.path("b.h5")).document.lineage.last)
    #expect(last["source"]?["sha256"]?.string == Hash.sha256(try scratch.bytes("a.safetensors")))
  }

  @Test func findsTheFormatFromTheContent() throws {
    let scratch = try Scratch()
    try Converter(to: .safetensors).convert(Fixtures.path(golden: "lstm.h5"), to: scratch.path("a.bin"))
    #expect(try ModelFormat(of: scratch.path("a.bin")) == .safetensors)
    try Converter(to: .rnnH5).convert(scratch.path("a.bin"), to: scratch.path("b.bin"))
    #expect(try ModelFormat(of: scratch.path("b.bin")) == .rnnH5)
    #expect(ModelFormat(fileName: "x.NPZ") == .npz)
    #expect(ModelFormat(fileName: "x.txt") == nil)
  }

  @Test func aDryRunWritesNothing() throws {
    let scratch = try Scratch()
    let report = try Converter(isDryRun: true).convert(
      Fixtures.path(golden: "lstm.h5"), to: scratch.path("a.safetensors"))
    #expect(report.tensors.first?.source == "/parameters/embedding/weights")
    #expect(report.tensors.first?.destination == "embedding.weights")
    #expect(scratch.names.isEmpty)
  }

  @Test func refusesNamesWithoutAFormat() throws {
    let scratch = try Scratch()
    let source = try scratch.file("text", Array("plain".utf8))
    #expect(throws: ConversionError.unknownFormat(file: source)) { try Converter().convert(source, to: "x.h5") }
    #expect(throws: ConversionError.unknownFormat(file: "x")) {
      try Converter().convert(Fixtures.path(golden: "lstm.h5"), to: "x")
    }
    #expect(throws: ConversionError.self) { try Converter().convert(scratch.path("none.npz"), to: "x.h5") }
    #expect(throws: ConversionError.self) { try Converter().convert(scratch.folder, to: "x.h5") }
  }
}
