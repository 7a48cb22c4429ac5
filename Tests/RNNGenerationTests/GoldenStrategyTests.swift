import Foundation
import RNNGeneration
import Testing

/// What Hugging Face's and llama.cpp's formulas make of the same distributions; `fixtures/sampling/golden.py` writes it.
@Suite struct GoldenStrategyTests {
  private struct Golden: Decodable {
    struct Case: Decodable {
      let strategy: String
      let values: Int
      let expected: [Double]
    }
    let text: [Int32]
    let values: [[Float]]
    let cases: [Case]
  }

  private static let golden: Golden? = {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = repository.appending(path: "fixtures/sampling/expected.json")
    return (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(Golden.self, from: $0) }
  }()

  private static let strategies: [String: [any DecodingStrategy]] = [
    "temperature 0.7": [Temperature(0.7)], "temperature 1.8": [Temperature(1.8)], "top-k 3": [TopK(3)],
    "top-p 0.8": [TopP(0.8)], "top-p 0.3": [TopP(0.3)], "min-p 0.1": [MinP(0.1)], "typical 0.6": [Typical(0.6)],
    "typical 0.2": [Typical(0.2)], "epsilon 0.06": [EpsilonCutoff(0.06)], "eta 0.1": [EtaCutoff(0.1)],
    "repetition 1.3": [Penalties(repetition: 1.3)], "no-repeat-ngram 2": [NoRepeatNGram(2)],
    "no-repeat-ngram 3": [NoRepeatNGram(3)], "forbidden": [ForbiddenSequences([[4], [1, 2], [3, 1, 0], [2, 6]])],
    "all": [
      EpsilonCutoff(0.02), Typical(0.9), MinP(0.05), TopP(0.9), TopK(9), Temperature(1.5), Penalties(repetition: 1.2),
    ],
    "top-n-sigma 1": [TopNSigma(1)], "top-n-sigma 0.3": [TopNSigma(0.3)],
    "penalties": [Penalties(repetition: 1.1, presence: 0.4, frequency: 0.25, lastCount: 64)],
    "penalties of 3": [Penalties(repetition: 1.1, presence: 0.4, frequency: 0.25, lastCount: 3)],
    "dry": [DRY(multiplier: 0.8, allowedLength: 1)], "dry 2": [DRY(multiplier: 0.8)],
    "dry with breaker": [DRY(multiplier: 0.8, allowedLength: 1, breakers: [3])],
    // mu begins at 2 tau.
    "mirostat 2": [Mirostat(tau: 1.25)], "mirostat 1": [MirostatOne(tau: 1.25, fitted: 10, size: 12)],
  ]

  @Test(arguments: strategies.keys.sorted()) func doesWhatOthersDo(name: String) throws {
    let golden = try #require(Self.golden)
    let cases = golden.cases.filter { $0.strategy == name }
    #expect(cases.count == golden.values.count)
    for example in cases {
      var chain = DecodingChain(Self.strategies[name] ?? []).ordered(by: StrategyName.allCases)
      var context = DecodingContext(prompt: golden.text)
      let candidates = chain.candidates(golden.values[example.values], in: &context)
      for (token, expected) in example.expected.enumerated() {
        let probability = candidates.probability(of: Int32(token))
        #expect(abs(probability - expected) < 1e-6, "\(name), token \(token)")
        #expect((probability > 0) == (expected > 0) || probability < 1e-6, "\(name), token \(token)")
      }
    }
  }

  @Test func everyCaseIsLookedAt() throws {
    let golden = try #require(Self.golden)
    #expect(Set(golden.cases.map(\.strategy)) == Set(Self.strategies.keys))
  }
}
