import Foundation
import RNNEvaluation
import Testing

/// Against NLTK, numpy and the rules of Holtzman et al.; `fixtures/sampling/metrics.py` writes what they say.
@Suite struct GenerationMetricsTests {
  private struct Golden: Decodable {
    let texts: [[Int32]]
    let self_bleu: Double
    let zipf: Double
    let program: [Bool]
    let paper: [Bool]
  }

  private static let golden: Golden? = {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = repository.appending(path: "fixtures/sampling/metrics.json")
    return (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(Golden.self, from: $0) }
  }()

  @Test func selfBLEUIsThatOfNLTK() throws {
    let golden = try #require(Self.golden)
    let value = try #require(SelfBLEU.mean(golden.texts))
    #expect(abs(value - golden.self_bleu) < 1e-12)
    #expect(SelfBLEU.mean([[1, 2, 3]]) == nil)
    #expect(SelfBLEU.mean([[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]) == 1)
    #expect(SelfBLEU.mean([[1, 2], [3, 4]]) == 0)
    #expect(SelfBLEU.mean([[], []]) == 0)
  }

  @Test func zipfIsThatOfARegression() throws {
    let golden = try #require(Self.golden)
    let value = try #require(ZipfCoefficient.of(golden.texts))
    #expect(abs(value - golden.zipf) < 1e-10)
    #expect(ZipfCoefficient.of([[1, 1]]) == nil && ZipfCoefficient.of([]) == nil)
    #expect(ZipfCoefficient.of([[1, 2, 3]]) == 0)
  }

  @Test func repetitionIsByBothDefinitions() throws {
    let golden = try #require(Self.golden)
    #expect(golden.texts.map { Repetition.program.isFound(in: $0) } == golden.program)
    #expect(golden.texts.map { Repetition.paper.isFound(in: $0) } == golden.paper)
    for rule in Repetition.allCases { #expect(!rule.isFound(in: []) && !rule.isFound(in: [1])) }
    #expect(Repetition.program.share(of: [[1, 2, 3, 1, 2, 3], [1, 2, 3]]) == 0.5)
  }

  @Test func countsDifferentNGrams() {
    let metrics = GenerationMetrics([[1, 2, 1, 2], [1, 2]], vocabularySize: 8)
    #expect(metrics.distinct == [2.0 / 6, 2.0 / 4, 1, 1])
    #expect(metrics.vocabularyShare == 0.25 && metrics.meanLength == 3 && metrics.lengthDeviation == 1)
    #expect(metrics.tokens == 6 && metrics.texts == 2 && metrics.perplexity == nil)
  }

  @Test func perplexityIsOverAllScoredTokens() throws {
    let metrics = GenerationMetrics([[1, 2], [3]], logProbabilities: [[.nan, -1], [-3]])
    let perplexity = try #require(metrics.perplexity)
    #expect(abs(perplexity - exp(2)) < 1e-12)
  }

  @Test(arguments: [1, 2, 7]) func textsAreScoredAfterTheirContexts(longestWindow: Int) throws {
    let texts: [[Int32]] = [[1, 2, 0], [2], [], [0, 0, 1, 2, 1]]
    let contexts: [[Int32]] = [[], [1, 0], [2], [2]]
    let scores = try TextScores.logProbabilities(
      of: texts, after: contexts, TrigramModel(size: 3, longestWindow: longestWindow))
    #expect(scores.map(\.count) == texts.map(\.count))
    #expect(scores[0][0].isNaN)
    let model = TrigramModel(size: 3, longestWindow: 1)
    for (index, text) in texts.enumerated() {
      let all = contexts[index] + text
      for place in text.indices where place + contexts[index].count > 0 {
        let next = place + contexts[index].count
        let before = next > 1 ? Int(all[next - 2]) : 0
        let expected = log(model.probability(of: Int(all[next]), after: Int(all[next - 1]), before))
        #expect(abs(scores[index][place] - expected) < 1e-12)
      }
    }
  }

  @Test(.timeLimit(.minutes(2))) func aThousandTextsTakeSeconds() {
    // Debug builds take longer than the 30 s that release builds have.
    var state: UInt64 = 1
    let texts = (0..<1000).map { _ in
      (0..<200).map { _ -> Int32 in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int32(state >> 40 & 0x3FF)
      }
    }
    #expect(SelfBLEU.mean(texts) ?? 0 > 0)
  }
}
