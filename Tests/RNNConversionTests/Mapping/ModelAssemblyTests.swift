import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// What an importer gives its assembly, and what comes of it.
@Suite struct ModelAssemblyTests {
  /// Arrays of zeros.
  private final class Zeros: ArraySource {
    let path = "zeros.bin"
    let arrays: [String: ArrayDescription]

    init(_ shapes: [String: [Int]], type: NumericType = .float32) {
      arrays = Dictionary(
        uniqueKeysWithValues: shapes.map { ($0.key, ArrayDescription(name: $0.key, type: type, shape: $0.value)) })
    }

    func bytes(of array: ArrayDescription) -> [UInt8] { [UInt8](repeating: 0, count: array.byteCount ?? 0) }
  }

  private static func assembly(_ source: Zeros, choices: ImportChoices = ImportChoices()) throws -> ModelAssembly {
    var assembly = ModelAssembly(of: source, choices: choices)
    assembly.add(.embedding(.init(name: "embedding", inputs: 3, outputs: 2)), ["weights": try assembly.take("table")])
    assembly.add(
      .linear(.init(name: "output", inputs: 2, outputs: 3, bias: false)),
      ["weights": try assembly.take("kernel").transposed()])
    return assembly
  }

  private static func finish(_ assembly: ModelAssembly) throws -> ImportedModel {
    try assembly.finish(size: 3, context: .stream, input: .tokens, output: .softmax)
  }

  @Test func putsAModelTogether() throws {
    let source = Zeros(["table": [3, 2], "kernel": [2, 3]])
    let model = try Self.finish(try Self.assembly(source))
    #expect(model.tensors.map(\.path) == ["embedding/weights", "output/weights"])
    #expect(model.formulas.map(\.description) == ["table", "kernel, transposed"])
    #expect(try model.bytes(of: model.tensors[1]).count == 24)
  }

  @Test func namesEverythingThatIsWrongAtOnce() throws {
    let source = Zeros(["table": [3, 2], "kernel": [3, 2], "step": [1], "other": [4]])
    let error = #expect(throws: ConversionError.self) { try Self.finish(try Self.assembly(source)) }
    guard case .notMapped(_, let problems)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(problems.count == 3)
    #expect(problems[0].contains("output/weights") && problems[0].contains("[2, 3]") && problems[0].contains("[3, 2]"))
    #expect(problems[1].contains("other") && problems[2].contains("step"))
  }

  @Test func leavesBehindWhatItIsTold() throws {
    var choices = ImportChoices()
    choices.ignored = ["st*", "other"]
    let source = Zeros(["table": [3, 2], "kernel": [2, 3], "step": [1], "other": [4]])
    let model = try Self.finish(try Self.assembly(source, choices: choices))
    #expect(model.left.map(\.name) == ["other", "step"])
  }

  @Test func refusesIntegersAsParameters() throws {
    let source = Zeros(["table": [3, 2], "kernel": [2, 3]], type: .int32)
    #expect(throws: ConversionError.self) { try Self.finish(try Self.assembly(source)) }
  }

  @Test func refusesAVocabularyOfAnotherSize() throws {
    var choices = ImportChoices()
    choices.vocabulary = try Vocabulary(kind: .bytes, tokens: [[1], [2]])
    let source = Zeros(["table": [3, 2], "kernel": [2, 3]])
    let error = #expect(throws: ConversionError.self) { try Self.finish(try Self.assembly(source, choices: choices)) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("2 tokens, but the model takes 3"))
  }

  @Test func settlesWhatTheFileLeavesOpen() throws {
    let source = Zeros(["table": [3, 2], "kernel": [2, 3]])
    var choices = ImportChoices()
    choices.activation = .relu
    var assembly = try Self.assembly(source, choices: choices)
    #expect(assembly.settle(nil, else: 1, "forget bias", flag: "--forget-bias", because: "unknown") == 1)
    #expect(
      assembly.settle(choices.activation, else: .tanh, "activation", flag: "--activation", because: "unknown") == .relu)
    let model = try Self.finish(assembly)
    #expect(model.assumptions.map(\.isGiven) == [false, true])
    #expect(model.assumptions[0].text == "forget bias: 1 (unknown; --forget-bias says otherwise)")
  }

  @Test func givesEveryLayerANameOfItsOwn() throws {
    let source = Zeros(["table": [3, 2], "kernel": [2, 3]])
    let assembly = try Self.assembly(source)
    #expect(assembly.freeName(for: "Embedding") == "embedding_2")
    #expect(assembly.freeName(for: "1/LSTM:0") == "layer_1_lstm_0")
    #expect(assembly.freeName(for: "") == "layer_")
    #expect(assembly.freeName(for: String(repeating: "é", count: 100)).count <= 64)
  }
}
