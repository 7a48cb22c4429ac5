import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

@Suite struct ELMoImportTests {
  private static func path(_ name: String) -> String {
    Fixtures.repository.appending(path: "fixtures/elmo/\(name)").path
  }

  private static func json(_ name: String) throws -> JSONValue {
    try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: path(name)))))
  }

  /// The largest difference from what `fixtures/elmo/make.py` computed.
  private func difference(_ choices: ImportChoices) throws -> Double {
    let model = try ELMoImport.read(Self.path("elmo.hdf5"), choices: choices)
    let expected = try Self.json("elmo.json")
    func rows(_ key: String) -> [[Float]] {
      (expected[key]?.array ?? []).map { ($0.array ?? []).map { Float($0.number ?? .nan) } }
    }
    let network = try Network(
      model.document.architecture,
      parameters: try model.tensors.flatMap {
        LittleEndian.values(try model.bytes(of: $0), type: $0.type, as: Float.self)
      }, purpose: .inference, batch: 1, steps: rows("x").count)
    let y = rows("y").flatMap(\.self)
    var found = [Float](repeating: 0, count: y.count)
    network.logits(.features(rows("x").flatMap(\.self)), into: &found)
    return zip(found, y).map { Double(abs($0 - $1)) }.max() ?? .infinity
  }

  @Test func givesTheNumbersOfTheFormula() throws {
    #expect(try difference(ImportChoices()) < 1e-5)
    var choices = ImportChoices()
    choices.architecture = try Self.json("options.json")
    #expect(try difference(choices) < 1e-5)
  }

  /// Each thing that the weights do not say changes what comes out.
  @Test func doesWhatIsSaid() throws {
    for (key, value) in [
      ("cell_clip", JSONValue.null), ("proj_clip", .null), ("use_skip_connections", .bool(false)), ("cell_clip", 2),
    ] {
      var choices = ImportChoices()
      choices.architecture = ["lstm": .object([key: value])]
      #expect(try difference(choices) > 1e-3, "\(key)")
    }
    var choices = ImportChoices()
    choices.forgetBias = 0
    #expect(try difference(choices) > 1e-3)
    for wrong: JSONValue in ["text", ["lstm": ["cell_clip": -1]], ["lstm": ["use_skip_connections": 2]]] {
      choices.architecture = wrong
      #expect(throws: ConversionError.self) { try ELMoImport.read(Self.path("elmo.hdf5"), choices: choices) }
    }
  }

  @Test func saysWhatItAssumesAndLeaves() throws {
    let model = try ELMoImport.read(Self.path("elmo.hdf5"), choices: ImportChoices())
    #expect(
      model.assumptions.map(\.subject) == ["cell_clip", "proj_clip", "use_skip_connections", "forget bias", "context"])
    #expect(model.left.map(\.name).contains("CNN/W_cnn_0"))
    #expect(model.left.allSatisfy { $0.reason.contains("character CNN") } && model.left.count == 7)
    let architecture = model.document.architecture
    #expect(architecture.input == .features && architecture.output == .values && architecture.context == .sequence)
    #expect(architecture.size == 3 && architecture.outputSize == 6)
  }

  @Test func isConvertedAndChecked() throws {
    let scratch = try Scratch()
    let report = try Converter().convert(Self.path("elmo.hdf5"), to: scratch.path("elmo.h5"))
    #expect(report.from == .elmo && report.difference == 0)
    // The same by way of a process of its own is tested with the program; here that what is no such file is refused.
    #expect(throws: (any Error).self) {
      try ELMoImport.read(Fixtures.path(golden: Fixtures.golden[0]), choices: ImportChoices())
    }
  }
}
