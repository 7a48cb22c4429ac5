import Kernels
import NGram
import RNNModel
import Testing

@testable import RNNFormat

@Suite struct NGramFormatTests {
  private static func model(_ seed: Int, order: Int = 3, sentences: Bool = true) throws -> NGramModel {
    var generator = RandomGenerator(seed: UInt64(seed))
    let text = (0..<200).map { _ in Int32.random(in: 0..<6, using: &generator) }
    return try NGramCounts(text, order: order, vocabularySize: 6, sentenceEnd: sentences ? 2 : nil)
      .model(seed % 4 == 3 ? .stupidBackoff(factor: 0.4) : .modifiedKneserNey())
  }

  private static func vocabulary(lineEnd: Int?) throws -> Vocabulary {
    try Vocabulary(
      kind: .words, normalisation: lineEnd == nil ? .none : .whitespace,
      tokens: ["a", "b", "<eos>", "c", "d", "e"].map { Array($0.utf8) }, lineEnd: lineEnd.map { Int32($0) })
  }

  private static func document(_ model: NGramModel) throws -> ModelDocument {
    var document = ModelDocument(
      architecture: model.tensors.architecture,
      vocabulary: try vocabulary(lineEnd: model.sentenceEnd.map { Int($0) }),
      metadata: .object([
        "hyper_parameters": .object([ModelDocument.ngramKey: try JSONValue(encoding: model.description)])
      ]))
    document.proof = try Proof(architecture: model.tensors.architecture, tensors: model.tensors)
    return document
  }

  @Test(arguments: 0..<16)
  func aTableComesBack(seed: Int) throws {
    let scratch = try Scratch()
    let model = try Self.model(seed, order: 1 + seed % 5, sentences: seed % 2 == 0)
    let path = scratch.path("ngrams.h5")
    try ModelWriter(compresses: seed % 3 == 0).write(Self.document(model), tensors: model.tensors, to: path)
    let report = try Validator.validate(path)
    #expect(report.findings.isEmpty && (report.proofDifference ?? 1) <= 1e-9)
    let file = try ModelFile(opening: path)
    #expect(file.header.requiredFeatures == ["ngram"] && file.header.minimumReaderVersion == "1.2")
    #expect(try file.loadNGramModel()?.form == model.form)
    #expect(throws: ArchitectureError.notNetwork) { try file.loadModel() }
    #expect(try file.loadLanguageModel().languageModel().size == 6)
  }

  /// Every number of the tables that queries rely on is looked at before the model is used.
  @Test func tablesThatLieAreRefused() throws {
    let model = try Self.model(1)
    let good = model.form.rows
    let table = model.form.layer
    let changes: [(String, (inout NGramForm.Rows) -> Void)] = [
      ("a token beyond the vocabulary", { $0.tokens[$0.tokens.count - 1] = 6 }),
      ("tokens that fall", { $0.tokens.swapAt(table.counts[0], table.counts[0] + 1) }),
      ("single tokens in another order", { $0.tokens.swapAt(0, 1) }),
      ("children beyond the end", { $0.children[2] = UInt64($0.tokens.count) + 5 }),
      ("children that fall", { $0.children[2] = 0 }),
      ("children of another order", { $0.children[table.counts[0]] += 1 }),
      ("the largest place", { $0.children[1] = .max }),
      ("a probability above one", { $0.logProbabilities[3] = 0.5 }),
      ("a sentence end as a context", { $0.backoffs[2] = -1 }),
    ]
    for (what, change) in changes {
      let scratch = try Scratch()
      var rows = good
      change(&rows)
      let source = Tables(tensors: model.tensors.tensors, rows: rows)
      var document = try Self.document(model)
      document.proof = nil
      let path = scratch.path("lie.h5")
      try ModelWriter().write(document, tensors: source, to: path)
      let rules = try Validator.validate(path, level: .hashes).findings.map(\.rule)
      #expect(rules.contains("parameters.ngrams"), "\(what)")
      #expect(throws: FormatError.self, "\(what)") { try ModelFile(opening: path).loadNGramModel() }
    }
  }

  @Test func tensorsOfAnotherTypeAreNotWritten() throws {
    let model = try Self.model(2)
    let types = model.tensors.tensors.map { tensor in
      TensorDescription(path: tensor.path, type: tensor.type == .uint64 ? .uint32 : tensor.type, shape: tensor.shape)
    }
    #expect(try Self.document(model).violation(tensors: types)?.contains("children is of uint32") == true)
  }

  private struct Tables: TensorSource {
    let tensors: [TensorDescription]
    let rows: NGramForm.Rows

    func bytes(of tensor: TensorDescription) -> [UInt8] {
      switch tensor.path.split(separator: "/").last {
      case "tokens": LittleEndian.bytes(rows.tokens)
      case "log_probabilities": LittleEndian.bytes(rows.logProbabilities[...])
      case "backoffs": LittleEndian.bytes(rows.backoffs[...])
      default: LittleEndian.bytes(rows.children)
      }
    }
  }
}
