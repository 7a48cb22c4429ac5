import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// Graphs that cannot be imported, or must not.
@Suite struct ONNXHostileTests {
  private static let folder = Fixtures.repository.appending(path: "fixtures/onnx/models").path

  /// A graph of tokens [t, b], which `body` goes on with.
  private func refusal(_ body: (inout ONNXGraphBuilder) -> Void) throws -> String {
    let scratch = try Scratch()
    var graph = ONNXGraphBuilder()
    _ = graph.input("x", .int64, [.named("t"), .named("b")])
    graph.node("Gather", [graph.floats("E", [Float](repeating: 1, count: 15), shape: [5, 3]), "x"], ["e"])
    body(&graph)
    try graph.model.write(creating: scratch.path("a.onnx"))
    do {
      let model = try ONNXImport.read(scratch.path("a.onnx"), choices: ImportChoices())
      return "read: \(model.document.architecture.layers.map(\.name))"
    } catch let error as ConversionError {
      #expect(error.isRefusal)
      return "\(error)"
    }
  }

  private typealias Body = @Sendable (inout ONNXGraphBuilder) -> Void

  /// An output that is made of `e` by one node.
  private static func one(
    _ operation: String, _ inputs: [String] = [], _ attributes: [(String, ONNXGraphBuilder.Attribute)] = []
  ) -> Body {
    { graph in
      graph.node(operation, ["e"] + inputs, ["y"], attributes)
      graph.output("y", [])
    }
  }

  /// An LSTM of 2 units over `e`.
  private static func lstm(
    _ attributes: [(String, ONNXGraphBuilder.Attribute)] = [], extra: [String] = [], weights: [Int] = [1, 8, 3]
  ) -> Body {
    { graph in
      _ = graph.input("given", .float, [.fixed(1), .named("b"), .fixed(2)])
      _ = graph.input("lengths", .int32, [.named("b")])
      let w = graph.floats("W", [Float](repeating: 1, count: weights.reduce(1, *)), shape: weights)
      let r = graph.floats("R", [Float](repeating: 1, count: 16), shape: [1, 8, 2])
      graph.node("LSTM", ["e", w, r] + extra, ["y", "h", "c"], attributes)
      graph.output("y", [])
    }
  }

