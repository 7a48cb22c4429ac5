import Foundation
import Kernels
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

@Suite struct ONNXExportTests {
  /// What ONNX's operators cannot do.
  private static let inexpressible: [String: String] = [
    "cell_clip.h5": "limits its cells", "leaky_units.h5": "leaky units", "lstm_projection.h5": "projection",
    "projection_clip.h5": "projection", "fixed_window.h5": "holds the last steps",
    "fixed_window_direct.h5": "holds the last steps",
  ]

  /// Every golden model goes there, is read back, and computes the same.
  @Test(arguments: Fixtures.goldenNetworks)
  func aModelComesBack(name: String) throws {
    let scratch = try Scratch()
    let source = Fixtures.path(golden: name)
    let path = scratch.path("model.onnx")
    do {
      let report = try Converter().convert(source, to: path)
      #expect(Self.inexpressible[name] == nil)
      let difference = try #require(report.difference)
      #expect(difference < 1e-5, "\(difference)")
    } catch ConversionError.inexpressible(.onnx, let reasons) {
      let says = Self.inexpressible[name] ?? (name == "learned_initial_state.h5" ? "learned initial state" : "nothing")
      #expect(reasons.joined().contains(says), "\(reasons)")
      #expect(scratch.names.isEmpty)
      return
    }
    let original = try ModelFile(opening: source).document
    let back = try ONNXImport.read(path, choices: ImportChoices())
    #expect(back.document.vocabulary == original.vocabulary)
    #expect(back.document.metadata == original.metadata)
    #expect(back.document.architecture.context == original.architecture.context)
    #expect(back.document.architecture.output == original.architecture.output)
    #expect(back.assumptions.isEmpty)
    // No second bias, no state from outside that the model does not have.
    let layers = back.document.architecture.layers.filter { $0.direction != nil }
    #expect(
      layers.map(\.initialState) == original.architecture.layers.filter { $0.direction != nil }.map(\.initialState))
    #expect(
      back.tensors.filter { $0.path.hasSuffix("recurrent_bias") }.count
        == ParameterTable(original.architecture).entries.filter { $0.name == "recurrent_bias" }.count)
    #expect(try ModelFormat(of: path) == .onnx)
  }

  /// Models that no golden file has, with parameters drawn at random.
  struct Drawn: TensorSource {
    let parameters: Parameters
    let tensors: [TensorDescription]

    init(_ architecture: Architecture) {
      var generator = RandomGenerator(seed: 3)
      let table = ParameterTable(architecture)
      // Biases and gains too: nought and one would show no mistake.
      let values = (0..<table.count).map { _ in Float(generator.uniform(in: -1..<1)) }
      parameters = Parameters(table: table, values: values)
      tensors = parameters.table.entries.map { TensorDescription(path: $0.path, type: .float32, shape: $0.shape) }
    }

    func bytes(of tensor: TensorDescription) -> [UInt8] {
      guard let entry = parameters.table.entries.first(where: { $0.path == tensor.path }) else { return [] }
      return LittleEndian.bytes(parameters.values[entry.range])
    }
  }

  private typealias Layer = Architecture.Layer

  private static let embedding = Layer.embedding(.init(name: "embedding", inputs: 5, outputs: 3))

  /// A layer that reads forward and one that reads backward, side by side.
  private static func both(_ make: (String, Architecture.Direction) -> Layer) -> [Layer] {
    [
      make("ahead", .forward), .concatenation(.init(name: "again", of: ["embedding"])), make("back", .backward),
      .concatenation(.init(name: "both", of: ["ahead", "back"])),
    ]
  }

  static let drawn: [(name: String, architecture: Architecture)] = [
    (
      "attention over a window",
      Architecture(
        size: 5,
        layers: [
          embedding, .lstm(.init(name: "lstm", inputs: 3, outputs: 2)),
          .concatenation(.init(name: "all", of: ["embedding", "lstm"])), .attention(.init(name: "attention", width: 5)),
          .linear(.init(name: "output", inputs: 5, outputs: 5)),
        ], context: .window(length: 4, padding: 0))
    ),
    (
      "the last step of a window",
      Architecture(
        size: 5,
        layers: [
          .oneHot(.init(name: "input", size: 5)), .gru(.init(name: "gru", inputs: 5, outputs: 2)),
          .dropout(.init(name: "dropout", rate: 0.5)), .final(.init(name: "last", of: "dropout")),
          .linear(.init(name: "output", inputs: 2, outputs: 5)),
        ], context: .window(length: 4, padding: nil))
    ),
    (
      "the last states of both directions",
      Architecture(
        size: 5,
        layers: [embedding]
          + both { .gru(.init(name: $0, inputs: 3, outputs: 2, direction: $1, initialState: .learned)) } + [
            .final(.init(name: "last_ahead", of: "ahead")), .final(.init(name: "last_back", of: "back")),
            .concatenation(.init(name: "last", of: ["last_ahead", "last_back"])),
            .linear(.init(name: "output", inputs: 4, outputs: 5)),
          ], context: .sequence)
    ),
    (
      "directions that are not alike",
      Architecture(
        size: 5,
        layers: [embedding]
          + both { .lstm(.init(name: $0, inputs: 3, outputs: $1 == .forward ? 2 : 3, direction: $1)) } + [
            .linear(.init(name: "output", inputs: 5, outputs: 5))
          ], context: .sequence)
    ),
    (
      "one direction of two, by itself",
      Architecture(
        size: 5,
        layers: [embedding]
          + both {
            .lstm(
              .init(
                name: $0, inputs: 3, outputs: 2, activation: $1 == .forward ? .relu : .softsign, peepholes: true,
                direction: $1))
          } + [
            .sum(.init(name: "sum", of: ["ahead", "back"])),
            .concatenation(.init(name: "wide", of: ["both", "sum", "ahead"])),
            .linear(.init(name: "output", inputs: 8, outputs: 5)),
          ], context: .sequence)
    ),
    (
      "a layer with itself behind dropout",
      Architecture(
        size: 5,
        layers: [
          embedding, .dropout(.init(name: "dropout", rate: 0.5)),
          .sum(.init(name: "sum", of: ["embedding", "dropout"])),
          .concatenation(.init(name: "wide", of: ["dropout", "sum", "embedding"])),
          .linear(.init(name: "output", inputs: 9, outputs: 5)),
        ])
    ),
    (
      "a token as a number",
      Architecture(
        size: 5,
        layers: [
          .scalar(.init(name: "number", size: 5, scale: 0.2)), .elman(.init(name: "rnn", inputs: 1, outputs: 3)),
          .linear(.init(name: "output", inputs: 3, outputs: 5)),
        ])
    ),
    (
      "a token as a number beside what is made of it",
      Architecture(
        size: 5,
        layers: [
          .scalar(.init(name: "number", size: 5, scale: 0.2)), .elman(.init(name: "rnn", inputs: 1, outputs: 1)),
          .sum(.init(name: "sum", of: ["number", "rnn"])),
          .concatenation(.init(name: "all", of: ["rnn", "number", "sum"])),
          .linear(.init(name: "output", inputs: 3, outputs: 5)),
        ])
    ),
    (
      "the last step beside attention",
      Architecture(
        size: 5,
        layers: [
          embedding, .lstm(.init(name: "lstm", inputs: 3, outputs: 2)), .final(.init(name: "last", of: "lstm")),
          .concatenation(.init(name: "steps", of: ["lstm"])), .attention(.init(name: "attention", width: 2)),
          .concatenation(.init(name: "all", of: ["last", "attention"])),
          .linear(.init(name: "output", inputs: 4, outputs: 5)),
        ], context: .sequence)
    ),
    (
      "activations, normalisation, no softmax",
      Architecture(
        size: 3,
        layers: [
          .layerNorm(.init(name: "norm", width: 3, epsilon: 1e-3, bias: false)),
          .gru(
            .init(
              name: "gru", inputs: 3, outputs: 2, recurrentActivation: .hardSigmoidSixth, activation: .elu,
              reset: .before, updateKeeps: .candidate)),
          .activation(.init(name: "clip", activation: .hardTanh)),
          .linear(.init(name: "middle", inputs: 2, outputs: 4, bias: false)),
          .activation(.init(name: "hard", activation: .hardSigmoid)),
          .activation(.init(name: "sixth", activation: .hardSigmoidSixth)),
        ], input: .features, output: .values)
    ),
    (
      "a forget bias without a bias",
      Architecture(
        size: 5,
        layers: [
          embedding, .lstm(.init(name: "lstm", inputs: 3, outputs: 2, forgetBias: 1, bias: false)),
          .linear(.init(name: "output", inputs: 2, outputs: 5)),
        ])
    ),
  ]

  @Test(arguments: drawn.indices)
  func aDrawnModelComesBack(index: Int) throws {
    let scratch = try Scratch()
    let (name, architecture) = Self.drawn[index]
    try architecture.check()
    let drawn = Drawn(architecture)
    let path = scratch.path("model.onnx")
    try ONNXExport(ModelDocument(architecture: architecture, vocabulary: nil), drawn.tensors)
      .write(drawn, creating: path)
    // For a look at the file with ONNX's own programs.
    if let folder = ProcessInfo.processInfo.environment["RNNTOOL_KEEP_ONNX"] {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(index).onnx")
      try FileManager.default.copyItem(atPath: path, toPath: "\(folder)/\(index).onnx")
    }
    let back = try ONNXImport.read(path, choices: ImportChoices())
    let check = OutputCheck(for: architecture)
    let difference = OutputCheck.largestDifference(
      try check.outputs(of: architecture, drawn), try check.outputs(of: back.document.architecture, back))
    #expect(difference < 1e-6, "\(name): \(difference)")
    #expect(back.document.architecture.context == architecture.context)
  }

  @Test func twoDirectionsShareAnOperator() throws {
    let architecture = Self.drawn[2].architecture
    let export = try ONNXExport(ModelDocument(architecture: architecture, vocabulary: nil), Drawn(architecture).tensors)
    #expect(export.arrays.map(\.name).filter { $0.hasSuffix(".W") } == ["ahead.W"])
    #expect(export.arrays.first { $0.name == "ahead.W" }?.formula.shape == [2, 6, 3])
  }

  private static let refused: [(layer: Architecture.Layer, says: String)] = [
    (.elman(.init(name: "rnn", inputs: 3, outputs: 2, leak: 0.5)), "leaky"),
    (.elman(.init(name: "rnn", inputs: 3, outputs: 2, activation: .hardTanh)), "hard_tanh"),
    (.lstm(.init(name: "lstm", inputs: 3, outputs: 2, cellClip: 1)), "limits its cells"),
    (.lstm(.init(name: "lstm", inputs: 3, outputs: 2, projection: .init(cells: 4))), "projection"),
    (.lstm(.init(name: "lstm", inputs: 3, outputs: 2, initialState: .learned)), "learned initial state"),
    (
      .gru(.init(name: "gru", inputs: 3, outputs: 2, recurrentActivation: .softsign, updateKeeps: .candidate)),
      "keeps the candidate"
    ),
  ]

  @Test(arguments: refused.indices)
  func refusesWhatONNXCannotCompute(index: Int) throws {
    let (layer, says) = Self.refused[index]
    let architecture = Architecture(
      size: 5, layers: [Self.embedding, layer, .linear(.init(name: "output", inputs: 2, outputs: 5))])
    do {
      _ = try ONNXExport(ModelDocument(architecture: architecture, vocabulary: nil), Drawn(architecture).tensors)
      Issue.record("it was laid out")
    } catch ConversionError.inexpressible(.onnx, let reasons) {
      #expect(reasons.count == 1)
      #expect(reasons.first?.contains(says) ?? false, "\(reasons)")
    }
  }

  /// The arrays of recurrent operators of a foreign graph are in ours again, bit for bit.
  @Test(arguments: ["lstm", "gru_bidirectional", "keras_like", "dynamo_lstm", "word_language", "lstm_states"])
  func parametersArriveBitForBit(name: String) throws {
    let scratch = try Scratch()
    let source = Fixtures.repository.appending(path: "fixtures/onnx/models/\(name).onnx").path
    try Converter().convert(source, to: scratch.path("ours.h5"))
    try Converter().convert(scratch.path("ours.h5"), to: scratch.path("theirs.onnx"))
    let original = try ONNXFile(opening: source)
    let arrived = try ONNXFile(opening: scratch.path("theirs.onnx"))
    var known: Set<[UInt8]> = []
    for tensor in original.model.graph.initializers.values { known.insert(try original.bytes(of: tensor)) }
    let arrays = arrived.model.graph.initializers.values.filter {
      [".W", ".R", ".B", "embedding.weights"].contains(where: $0.name.hasSuffix)
    }
    #expect(!arrays.isEmpty)
    for tensor in arrays { #expect(known.contains(try arrived.bytes(of: tensor)), "\(tensor.name)") }
    // There and back once more, it is the same model.
    try Converter().convert(scratch.path("theirs.onnx"), to: scratch.path("again.h5"))
    let first = try ModelFile(opening: scratch.path("ours.h5")),
      second = try ModelFile(opening: scratch.path("again.h5"))
    #expect(first.tensors.map(\.shape) == second.tensors.map(\.shape))
    for (one, other) in zip(first.tensors, second.tensors) {
      #expect(try first.bytes(of: one) == second.bytes(of: other), "\(one.path)")
    }
  }
}
