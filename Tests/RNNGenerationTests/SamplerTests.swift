import RNNGeneration
import RealModule
import Testing

@Suite struct SamplerTests {
  private func logarithms(_ probabilities: [Double]) -> [Float] { probabilities.map { Float(Double.log($0)) } }

  private func sample(
    _ count: Int, after prompt: [Int32] = [0], from model: ConstantModel, _ strategies: [any DecodingStrategy] = [],
    frequencies: [UInt64]? = nil, seed: UInt64 = 1
  ) throws -> [Sampler.Draw] {
    var sampler = Sampler(strategies: strategies, seed: seed)
    var draws: [Sampler.Draw] = []
    try sampler.sample(count, after: prompt, from: model, frequencies: frequencies) { draw in
      draws.append(draw)
      return true
    }
    return draws
  }

  /// Pearson's statistic of drawn tokens; infinite if one was drawn that cannot come.
  private func chiSquared(_ tokens: [Int32], _ probabilities: [Double]) -> Double {
    var counts = [Double](repeating: 0, count: probabilities.count)
    for token in tokens { counts[Int(token)] += 1 }
    return zip(counts, probabilities).reduce(0) { sum, pair in
      let expected = pair.1 * Double(tokens.count)
      return pair.0 == expected ? sum : sum + (pair.0 - expected) * (pair.0 - expected) / expected
    }
  }

  private static let expectations: [(strategies: [any DecodingStrategy], expected: [Double])] = [
    ([], [0.1, 0.4, 0.05, 0.25, 0.2]), ([TopK(2)], [0, 8.0 / 13, 0, 5.0 / 13, 0]),
    ([TopP(0.7)], [0, 8.0 / 17, 0, 5.0 / 17, 4.0 / 17]),
    // Squares of the probabilities.
    ([Temperature(0.5)], [4.0 / 110, 64.0 / 110, 1.0 / 110, 25.0 / 110, 16.0 / 110]),
  ]

  @Test(arguments: expectations)
  func drawsAsOftenAsProbable(strategies: [any DecodingStrategy], expected: [Double]) throws {
    let model = ConstantModel(logarithms([0.1, 0.4, 0.05, 0.25, 0.2]))
    let tokens = try sample(20_000, from: model, strategies).map(\.token)
    // The quantile 0.999 for four degrees of freedom; fewer make it smaller.
    #expect(chiSquared(tokens, expected) < 18.47)
    // The test can tell: another distribution is far off.
    #expect(chiSquared(tokens, [0.2, 0.2, 0.2, 0.2, 0.2]) > 100)
  }

  @Test func drawsDoNotDependOnTheOneBefore() throws {
    let tokens = try sample(20_000, from: ConstantModel(logarithms([0.5, 0.5]))).map(\.token)
    let pairs = stride(from: 0, to: tokens.count, by: 2).map { tokens[$0] * 2 + tokens[$0 + 1] }
    #expect(chiSquared(pairs, [0.25, 0.25, 0.25, 0.25]) < 16.27)
  }

  @Test func theSameSeedDrawsTheSame() throws {
    let model = ConstantModel(logarithms([0.1, 0.4, 0.05, 0.25, 0.2]))
    #expect(try sample(50, from: model, seed: 3) == sample(50, from: model, seed: 3))
    #expect(try sample(50, from: model, seed: 3) != sample(50, from: model, seed: 4))
  }

  @Test func greedyIsTheSameWithEverySeed() throws {
    let model = ConstantModel(logarithms([0.2, 0.4, 0.4]))
    for seed in 0..<5 {
      #expect(try sample(10, from: model, [Greedy()], seed: UInt64(seed)).allSatisfy { $0.token == 1 })
    }
  }

  @Test func reportsTheModelsOwnProbability() throws {
    let model = ConstantModel(logarithms([0.1, 0.9]))
    for draw in try sample(50, from: model, [Temperature(3), TopK(1)]) {
      #expect(draw.token == 1 && abs((draw.logProbability ?? 0) - .log(0.9)) < 1e-6)
    }
  }

  @Test func readsThePromptThenWhatItDrew() throws {
    let model = ConstantModel(logarithms([0.5, 0.3, 0.2]))
    let draws = try sample(6, after: [2, 1, 2], from: model)
    // The last token need not be read.
    #expect(model.read == [2, 1, 2] + draws.dropLast().map(\.token))
    #expect(model.resets == 1)
    _ = try sample(1, after: [0], from: model)
    #expect(model.read == [0] && model.resets == 2)
  }

  @Test func withoutAPromptBeginsLikeTheTrainingText() throws {
    // What the model says does not matter for the first token.
    let model = ConstantModel(logarithms([0.01, 0.01, 0.97, 0.01]))
    var sampler = Sampler(strategies: [], seed: 5)
    func first(_ frequencies: [UInt64]?) throws -> [Int32] {
      var tokens: [Int32] = []
      for _ in 0..<10_000 {
        try sampler.sample(1, after: [], from: model, frequencies: frequencies) { draw in
          tokens.append(draw.token)
          return true
        }
      }
      return tokens
    }
    #expect(chiSquared(try first([10, 60, 0, 30]), [0.1, 0.6, 0, 0.3]) < 13.82)
    #expect(chiSquared(try first(nil), [0.25, 0.25, 0.25, 0.25]) < 16.27)
    #expect(chiSquared(try first([0, 0, 0, 0]), [0.25, 0.25, 0.25, 0.25]) < 16.27)
    #expect(model.read == [])
  }

  @Test func neverDrawsWhatCannotCome() throws {
    let model = ConstantModel([-.infinity, -1, -.infinity, -1, -.infinity])
    let tokens = try sample(2000, from: model, [Temperature(5)]).map(\.token)
    #expect(Set(tokens) == [1, 3])
  }

  @Test func stopsWhenToldTo() throws {
    let model = ConstantModel(logarithms([0.5, 0.5]))
    var sampler = Sampler(strategies: [], seed: 1)
    var count = 0
    try sampler.sample(100, after: [1], from: model) { _ in
      count += 1
      return count < 3
    }
    #expect(count == 3)
    #expect(model.read.count == 3)
  }

  @Test func passesOnWhatTheBodyThrows() throws {
    struct Refusal: Error {}
    var sampler = Sampler(strategies: [], seed: 1)
    #expect(throws: Refusal.self) {
      try sampler.sample(5, after: [0], from: ConstantModel([0])) { _ in throw Refusal() }
    }
  }

  @Test(arguments: [0, -1]) func drawsNothingWhenNothingIsAskedFor(count: Int) throws {
    let model = ConstantModel([0])
    #expect(try sample(count, from: model).isEmpty)
    #expect(model.resets == 0)
  }

  @Test func drawsTheOnlyToken() throws {
    #expect(try sample(3, from: ConstantModel([0])).map(\.token) == [0, 0, 0])
  }

  @Test func theModelHasNoSayInAFirstTokenWithoutAPrompt() throws {
    let draws = try sample(3, after: [], from: ConstantModel(logarithms([0.5, 0.5])))
    #expect(draws[0].logProbability == nil)
    #expect(draws[1].logProbability != nil)
  }

  @Test func refusesAModelWhoseNumbersOverflow() {
    #expect(throws: Sampler.NotFinite.self) { try sample(3, from: ConstantModel([.nan, 0])) }
  }

  @Test func takesFrequenciesWhoseSumIsBeyondUInt64() throws {
    let draws = try sample(1, after: [], from: ConstantModel(logarithms([0.5, 0.5])), frequencies: [1 << 63, 1 << 63])
    #expect(draws.count == 1)
  }
}
