import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

@Suite struct ONNXImportTests {
  private static let folder = Fixtures.repository.appending(path: "fixtures/onnx/models").path
  private static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    .filter { $0.hasSuffix(".onnx") }.map { String($0.dropLast(5)) }.sorted()

  @Test func thereAreModels() { #expect(Self.names.count == 18) }

  /// What an imported model gives, `[sequence][step][unit]`.
  static func outputs(
    of model: ImportedModel, _ sequences: [Reference<Float>.Inputs]
  ) throws -> [[[Float]]] {
    let architecture = model.document.architecture
    func append(_ entry: ParameterTable.Entry, to values: inout [Float]) throws {
      let tensor = try #require(model.tensors.first { $0.path == entry.path })
      LittleEndian.append(try model.bytes(of: tensor), type: tensor.type, to: &values)
    }
    return try LayerByLayer.logits(of: architecture, sequences, append: append, run: LayerByLayer.network)
      .map { $0.map(architecture.output.logProbabilities) }
  }

  /// Models as PyTorch's two exporters write them, and others; the numbers are onnxruntime's.
  @Test(arguments: names)
  func computesWhatOnnxruntimeDoes(name: String) throws {
    let text = try Data(contentsOf: URL(filePath: "\(Self.folder)/\(name).json"))
    let facts = try JSONValue(parsing: Array(text))
    let model = try ONNXImport.read("\(Self.folder)/\(name).onnx", choices: ImportChoices())
    let architecture = model.document.architecture
    #expect(architecture.output.rawValue == facts["output"]?.string)
    let kinds = facts["kinds"]?.array?.compactMap(\.string)
    #expect(architecture.layers.map(\.kind).sorted() == kinds, "\(architecture.layers.map(\.kind))")
    let sequences = try #require(facts["inputs"]?.array).map { sequence -> Reference<Float>.Inputs in
      let steps = sequence.array ?? []
      return architecture.input == .tokens
        ? .tokens(steps.compactMap { $0.integer.map { Int32($0) } })
        : .features(steps.map { $0.array?.compactMap { $0.number.map { Float($0) } } ?? [] })
    }
    let found = try Self.outputs(of: model, sequences)
    let expected = try #require(facts["outputs"]?.array).map { sequence in
      (sequence.array ?? []).map { $0.array?.compactMap { $0.number.map { Float($0) } } ?? [] }
    }
    let difference = OutputCheck.largestDifference(
      Array(expected.joined().joined()), Array(found.joined().joined()))
    #expect(difference < 1e-5, "\(difference)")
  }

  @Test func knowsWhatTheGraphLeavesOpen() throws {
    func model(_ name: String, _ choices: ImportChoices = ImportChoices()) throws -> ImportedModel {
      try ONNXImport.read("\(Self.folder)/\(name).onnx", choices: choices)
    }
    #expect(try model("lstm").document.architecture.context == .stream)
    #expect(try model("lstm").assumptions.map(\.flag) == ["--context", "--output"])
    #expect(try model("gru_bidirectional").document.architecture.context == .sequence)
    #expect(try model("last_states").document.architecture.context == .sequence)
    // Exported for a fixed number of steps.
    #expect(try model("last_step").document.architecture.context == .window(length: 4, padding: nil))
    var choices = ImportChoices()
    choices.context = .sequence
    choices.output = .values
    let chosen = try model("lstm", choices)
    #expect(chosen.document.architecture.context == .sequence)
    #expect(chosen.document.architecture.output == .values)
    #expect(chosen.assumptions.map(\.isGiven) == [true, true])
    // A softmax leaves nothing open.
    #expect(try model("word_language").assumptions.map(\.flag) == ["--context"])
    // Shared by the embedding and the output.
    let shared = try model("word_language").document.architecture
    guard case .linear(let linear)? = shared.layers.last else {
      Issue.record("\(shared.layers)")
      return
    }
    // The exporter has stored the matrix twice, once transposed.
    #expect(linear.weightsOf == nil)
    let states = try model("lstm_states").document.architecture
    #expect(states.layers.compactMap(\.initialState) == [.given, .given])
    #expect(try model("learned_state").document.architecture.layers.compactMap(\.initialState) == [.learned])
  }

  /// Vectors that may be tokens, one-hot: the numbers are the same, fed as either.
  @Test func vectorsMayBeTokens() throws {
    let scratch = try Scratch()
    var graph = ONNXGraphBuilder()
    _ = graph.input("x", .float, [.named("t"), .named("b"), .fixed(4)])
    func numbers(_ count: Int) -> [Float] { (0..<count).map { Float(($0 * 37) % 19) / 19 - 0.5 } }
    graph.node(
      "GRU",
      ["x", graph.floats("W", numbers(24), shape: [1, 6, 4]), graph.floats("R", numbers(12), shape: [1, 6, 2])],
      ["y"], [("hidden_size", .integer(2))])
    graph.node("Squeeze", ["y", graph.integers("one", [1])], ["s"])
    graph.node("MatMul", ["s", graph.floats("K", numbers(8), shape: [2, 4])], ["z"])
    graph.output("z", [])
    try graph.model.write(creating: scratch.path("a.onnx"))
    let tokens = try ONNXImport.read(scratch.path("a.onnx"), choices: ImportChoices())
    #expect(tokens.document.architecture.layers.map(\.kind) == ["one_hot", "gru", "linear"])
    #expect(tokens.document.architecture.isLanguageModel)
    #expect(tokens.assumptions.contains { $0.flag == "--input" && !$0.isGiven })
    var choices = ImportChoices()
    choices.input = .features
    choices.output = .softmax
    let vectors = try ONNXImport.read(scratch.path("a.onnx"), choices: choices)
    #expect(vectors.document.architecture.layers.map(\.kind) == ["gru", "linear"])
    let ids: [Int32] = [1, 3, 0, 2]
    let fed = ids.map { id in (0..<4).map { Float($0 == id ? 1 : 0) } }
    let found = try Self.outputs(of: tokens, [.tokens(ids)])[0]
    let expected = try Self.outputs(of: vectors, [.features(fed)])[0]
    #expect(OutputCheck.largestDifference(Array(expected.joined()), Array(found.joined())) < 1e-6)
  }

  // MARK: - The tests of the operators themselves

  private static let nodeTests =
    (try? FileManager.default.contentsOfDirectory(
      atPath: SharedCases.path("onnx-node"))) ?? []

  /// The weights are inputs of the graph, with their values in files of their own.
  @Test(
    .enabled(if: SharedCases.exist, Comment(rawValue: SharedCases.missing)), arguments: nodeTests.sorted())
  func computesTheNodeTestsOfONNX(name: String) throws {
    let folder = SharedCases.path("onnx-node/\(name)")
    let file = try ONNXFile(opening: "\(folder)/model.onnx")
    var bindings: [String: ONNXArrays.Binding] = [:]
    for (index, input) in file.model.graph.inputs.enumerated() where index > 0 {
      let (tensor, bytes) = try ONNXTensor.opening("\(folder)/test_data_set_0/input_\(index).pb")
      bindings[input.name] = ONNXArrays.Binding(tensor: tensor, bytes: bytes)
    }
    let (x, bytes) = try ONNXTensor.opening("\(folder)/test_data_set_0/input_0.pb")
    let inputs = LittleEndian.values(bytes, type: .float32, as: Float.self)
    let isBatchFirst = name.hasSuffix("batchwise")
    let (steps, streams, width) =
      isBatchFirst ? (x.shape[1], x.shape[0], x.shape[2]) : (x.shape[0], x.shape[1], x.shape[2])
    let sequences = (0..<streams).map { stream in
      Reference<Float>.Inputs.features(
        (0..<steps).map { step in
          let row = isBatchFirst ? stream * steps + step : step * streams + stream
          return Array(inputs[(row * width)..<((row + 1) * width)])
        })
    }
    // Each output by itself: all steps, or the last state.
    for (index, output) in file.model.graph.outputs.enumerated() where output.name != "Y_c" {
      let isState = output.name == "Y_h"
      var single = file.model
      single.graph.outputs = [output]
      let model = try ONNXImport.read(
        ONNXFile(file, single), choices: ImportChoices(), bindings: bindings)
      let layers = model.document.architecture.layers
      let pools = layers.contains(where: \.pools)
      #expect(pools == isState)
      let found = try Self.outputs(of: model, sequences)
      let (y, wanted) = try ONNXTensor.opening("\(folder)/test_data_set_0/output_\(index).pb")
      let expected = LittleEndian.values(wanted, type: .float32, as: Float.self)
      let hidden = y.shape[y.shape.count - 1]
      let ways = layers.compactMap(\.direction).count
      var difference: Float = 0
      for stream in 0..<streams {
        for step in 0..<(isState ? 1 : steps) {
          for way in 0..<ways {
            for unit in 0..<hidden {
              let place =
                switch (isBatchFirst, isState) {
                case (false, false): ((step * ways + way) * streams + stream) * hidden + unit
                case (false, true): (way * streams + stream) * hidden + unit
                case (true, false): ((stream * steps + step) * ways + way) * hidden + unit
                case (true, true): (stream * ways + way) * hidden + unit
                }
              difference = max(difference, abs(expected[place] - found[stream][step][way * hidden + unit]))
            }
          }
        }
      }
      #expect(difference < 1e-6, "\(output.name): \(difference)")
    }
  }
}
