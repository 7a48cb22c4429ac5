import Foundation
import NGram
import RNNEvaluation
import RNNModel
import Testing

/// The protocols of n-gram programs against what the Python module of KenLM says: `fixtures/evaluation/make_kenlm.py`.
@Suite struct KenLMTests {
  private struct Golden: Decodable {
    var tokens: Int
    var unknown: Int
    var including: Double
    var excluding: Double
  }

  private func evaluate(_ rules: EvaluationProtocol) throws -> EvaluationResult {
    let read = try ARPAReader.read(Fixtures.path("ngram/lmplz_large.arpa"))
    return try Evaluation(rules, vocabulary: read.vocabulary()).run(Fixtures.bytes("ngram/held_out.txt")) {
      NGramLanguageModel(read.model, streams: $0)
    }
  }

  @Test func bothPerplexitiesAreThoseOfKenLM() throws {
    let golden = try JSONDecoder().decode(Golden.self, from: Data(Fixtures.bytes("evaluation/kenlm.json")))
    let result = try evaluate(.kenlm)
    #expect(result.tokens == golden.tokens && result.unknownTokens == golden.unknown)
    #expect(abs(result.perplexityWithUnknown / golden.including - 1) < 1e-5)
    #expect(abs(result.perplexityWithoutUnknown / golden.excluding - 1) < 1e-5)
    let srilm = try evaluate(.srilm)
    #expect(srilm.tokens == golden.tokens - golden.unknown)
    #expect(abs(srilm.perplexity / golden.excluding - 1) < 1e-5)
  }
}
