import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

@Suite struct RNNLMImportTests {
  private static func path(_ name: String) -> String {
    Fixtures.repository.appending(path: "fixtures/rnnlm/\(name)").path
  }

  private static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path(name))))
  }

  private func message(_ path: String, _ choices: ImportChoices = ImportChoices()) -> String {
    do {
      _ = try RNNLMImport.read(path, choices: choices)
      return "nothing was thrown"
    } catch { return "\(error)" }
  }

  /// The largest difference from the probabilities that the toolkit printed, of one run of words from the initial state.
  private func difference(_ model: ImportedModel, ids: [Int32], _ expected: [Double]) throws -> Double {
    let architecture = model.document.architecture
    let parameters = try model.tensors.flatMap {
      LittleEndian.values(try model.bytes(of: $0), type: $0.type, as: Float.self)
    }
    let network = try Network(architecture, parameters: parameters, purpose: .inference, batch: 1, steps: ids.count)
    var logits = [Float](repeating: 0, count: ids.count * architecture.size)
    // What comes before the first word is the end of a line.
    network.logits(.tokens([0] + ids.dropLast()), into: &logits)
    return ids.indices.map { step in
      let row = Array(logits[(step * architecture.size)..<((step + 1) * architecture.size)])
      return abs(exp(Double(architecture.output.logProbabilities(row)[Int(ids[step])])) - expected[step])
    }.max() ?? .infinity
  }

  private func expected(_ name: String) throws -> (ids: [Int32], probabilities: [Double]) {
    let json = try JSONValue(parsing: try Self.bytes("\(name).json"))
    return (
      (json["ids"]?.array ?? []).compactMap { $0.integer.flatMap { Int32(exactly: $0) } },
      (json["probabilities"]?.array ?? []).compactMap(\.number)
    )
  }

  @Test(arguments: ["elman", "elman_binary", "compression"])
  func givesTheNumbersOfTheToolkit(name: String) throws {
    let model = try RNNLMImport.read(Self.path("\(name).rnnlm"), choices: ImportChoices())
    let (ids, probabilities) = try expected(name)
    #expect(ids.count > 15 && ids.count == probabilities.count)
    #expect(try difference(model, ids: ids, probabilities) < 1e-6)
    #expect(model.assumptions.map(\.subject) == ["unknown token"])
    let vocabulary = try #require(model.document.vocabulary)
    #expect(vocabulary.kind == .words && vocabulary.normalisation == .whitespace && vocabulary.lineEnd == 0)
    #expect(vocabulary.unknown.map { Array(vocabulary[$0]) } == Array("<unk>".utf8))
    #expect(vocabulary.counts?.allSatisfy { $0 > 0 } == true)
  }

  /// Sentences that are read by themselves begin with a state of ones, after the end of the one before.
  @Test func readsSentencesByThemselves() throws {
    let model = try RNNLMImport.read(Self.path("independent.rnnlm"), choices: ImportChoices())
    let (ids, probabilities) = try expected("independent")
    var start = 0
    for end in ids.indices where ids[end] == 0 {
      #expect(
        try difference(model, ids: Array(ids[start...end]), Array(probabilities[start...end])) < 1e-6)
      start = end + 1
    }
    #expect(start == ids.count && ids.count { $0 == 0 } > 3)
    #expect(model.assumptions.contains { $0.subject == "context" && $0.flag == "--context" })
  }

  @Test func namesWhatItCannotExpress() throws {
    #expect(message(Self.path("classes.rnnlm")).contains("3 classes"))
    // The weights that `-direct` adds are counted in millions: their lines are made here.
    let scratch = try Scratch()
    let text = String(decoding: try Self.bytes("elman.rnnlm"), as: UTF8.self)
    let direct = text.replacing("direct connections: 0", with: "direct connections: 2") + "0.25\n-0.50\n"
    let path = try scratch.file("direct.rnnlm", Array(direct.utf8))
    #expect(message(path).contains("2 direct connections"))
    var choices = ImportChoices()
    choices.ignored = ["Direct connections"]
    let model = try RNNLMImport.read(path, choices: choices)
    #expect(model.left.contains { $0.name == "Direct connections" })
  }

  @Test func isRecognisedAndConverted() throws {
    let scratch = try Scratch()
    for name in ["elman", "elman_binary"] {
      try scratch.file("model", try Self.bytes("\(name).rnnlm"))
      #expect(try ModelFormat(of: scratch.path("model")) == .rnnlm)
      let report = try Converter().convert(scratch.path("model"), to: scratch.path("\(name).h5"))
      #expect(report.from == .rnnlm && report.difference == 0)
    }
  }

  @Test(arguments: ["elman", "elman_binary"])
  func refusesWhatIsCutOffOrContradictsItself(name: String) throws {
    let scratch = try Scratch()
    let bytes = try Self.bytes("\(name).rnnlm")
    for length in stride(from: 0, to: bytes.count - 60, by: 37) {
      let path = try scratch.file("cut.rnnlm", Array(bytes[..<length]))
      #expect(message(path).contains("refused"), "\(length)")
    }
    let text = String(decoding: bytes.prefix(700), as: UTF8.self)
    for (line, other) in [
      ("hidden layer size: 5", "hidden layer size: 6"), ("class size: 1", "class size: 4000000000000000000"),
      ("vocabulary size:", "vocabulary sizes:"), ("file format:", "file format: 7"), ("hidden layer size: 5", "x"),
    ] {
      #expect(text.contains(line))
      let changed = Array(text.replacing(line, with: other).utf8) + bytes.dropFirst(700)
      #expect(message(try scratch.file("changed.rnnlm", changed)).contains("refused"), "\(other)")
    }
    for number in ["nan", "1e99", "x", "1..2"] where name == "elman" {
      let whole = String(decoding: bytes, as: UTF8.self)
      let start = try #require(whole.range(of: "Weights 0->1:\n")).upperBound
      let end = try #require(whole[start...].firstIndex(of: "\n"))
      let changed = whole.replacingCharacters(in: start..<end, with: number)
      let path = try scratch.file("changed.rnnlm", Array(changed.utf8))
      let model = try RNNLMImport.read(path, choices: ImportChoices())
      #expect(throws: ConversionError.self, "\(number)") {
        for tensor in model.tensors { _ = try model.bytes(of: tensor) }
      }
    }
  }

  @Test(arguments: [
    ("0.1234", 0.1234), ("-3", -3), ("12345678901234567890.5", 12345678901234567890.5), ("1e-5", 1e-5), (".5", 0.5),
    ("-0.0000", 0),
  ])
  func readsNumbers(text: String, value: Double) {
    #expect(NumberLines.number(Array(text.utf8)[...]) == value)
  }

  @Test func readsNoOthers() {
    for text in ["", "-", "--1", "1-2", "one", "."] {
      #expect(NumberLines.number(Array(text.utf8)[...]) == nil, "\(text)")
    }
  }
}