  private static let hostile: [(name: String, body: Body, says: String)] = [
    ("an operator that is not known", one("Einsum"), "Einsum 'y'"),
    ("an output that nothing makes", { $0.output("y", []) }, "'y' is made by nothing"),
    ("no output", { _ in }, "none but states"),
    (
      "a circle",
      {
        $0.node("Identity", ["b"], ["a"])
        $0.node("Identity", ["a"], ["b"])
        $0.output("a", [])
      }, "made by nothing"
    ),
    (
      "a value twice",
      {
        $0.node("Tanh", ["e"], ["y"])
        $0.node("Relu", ["e"], ["y"])
        $0.output("y", [])
      }, "has a value already"
    ),
    (
      "tokens twice",
      {
        $0.node("Gather", ["E", "x"], ["f"])
        $0.node("Add", ["e", "f"], ["y"])
        $0.output("y", [])
      }, "not the first layer"
    ),
    (
      "two outputs",
      {
        $0.node("Tanh", ["e"], ["y"])
        $0.output("y", [])
        $0.output("e", [])
      }, "different values"
    ),
    (
      "a parameter made in many steps",
      {
        var matrix = $0.floats("M", [1, 2, 3], shape: [3, 1])
        for index in 0..<20 {
          let shape = $0.integers("s\(index % 2)", index % 2 == 0 ? [1, 3] : [3, 1])
          matrix = $0.node("Reshape", [matrix, shape], ["m\(index)"])
        }
        $0.node("MatMul", ["e", matrix], ["y"])
        $0.output("y", [])
      }, "too many steps"
    ),
    (
      "a parameter that doubles",
      {
        var matrix = $0.floats("M", [1, 2, 3], shape: [3, 1])
        for index in 0..<12 { matrix = $0.node("Concat", [matrix, matrix], ["m\(index)"], [("axis", .integer(1))]) }
        $0.node("MatMul", ["e", matrix], ["y"])
        $0.output("y", [])
      }, "larger than all"
    ),
    (
      "an axis of any length in what is empty",
      {
        let huge = $0.floats("H", [], shape: [0, 1 << 40, 1 << 40])
        let part = $0.node("Slice", [huge, $0.integers("a", [0]), $0.integers("a", [0]), $0.integers("a", [0])], ["p"])
        let none = $0.node("Reshape", [part, $0.integers("a", [0])], ["n"])
        let bias = $0.node("Concat", [none, $0.floats("k", [1, 2], shape: [2])], ["b"], [("axis", .integer(0))])
        $0.node("MatMul", ["e", $0.floats("M", [1, 2, 3, 4, 5, 6], shape: [3, 2])], ["m"])
        $0.node("Add", ["m", bias], ["y"])
        $0.output("y", [])
      }, "is empty"
    ),
    (
      "many integers",
      {
        var list = $0.integers("i", [1, 2, 3])
        for index in 0..<12 { list = $0.node("Concat", [list, list], ["m\(index)"], [("axis", .integer(0))]) }
        $0.node("Reshape", ["e", list], ["y"])
        $0.output("y", [])
      }, "more integers"
    ),
    ("units that are cut", { one("Reshape", [$0.integers("s", [0, 0, 1, 3, 1, 2])])(&$0) }, "cut or mixed"),
    ("units that are mixed", { one("Reshape", [$0.integers("s", [3, -1, 1])])(&$0) }, "cut or mixed"),
    ("units that are left out", { one("Reshape", [$0.integers("s", [0, 0])])(&$0) }, "cut or mixed"),
    ("two lengths that are open", { one("Reshape", [$0.integers("s", [-1, -1, 3])])(&$0) }, "cut or mixed"),
    ("axes that are not there", one("Transpose", [], [("perm", .integers([0, 1, 3]))]), "cut or mixed"),
    ("the smallest axis", one("Softmax", [], [("axis", .integer(.min))]), "not over the units"),
    ("a softmax of streams", one("Softmax", [], [("axis", .integer(1))]), "not over the units"),
    ("a softmax of no affine map", one("Softmax"), "something else than an affine map"),
    (
      "something after a softmax",
      {
        $0.node("Softmax", ["e"], ["p"])
        one("Tanh")(&$0)
        $0.node("Relu", ["p"], ["z"])
        $0.output("z", [])
      }, "computed from a softmax"
    ),
    ("a step in the middle", { one("Gather", [$0.integer("i", 1)], [("axis", .integer(0))])(&$0) }, "cut out"),
    ("one unit", { one("Gather", [$0.integer("i", 1)], [("axis", .integer(2))])(&$0) }, "cut out"),
    (
      "a part of the units",
      { one("Slice", [$0.integers("a", [0]), $0.integers("b", [2]), $0.integers("c", [2])])(&$0) }, "cut out"
    ),
    (
      "a matrix of another width",
      { one("MatMul", [$0.floats("M", [Float](repeating: 1, count: 8), shape: [4, 2])])(&$0) }, "takes 4 units"
    ),
    ("a product with itself", one("MatMul", ["e"]), "not a matrix of parameters"),
    ("numbers added to the embedding", { one("Add", [$0.floats("b", [1, 2, 3], shape: [3])])(&$0) }, "affine map"),
    (
      "a product with its bias and without",
      {
        $0.node("MatMul", ["e", $0.floats("M", [Float](repeating: 1, count: 9), shape: [3, 3])], ["m"])
        $0.node("Add", ["m", $0.floats("b", [1, 2, 3], shape: [3])], ["y"])
        $0.node("Add", ["y", "m"], ["z"])
        $0.output("z", [])
      }, "with and without"
    ),
    ("numbers multiplied", { one("Mul", [$0.floats("b", [1, 2, 3], shape: [3])])(&$0) }, "computes with"),
    (
      "a normalisation of steps",
      { one("LayerNormalization", [$0.floats("g", [1, 1, 1], shape: [3])], [("axis", .integer(0))])(&$0) },
      "units alone"
    ),
    ("another Elu", one("Elu", [], [("alpha", .float(2))]), "function that is not known"),
    ("an attribute of another kind", one("Softmax", [], [("axis", .text("last"))]), "not an integer"),
    ("what is clipped", lstm([("clip", .float(3))]), "clips"),
    ("a direction that is none", lstm([("direction", .text("sideways"))]), "sideways"),
    ("a layout that is none", lstm([("layout", .integer(2))]), "neither 0 nor 1"),
    ("another hidden size", lstm([("hidden_size", .integer(3))]), "shape"),
    ("weights of another shape", lstm(weights: [1, 6, 3]), "[1, 6, 3]"),
    ("an activation that is not known", lstm([("activations", .texts(["Sigmoid", "Tanh", "Swish"]))]), "Swish"),
    ("too few activations", lstm([("activations", .texts(["Sigmoid"]))]), "not 3 activations"),
    (
      "constants left over",
      lstm([("activations", .texts(["Sigmoid", "Tanh", "Tanh"])), ("activation_alpha", .floats([0.5]))]),
      "fewer constants"
    ),
    ("lengths of sequences", lstm(extra: ["", "lengths"]), "sequence_lens"),
    ("half of a state", lstm(extra: ["", "", "given"]), "one half"),
    ("a state that is a flow", lstm(extra: ["", "", "e", "e"]), "initial state is the output"),
    ("biases that are states", lstm(extra: ["given"]), "not parameters"),
  ]

  @Test(arguments: hostile.indices)
  func refuses(index: Int) throws {
    let (name, body, says) = Self.hostile[index]
    let found = try refusal(body)
    #expect(found.contains(says), "\(name): \(found)")
  }

