import RNNEvaluation
import RNNModel
import RealModule
import Testing

@Suite struct MixtureTests {
  /// Always the same distribution.
  private final class Constant: LanguageModel {
    let size: Int
    let streams = 1
    let longestWindow: Int
    private let probabilities: [Double]

    init(_ probabilities: [Double], longestWindow: Int = 3) {
      (size, self.probabilities, self.longestWindow) = (probabilities.count, probabilities, longestWindow)
    }

    func reset() {}

    func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
      for token in 0..<size { logProbabilities[token] = Float(Double.log(probabilities[token])) }
    }

    func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {
      for index in inputs.indices { results[index] = targets[index] < 0 ? 0 : .log(probabilities[Int(targets[index])]) }
    }
  }

  @Test func probabilitiesAreWeightedSums() throws {
    let mixture = try MixtureLanguageModel(
      [Constant([0.5, 0.5, 0]), Constant([0.1, 0.2, 0.7])], weights: [0.25, 0.75])
    var results = [Double](repeating: 0, count: 3)
    mixture.score(inputs: [0, 1, 2], targets: [0, 2, -1], into: &results)
    #expect(abs(results[0] - .log(0.25 * 0.5 + 0.75 * 0.1)) < 1e-15)
    #expect(abs(results[1] - .log(0.75 * 0.7)) < 1e-15 && results[2] == 0)
    var row = [Float](repeating: 0, count: 3)
    mixture.advance([0], into: &row)
    #expect(abs(row.reduce(0) { $0 + Double.exp(Double($1)) } - 1) < 1e-6)
    #expect(abs(Double(row[1]) - .log(0.25 * 0.5 + 0.75 * 0.2)) < 1e-6)
  }

  /// Two models that are sure of different tokens: the best weights are the tokens' shares.
  @Test func weightsOfModelsThatDivideTheTokensAreTheirShares() throws {
    let first: [Double] = [0, 0, 0, -.infinity, 0, -.infinity, 0, 0]
    let second: [Double] = [-.infinity, -.infinity, -.infinity, 0, -.infinity, 0, -.infinity, -.infinity]
    let fitted = try MixtureWeights(fitting: [first, second])
    #expect(abs(fitted.weights[0] - 0.75) < 1e-9 && abs(fitted.weights[1] - 0.25) < 1e-9)
    #expect(abs(fitted.meanNats + 0.75 * .log(0.75) + 0.25 * .log(0.25)) < 1e-9)
  }

  /// n tokens with (p, q) and m with (q, p): the derivative of the likelihood vanishes at w = (n p - m q) / ((n + m) (p - q)).
  @Test(arguments: [(6, 2, 0.8, 0.1), (5, 4, 0.9, 0.3), (9, 3, 0.5, 0.05)])
  func weightsOfTwoKindsOfTokens(n: Int, m: Int, p: Double, q: Double) throws {
    let (a, b) = (Double.log(p), Double.log(q))
    let first = Array(repeating: a, count: n) + Array(repeating: b, count: m)
    let second = Array(repeating: b, count: n) + Array(repeating: a, count: m)
    let fitted = try MixtureWeights(fitting: [first, second])
    let expected = (Double(n) * p - Double(m) * q) / (Double(n + m) * (p - q))
    #expect(abs(fitted.weights[0] - expected) < 1e-6)
    #expect(abs(fitted.weights.reduce(0, +) - 1) < 1e-12)
  }

  @Test func aModelThatIsAlwaysWorseGetsNothing() throws {
    let fitted = try MixtureWeights(fitting: [[-1, -2, -1], [-3, -4, -5]])
    #expect(fitted.weights[0] > 1 - 1e-6)
  }

  @Test func noWeightsWithoutATokenOrAProbability() {
    #expect(throws: EvaluationError.nothingCounted) { try MixtureWeights(fitting: [[], []]) }
    #expect(throws: EvaluationError.self) { try MixtureWeights(fitting: [[-.infinity], [-.infinity]]) }
  }

  @Test(arguments: [[0.5, 0.4], [1.5, -0.5], [0.5], [.nan, 0.5]]) func weightsThatAreNoneAreRefused(weights: [Double]) {
    #expect(throws: EvaluationError.self) {
      try MixtureLanguageModel([Constant([0.5, 0.5]), Constant([1, 0])], weights: weights)
    }
  }

  @Test func modelsOfOtherSizesAreRefused() {
    #expect(throws: EvaluationError.self) {
      try MixtureLanguageModel([Constant([0.5, 0.5]), Constant([0.5, 0.25, 0.25])], weights: [0.5, 0.5])
    }
  }

  @Test func vocabulariesSayWhatDiffers() throws {
    func words(_ text: String) throws -> Vocabulary {
      try Vocabulary(kind: .words, normalisation: .whitespace, text: Array(text.utf8))
    }
    let first = try words("a b c\n")
    #expect(try first.difference(from: words("a b c\n")) == nil)
    #expect(try first.difference(from: words("a b d\n"))?.contains("'c'") == true)
    #expect(try first.difference(from: words("a b\n"))?.contains("tokens") == true)
    #expect(try first.difference(from: Vocabulary(kind: .bytes, text: [0x61]))?.contains("bytes") == true)
  }

  @Test func tokensOfAHeldOutTextAreScoredByEachModel() throws {
    let vocabulary = try Vocabulary(kind: .bytes, text: Array("ab".utf8))
    let rows = try Evaluation(vocabulary: vocabulary).logProbabilities(
      Array("abba".utf8), [{ _ in Constant([0.5, 0.5]) }, { _ in Constant([0.25, 0.75]) }])
    #expect(rows[0] == [Double](repeating: .log(0.5), count: 3))
    #expect(rows[1] == [.log(0.75), .log(0.75), .log(0.25)])
  }
}
