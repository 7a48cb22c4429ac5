import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// What goes to Keras comes back as the same numbers; what Keras cannot compute is refused by its name.
///
/// Whether Keras itself agrees, `tools/python/tests/test_keras_conversion.py` finds out.
@Suite struct KerasExportTests {
  private static let formats: [(ending: String, format: ModelFormat)] = [
    ("keras.h5", .kerasH5), ("keras", .keras), ("weights.h5", .kerasWeights),
  ]

  /// Golden models that no Keras can compute, and what is said of them.
  private static let refused = [
    "cell_clip": "peepholes", "gru_reset_after_keeps_candidate": "update gate",
    "gru_reset_before_keeps_candidate": "update gate", "leaky_units": "leak",
    "learned_initial_state": "initial state is learned", "lstm_coupled_gates": "coupled",
    "lstm_coupled_peepholes": "peepholes", "lstm_hard_sigmoid": "another activation",
    "lstm_peepholes": "peepholes", "lstm_projection": "projected", "projection_clip": "clipped",
    "values_of_numbers": "how many tokens", "fixed_window": "holds the last steps",
    "fixed_window_direct": "holds the last steps",
  ]
  /// Golden models whose activation only one version has.
  private static let onlyKeras3 = ["elman_hard_sigmoid_sixth", "keras_lstm_hard_sigmoid_sixth"]
  private static let onlyKeras2 = ["gru_two_layers_no_bias"]

  @Test(arguments: Fixtures.goldenNetworks)
  func everyGoldenModelComesBackOrIsRefused(name: String) throws {
    let scratch = try Scratch()
    let stem = String(name.dropLast(3))
    for (ending, format) in Self.formats {
      let path = scratch.path("model.\(ending)")
      let isRefused =
        Self.refused[stem] != nil || (format == .kerasH5 ? Self.onlyKeras3 : Self.onlyKeras2).contains(stem)
      do {
        let report = try Converter(to: format).convert(Fixtures.path(golden: name), to: path)
        #expect(!isRefused, "\(ending)")
        #expect((report.difference ?? .infinity) < 1e-5, "\(ending): \(report.difference ?? .infinity)")
        #expect(report.lost.contains { $0.contains("vocabulary") } || report.lost.allSatisfy { !$0.isEmpty })
      } catch ConversionError.inexpressible(let found, let reasons) {
        #expect(isRefused && found == format, "\(ending): \(reasons)")
        let says = Self.refused[stem] ?? "hard_sigmoid"
        #expect(reasons.contains { $0.contains(says) }, "\(reasons)")
        #expect(!FileManager.default.fileExists(atPath: path))
      }
    }
  }

  /// Files of fixtures whose own format can hold what they say.
  private static let there = [
    "keras2_stack.h5", "keras2_both.h5", "keras2_window.h5", "keras3_stack.keras", "keras3_cells.keras",
  ]

  @Test(arguments: there)
  func fromKerasAndBackGivesTheArraysBitForBit(name: String) throws {
    let scratch = try Scratch()
    let source = "\(KerasFixtures.folder)/\(name)"
    let format: ModelFormat = name.hasSuffix(".keras") ? .keras : .kerasH5
    try Converter().convert(source, to: scratch.path("own.h5"))
    try Converter(to: format).convert(scratch.path("own.h5"), to: scratch.path("back"))
    func arrays(_ path: String) throws -> [String: [[UInt8]]] {
      let file = format == .keras ? try KerasArchive.open(path) : try KerasFile(opening: path)
      // By the shapes and bytes: an export has layers of its own order and names.
      let bytes = try file.arrays.values.map { ("\($0.shape)", try file.bytes(of: $0)) }
      return Dictionary(grouping: bytes, by: \.0).mapValues { $0.map(\.1).sorted { $0.lexicographicallyPrecedes($1) } }
    }
    #expect(try arrays(source) == arrays(scratch.path("back")))
  }

  @Test func theSameModelGivesTheSameBytes() throws {
    let scratch = try Scratch()
    for (ending, format) in Self.formats {
      for index in 0..<2 {
        try Converter(to: format).convert(
          Fixtures.path(golden: "bidirectional_lstm.h5"), to: scratch.path("\(index).\(ending)"))
      }
      #expect(try scratch.bytes("0.\(ending)") == scratch.bytes("1.\(ending)"), "\(ending)")
    }
  }

  @Test func aSecondBiasIsLostAndLosslessRefusesIt() throws {
    let scratch = try Scratch()
    var converter = Converter()
    let report = try converter.convert(
      Fixtures.path(golden: "lstm_one_hot_two_biases.h5"), to: scratch.path("model.keras"))
    #expect(report.lost.contains { $0.contains("second bias") })
    converter.isLossless = true
    #expect(throws: ConversionError.self) {
      try converter.convert(Fixtures.path(golden: "lstm_one_hot_two_biases.h5"), to: scratch.path("other.keras"))
    }
    #expect(scratch.names == ["model.keras"])
  }

  @Test func attentionComesBack() throws {
    let scratch = try Scratch()
    for (ending, format) in Self.formats {
      let report = try Converter(to: format).convert(
        "\(KerasFixtures.folder)/keras2_textgenrnn.h5", to: scratch.path("model.\(ending)"))
      #expect((report.difference ?? .infinity) < 1e-5)
    }
    let file = try KerasImport.read(scratch.path("model.keras"), choices: ImportChoices())
    #expect(file.document.architecture.layers.contains { $0.kind == "attention" })
  }

  @Test func weightsAloneAreUnderstoodByTheirShapes() throws {
    let scratch = try Scratch()
    let report = try Converter(to: .kerasWeights).convert(
      Fixtures.path(golden: "lstm_two_layers_dropout.h5"), to: scratch.path("model.weights.h5"))
    #expect(report.difference ?? .infinity < 1e-5)
    let model = try KerasImport.read(scratch.path("model.weights.h5"), choices: ImportChoices())
    #expect(
      model.document.architecture.layers.map(\.kind) == ["embedding", "lstm", "lstm", "linear"])
    #expect(model.assumptions.contains { $0.subject == "architecture" && !$0.isGiven })
    let original = try ModelFile(opening: Fixtures.path(golden: "lstm_two_layers_dropout.h5"))
    let check = OutputCheck(for: original.document.architecture)
    let difference = OutputCheck.largestDifference(
      try check.outputs(of: original.document.architecture, original),
      try check.outputs(of: model.document.architecture, model))
    #expect(difference < 1e-5)
  }

  @Test func weightsThatCouldBeOfSeveralModelsAreAskedFor() throws {
    do {
      _ = try KerasImport.read("\(KerasFixtures.folder)/keras3_both.weights.h5", choices: ImportChoices())
      Issue.record("it was read")
    } catch {
      #expect("\(error)".contains("--architecture"), "\(error)")
    }
  }
}