  @Test func refusesLayersThatReadAlongDifferentAxes() throws {
    let found = try refusal { graph in
      Self.lstm()(&graph)
      graph.node("Squeeze", ["y", graph.integers("one", [1])], ["s"])
      graph.node("Transpose", ["s"], ["t"], [("perm", .integers([1, 0, 2]))])
      let w = graph.floats("W2", [Float](repeating: 1, count: 16), shape: [1, 8, 2])
      graph.node("LSTM", ["t", w, "R"], ["z"])
      graph.output("z", [])
    }
    #expect(found.contains("another axis"), "\(found)")
  }

  /// Other files are read on request, and refused before anything is made of their sizes.
  @Test func followsOtherFilesOnlyWhenAsked() throws {
    let scratch = try Scratch()
    let file = try ONNXFile(opening: "\(Self.folder)/lstm.onnx")
    var model = file.model
    var tensor = try #require(model.graph.initializers["embedding.weight"])
    try scratch.file("weights.bin", [0, 0, 0, 0] + (try file.bytes(of: tensor)))
    tensor.storage = .external(location: "weights.bin", offset: 4, length: nil)
    model.graph.initializers["embedding.weight"] = tensor
    let original = try scratch.file("a.onnx", Array(try Data(contentsOf: URL(filePath: file.path))))
    for (external, works) in [(ONNXFile.ExternalData.refused, false), (.besideModel, true)] {
      let here = ONNXFile(try ONNXFile(opening: original, externalData: external), model)
      do {
        let imported = try ONNXImport.read(here, choices: ImportChoices())
        #expect(works)
        let bytes = try imported.bytes(of: imported.tensors[0])
        #expect(bytes == (try file.bytes(of: #require(file.model.graph.initializers["embedding.weight"]))))
      } catch {
        #expect(!works && "\(error)".contains("has to be allowed"), "\(error)")
      }
    }
  }

  @Test func refusesParametersThatNobodyTakes() throws {
    let found = try refusal { graph in
      _ = graph.floats("stray", [1, 2], shape: [2])
      graph.node("Tanh", ["e"], ["y"])
      graph.output("y", [])
    }
    #expect(found.contains("stray belongs to nothing"), "\(found)")
  }

  @Test(arguments: [nil, 0, 6, 27, -1])
  func refusesOtherOperatorSets(version: Int?) throws {
    let file = try ONNXFile(opening: "\(Self.folder)/lstm.onnx")
    var model = file.model
    model.operatorSets[""] = version
    #expect(throws: ConversionError.self) {
      try ONNXImport.read(ONNXFile(file, model), choices: ImportChoices())
    }
  }

  /// Whatever a byte becomes: the model is imported or refused, and every parameter is as large as it should be.
  @Test(arguments: ["keras_like", "old_operators", "dynamo_gru", "every_option"])
  func noByteCrashesIt(name: String) throws {
    let scratch = try Scratch()
    let original = Array(try Data(contentsOf: URL(filePath: "\(Self.folder)/\(name).onnx")))
    for index in original.indices {
      for value in [original[index] ^ 0x01, 0xFF] {
        var bytes = original
        bytes[index] = value
        let path = try scratch.file("changed.onnx", bytes)
        do {
          let model = try ONNXImport.read(path, choices: ImportChoices())
          for tensor in model.tensors {
            let count = try model.bytes(of: tensor).count
            #expect(count == tensor.byteCount)
          }
        } catch let error as ConversionError { #expect(error.isRefusal, "\(index): \(error)") }
      }
    }
  }

  /// A vocabulary of another size than the model.
  @Test func refusesAVocabularyThatDoesNotFit() throws {
    let file = try ONNXFile(opening: "\(Self.folder)/lstm.onnx")
    var model = file.model
    for (text, says) in [
      (#"{"kind":"characters","tokens":["a","b"]}"#, "2 tokens"), (#"{"kind":"runes","tokens":[]}"#, "not complete"),
      (#"{"kind":"bytes","tokens":[[256]]}"#, "not complete"), ("{", "vocabulary"),
      (#"{"kind":"characters","tokens":["a","b","c","d","ee"]}"#, "characters"),
    ] {
      model.metadata[ONNXMetadata.vocabularyKey] = text
      do {
        _ = try ONNXImport.read(ONNXFile(file, model), choices: ImportChoices())
        Issue.record("\(text) was read")
      } catch { #expect("\(error)".contains(says), "\(error)") }
    }
    model.metadata[ONNXMetadata.vocabularyKey] = #"{"kind":"characters","tokens":["a","b","c","d",[195,169]]}"#
    let read = try ONNXImport.read(ONNXFile(file, model), choices: ImportChoices())
    #expect(read.document.vocabulary.map { String(decoding: $0[4], as: UTF8.self) } == "é")
  }
}
