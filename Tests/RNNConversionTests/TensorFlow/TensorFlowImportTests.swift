import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

@Suite struct TensorFlowImportTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let source: String
    let layers: [String]
    var testDescription: String { source }
  }

  static let cases = [
    Case(name: "char_rnn", source: "char_rnn", layers: ["embedding", "lstm", "lstm", "linear"]),
    Case(name: "char_rnn", source: "char_rnn/checkpoint", layers: ["embedding", "lstm", "lstm", "linear"]),
    Case(name: "char_rnn", source: "char_rnn/model.ckpt-0", layers: ["embedding", "lstm", "lstm", "linear"]),
    Case(
      name: "char_rnn", source: "char_rnn/model.ckpt-0.data-00000-of-00001",
      layers: ["embedding", "lstm", "lstm", "linear"]),
    Case(name: "char_rnn", source: "ml5", layers: ["embedding", "lstm", "lstm", "linear"]),
    Case(name: "char_rnn", source: "ml5/manifest.json", layers: ["embedding", "lstm", "lstm", "linear"]),
    Case(name: "ptb", source: "ptb.index", layers: ["embedding", "lstm", "lstm", "linear"]),
    Case(name: "gru", source: "gru.index", layers: ["embedding", "gru", "gru", "linear"]),
    Case(name: "gru_old", source: "gru_old", layers: ["embedding", "gru", "gru", "linear"]),
    Case(name: "lstm_old", source: "lstm_old", layers: ["embedding", "lstm", "lstm", "linear"]),
    Case(name: "lstm_1_0", source: "lstm_1_0", layers: ["embedding", "lstm", "lstm", "linear"]),
    Case(name: "cudnn", source: "cudnn", layers: ["embedding", "lstm", "lstm", "linear"]),
    Case(name: "keras_class", source: "keras_names", layers: ["embedding", "gru", "linear"]),
    Case(name: "rnn", source: "rnn", layers: ["one_hot", "elman", "elman", "linear"]),
    Case(name: "options", source: "options", layers: ["embedding", "lstm", "linear"]),
    Case(name: "options", source: "options_v1", layers: ["embedding", "lstm", "linear"]),
    Case(name: "options", source: "options_v1-00001-of-00002", layers: ["embedding", "lstm", "linear"]),
    Case(name: "limits", source: "limits", layers: ["embedding", "lstm", "linear"]),
    Case(
      name: "both", source: "both",
      layers: ["dropout", "gru", "gru", "sum", "gru", "gru", "concatenation", "linear", "activation", "linear"]),
    Case(name: "tied", source: "tied", layers: ["embedding", "elman", "linear"]),
    Case(name: "keras_class", source: "keras_class", layers: ["embedding", "gru", "linear"]),
    Case(
      name: "keras_sequence", source: "keras_sequence",
      layers: ["embedding", "lstm", "concatenation", "lstm", "concatenation", "elman", "linear"]),
    Case(name: "browser_float32", source: "browser_float32", layers: ["embedding", "lstm", "gru", "linear"]),
    Case(
      name: "browser_float16", source: "browser_float16/model.json", layers: ["embedding", "lstm", "gru", "linear"]),
    Case(name: "browser_uint8", source: "browser_uint8", layers: ["embedding", "lstm", "gru", "linear"]),
    Case(name: "browser_uint16", source: "browser_uint16", layers: ["embedding", "lstm", "gru", "linear"]),
  ]

  /// What the user says where the variables do not: what is in the numbers of the fixture.
  static func choices(_ facts: JSONValue) -> ImportChoices {
    var choices = ImportChoices()
    choices.forgetBias = facts["forget_bias"]?.number
    let members = ["cell_clip", "projection_clip", "layers"].compactMap { key in facts[key].map { (key, $0) } }
    if !members.isEmpty { choices.architecture = .object(Dictionary(members) { first, _ in first }) }
    return choices
  }

  @Test(arguments: cases)
  func computesWhatTensorFlowDoes(fixture: Case) throws {
    let facts = try TensorFlowFixtures.facts(fixture.name)
    let path = TensorFlowFixtures.path(fixture.source)
    let format = try #require(try ModelFormat(of: path))
    let model = try #require(format.importer).read(path, choices: Self.choices(facts))
    #expect(model.document.architecture.layers.map(\.kind) == fixture.layers)
    let difference = try TensorFlowFixtures.difference(of: model, facts)
    #expect(difference < 2e-6, "\(difference)")
  }

  @Test func saysWhatItAssumes() throws {
    let model = try TensorFlowImport.read(TensorFlowFixtures.path("char_rnn"), choices: ImportChoices())
    let assumed = Dictionary(model.assumptions.map { ($0.subject, $0.value) }) { first, _ in first }
    #expect(assumed["forget bias"] == "1.0")
    #expect(assumed["activation"] == "tanh")
    #expect(assumed["context"] == "stream")
    #expect(assumed["output"] == "softmax")
    #expect(
      assumed["order of layers"]?.hasPrefix("embedding -> rnnlm/rnn/multi_rnn_cell/cell_0/basic_lstm_cell") == true)
    let left = Set(model.left.map(\.name))
    #expect(left.isSuperset(of: ["Variable", "beta1_power", "beta2_power", "global_step", "embedding/Adam"]))
    #expect(left.count == 4 + 2 * 7)
    let vocabulary = try #require(model.document.vocabulary)
    #expect((0..<5).map { String(decoding: vocabulary[$0], as: UTF8.self) } == ["e", "é", "\n", "z", " "])
  }

  @Test func readsTheTokensOfML5() throws {
    let model = try BrowserImport.read(TensorFlowFixtures.path("ml5"), choices: ImportChoices())
    let vocabulary = try #require(model.document.vocabulary)
    #expect((0..<5).map { String(decoding: vocabulary[$0], as: UTF8.self) } == ["e", "é", "\n", "z", " "])
    #expect(model.left.isEmpty)
  }

  @Test func takesTheOtherForgetBias() throws {
    var choices = ImportChoices()
    choices.forgetBias = 0.25
    let model = try TensorFlowImport.read(TensorFlowFixtures.path("ptb"), choices: choices)
    for case .lstm(let lstm) in model.document.architecture.layers { #expect(lstm.forgetBias == 0.25) }
    let facts = try TensorFlowFixtures.facts("ptb")
    #expect(try TensorFlowFixtures.difference(of: model, facts) > 1e-3)
  }

  @Test func leavesAveragesBehind() throws {
    let model = try TensorFlowImport.read(TensorFlowFixtures.path("options"), choices: ImportChoices())
    #expect(model.left.contains { $0.name == "softmax_b/ExponentialMovingAverage" && $0.reason.contains("average") })
  }

  /// Every step of a conversion: recognised, converted, read back, run.
  @Test(arguments: ["char_rnn", "options", "lstm_old", "ml5", "browser_uint8", "keras_class"])
  func converts(name: String) throws {
    let scratch = try Scratch()
    let report = try Converter().convert(TensorFlowFixtures.path(name), to: scratch.path("model.h5"))
    #expect(report.difference == 0)
    #expect([.tensorflow, .tfjs].contains(report.from))
  }

  @Test func refusesWhatHasNoCell() throws {
    let error = #expect(throws: ConversionError.self) {
      try TensorFlowImport.read(TensorFlowFixtures.path("char_rnn"), choices: ignoring("rnnlm/rnn/*"))
    }
    #expect("\(try #require(error))".contains("no recurrent cell that is known"))
  }

  @Test func namesWhatIsMissing() throws {
    let error = #expect(throws: ConversionError.self) {
      try TensorFlowImport.read(
        TensorFlowFixtures.path("gru"), choices: ignoring("rnn/multi_rnn_cell/cell_0/gru_cell/candidate/kernel"))
    }
    #expect("\(try #require(error))".contains("its candidate's kernel"))
  }

  private func ignoring(_ name: String) -> ImportChoices {
    var choices = ImportChoices()
    choices.ignored = [name]
    return choices
  }

  /// The kernels and biases, and the output of the second cell, of a test of TensorFlow.js (`lstm_test.ts`): two BasicLSTMCells of one unit.
  @Test func givesTheNumbersOfTensorFlowJS() throws {
    let scratch = try Scratch()
    let values: [(name: String, shape: [Int], values: [Float])] = [
      (
        "cell_0/basic_lstm_cell/kernel", [3, 4],
        [
          0.26242125034332275, -0.8787832260131836, 0.781475305557251, 1.337337851524353, 0.6180247068405151,
          -0.2760246992111206, -0.11299663782119751, -0.46332040429115295, -0.1765323281288147, 0.6807947158813477,
          -0.8326982855796814, 0.6732975244522095,
        ]
      ),
      (
        "cell_0/basic_lstm_cell/bias", [4],
        [1.090713620185852, -0.8282332420349121, 0, 1.0889357328414917]
      ),
      (
        "cell_1/basic_lstm_cell/kernel", [2, 4],
        [
          -1.893059492111206, -1.0185645818710327, -0.6270437240600586, -2.1829540729522705, -0.4583775997161865,
          -0.5454602241516113, -0.3114445209503174, 0.8450229167938232,
        ]
      ),
      (
        "cell_1/basic_lstm_cell/bias", [4],
        [0.9906240105628967, 0.6248329877853394, 0, 1.0224634408950806]
      ),
    ]
    var manifest: [String: JSONValue] = [:]
    for (index, value) in values.enumerated() {
      try scratch.file("v\(index)", LittleEndian.bytes(value.values[...]))
      manifest[value.name] = [
        "filename": .string("v\(index)"), "shape": .array(value.shape.map { .integer($0) }),
      ]
    }
    try scratch.file("manifest.json", Array(JSONValue.object(manifest).canonical.utf8))
    var choices = ImportChoices()
    choices.input = .features
    let model = try BrowserImport.read(scratch.folder, choices: choices)
    let found = try ONNXImportTests.outputs(of: model, [.features([[1, 0]])])[0]
    #expect(abs(found[0][0] - 0.5745711922645569) < 1e-6)
  }
}
