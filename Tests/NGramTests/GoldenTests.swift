import Foundation
import RNNModel
import RealModule
import Testing

@testable import NGram

@Suite("n-gram models against KenLM")
struct GoldenTests {
  static func model(of name: String, pruned: [Int] = []) throws -> (NGramModel, Vocabulary) {
    let bytes = try Fixtures.bytes(name)
    var builder = Vocabulary.Builder(kind: .words, normalisation: .whitespace)
    try builder.add(bytes)
    let vocabulary = try builder.finish()
    let tokens = try vocabulary.encode(bytes).tokens
    let counts = try NGramCounts(tokens, order: 3, vocabularySize: vocabulary.count, sentenceEnd: vocabulary.lineEnd)
    return (try counts.model(.modifiedKneserNey(), pruned: pruned), vocabulary)
  }

  /// log10 p of each line of a text.
  static func scores(_ model: NGramModel, _ vocabulary: Vocabulary, _ name: String) throws -> [Double] {
    var (scores, sum): ([Double], Double) = ([], 0)
    let tokens = try vocabulary.encode(Fixtures.bytes(name)).tokens
    for (token, logProbability) in zip(tokens, model.logProbabilities(of: tokens)) {
      sum += Double(logProbability) / Double.log(10)
      guard token == vocabulary.lineEnd else { continue }
      scores.append(sum)
      sum = 0
    }
    return scores
  }

  @Test(
    "Our estimates are those of lmplz, and our scores those of kenlm",
    arguments: [("large", "large.txt", []), ("pruned", "large.txt", [0, 1, 2]), ("small", "small.txt", [])])
  func lmplz(name: String, text: String, pruned: [Int]) throws {
    let (model, vocabulary) = try Self.model(of: text, pruned: pruned)
    let read = try ARPAReader.read(Fixtures.path("lmplz_\(name).arpa"))
    for order in 1...3 { #expect(model.count(order: order) == read.model.count(order: order)) }
    #expect(model.description.fallbackOrders == (name == "small" ? [1, 3] : [1]))
    let expected = try JSONDecoder().decode([String: [Double]].self, from: Data(Fixtures.bytes("kenlm_scores.json")))
    for scores in try [
      Self.scores(model, vocabulary, "held_out.txt"), Self.scores(read.model, read.vocabulary(), "held_out.txt"),
    ] {
      #expect(scores.count == expected[name]?.count)
      #expect(zip(scores, expected[name] ?? []).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  /// `written.arpa` and `scores.json` are what `tools/python/tests/test_ngram.py` gives to kenlm.
  @Test("The file and the scores that kenlm is asked about are those that we write")
  func written() throws {
    let (model, vocabulary) = try Self.model(of: "large.txt")
    var writer = try ARPAWriter(
      model, words: (0..<Int32(vocabulary.count)).map { Array(vocabulary[$0]) }, unknown: vocabulary.unknown)
    var bytes: [UInt8] = []
    writer.write { bytes += $0 }
    let scores = try Self.scores(model, vocabulary, "held_out.txt")
    if ProcessInfo.processInfo.environment["RNNTOOL_WRITE_FIXTURES"] != nil {
      try Data(bytes).write(to: Fixtures.folder.appendingPathComponent("written.arpa"))
      try JSONEncoder().encode(scores).write(to: Fixtures.folder.appendingPathComponent("scores.json"))
    }
    #expect(try Fixtures.bytes("written.arpa") == bytes)
    let expected = try JSONDecoder().decode([Double].self, from: Data(Fixtures.bytes("scores.json")))
    #expect(zip(expected, scores).allSatisfy { abs($0 - $1) < 1e-6 } && expected.count == scores.count)
  }
}
