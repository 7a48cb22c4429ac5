import Kernels
import RNNGeneration
import RealModule
import Testing

/// What the golden values do not show: chance, memory, schedules, order.
@Suite struct StrategyTests {
  private static let probabilities: [Double] = [0.1, 0.4, 0.05, 0.25, 0.2]
  private static let values = probabilities.map { Float(Double.log($0)) }

  private func draws(
    _ count: Int, _ strategies: [any DecodingStrategy], values: [Float] = values, seed: UInt64 = 1
  ) throws -> [Int32] {
    var (tokens, sampler): ([Int32], Sampler) = ([], Sampler(strategies: strategies, seed: seed))
    try sampler.sample(count, after: [0], from: ConstantModel(values)) {
      tokens.append($0.token)
      return true
    }
    return tokens
  }

  private func counts(_ tokens: [Int32], size: Int = 5) -> [Int] {
    var counts = [Int](repeating: 0, count: size)
    for token in tokens { counts[Int(token)] += 1 }
    return counts
  }

  private static let stateless: [any DecodingStrategy] = [
    Temperature(1.7), TopK(3), TopP(0.8), MinP(0.3), Typical(0.5), EpsilonCutoff(0.15), EtaCutoff(0.3), TopNSigma(0.9),
    DynamicTemperature(1, range: 0.5, exponent: 2), ForbiddenSequences([[1]]), XTC(probability: 1, threshold: 0.15),
    TemperatureSchedule([.init(at: 0, 0.5)]),
  ]

  /// Frequencies against the probabilities that the strategy states, which the golden values check.
  @Test(arguments: stateless.indices) func drawsAsOftenAsStated(index: Int) throws {
    let strategy = Self.stateless[index]
    var candidates = Candidates(logProbabilities: Self.values)
    strategy.apply(to: &candidates)
    let expected = (0..<5).map { candidates.probability(of: Int32($0)) }
    #expect(expected.contains(0) || expected.sorted() != Self.probabilities.sorted())
    // The quantile 0.999 for four degrees of freedom; fewer make it smaller.
    #expect(chiSquared(counts(try draws(20_000, [strategy])), expected) < 18.47)
  }

  @Test func xtcActsAsOftenAsItShould() throws {
    // Half of the time 0.4 and 0.25 are dropped, of three top choices.
    let rest = [0.1, 0, 0.05, 0, 0.2].map { $0 / 0.35 }
    let expected = zip(Self.probabilities, rest).map { 0.5 * $0 + 0.5 * $1 }
    let tokens = try draws(20_000, [XTC(probability: 0.5, threshold: 0.15)])
    #expect(chiSquared(counts(tokens), expected) < 18.47)
  }

  @Test func xtcNeedsTwoTopChoices() {
    var candidates = Candidates(logProbabilities: Self.values)
    XTC(probability: 1, threshold: 0.3).apply(to: &candidates)
    #expect(candidates.count == 5)
    XTC(probability: 1, threshold: 0.6).apply(to: &candidates)
    #expect(candidates.count == 5)
  }

  @Test(arguments: [1.5, 2, 3]) func mirostatHoldsTheSurpriseNearItsTarget(tau: Double) throws {
    var generator = RandomGenerator(seed: 5)
    // About Zipf's law.
    let weights = (0..<200).map { 1 / (Double($0) + 1 + generator.uniform()) }
    let sum = weights.reduce(0, +)
    let values = weights.map { Float(Double.log($0 / sum)) }
    for strategy in [Mirostat(tau: tau), MirostatOne(tau: tau, size: 200)] as [any DecodingStrategy] {
      var (bits, sampler) = (0.0, Sampler(strategies: [strategy], seed: 9))
      try sampler.sample(4000, after: [0], from: ConstantModel(values)) {
        bits -= .log2($0.probability)
        return true
      }
      #expect(abs(bits / 4000 - tau) < 0.1, "\(type(of: strategy)): \(bits / 4000)")
    }
  }

  @Test func aScheduleIsLinearBetweenItsPoints() {
    let schedule = TemperatureSchedule([.init(at: 10, 2), .init(at: 20, 1), .init(at: 40, 0.5)])
    for (position, expected) in [(0, 2.0), (10, 2), (15, 1.5), (20, 1), (30, 0.75), (40, 0.5), (1000, 0.5)] {
      #expect(abs(schedule.temperature(at: position) - expected) < 1e-12)
    }
  }

  @Test func aScheduleBeginsAgainAfterItsTokens() {
    let schedule = TemperatureSchedule([.init(at: 0, 1), .init(at: 1, 0.1)], restartingAfter: [7])
    var context = DecodingContext(prompt: [1, 7])
    func first() -> Double {
      var candidates = Candidates(logProbabilities: Self.values)
      schedule.apply(to: &candidates, in: &context)
      return candidates.probabilities[0]
    }
    #expect(abs(first() - 0.4) < 1e-6)
    context.append(2)
    #expect(first() > 0.9)
    context.append(7)
    #expect(abs(first() - 0.4) < 1e-6)
    context.append(7)
    context.append(3)
    #expect(first() > 0.9)
  }

  @Test func noNGramComesTwice() throws {
    var tokens: [Int32] = [0]
    var sampler = Sampler(strategies: [NoRepeatNGram(2)], seed: 2)
    // 25 pairs of 5 tokens: the text ends where nothing is left.
    try sampler.sample(100, after: [0], from: ConstantModel(Self.values)) {
      tokens.append($0.token)
      return true
    }
    let pairs = zip(tokens, tokens.dropFirst()).map { [$0, $1] }
    #expect(Set(pairs).count == pairs.count && (5...25).contains(pairs.count))
  }

  @Test func forcedTokensComeWhereTheyHaveTo() throws {
    let tokens = try draws(4, [ForcedTokens([0: 2, 2: 4])])
    #expect(tokens[0] == 2 && tokens[2] == 4)
    // One that cannot come ends the text.
    #expect(try draws(4, [ForcedTokens([1: 3]), ForbiddenSequences([[3]])]).count == 1)
  }

  @Test func excludedTokensAreNeverDrawn() throws {
    var sampler = Sampler(chain: DecodingChain(excluding: [1, 3]), seed: 1)
    try sampler.sample(500, after: [0], from: ConstantModel(Self.values)) {
      #expect($0.token != 1 && $0.token != 3)
      return true
    }
  }

  @Test func theOrderIsTheOneAskedFor() {
    let chain = DecodingChain([TopP(0.9), Temperature(2), Penalties(repetition: 2), TopK(3)])
    func names(_ order: [StrategyName]) -> [StrategyName] {
      chain.ordered(by: order).strategies.map { type(of: $0).name }
    }
    #expect(names(StrategyName.allCases) == [.penalties, .temperature, .topK, .topP])
    #expect(names([.topP, .topK]) == [.topP, .topK, .temperature, .penalties])
    for order in StrategyName.presets.values { #expect(Set(order) == Set(StrategyName.allCases)) }
    // It matters: after the temperature the nucleus is larger.
    for (order, count) in [([.temperature, .topP], 4), ([.topP, .temperature], 3)] as [([StrategyName], Int)] {
      var (chain, context) = (DecodingChain([TopP(0.75), Temperature(3)]).ordered(by: order), DecodingContext())
      #expect(chain.candidates(Self.values, in: &context).count == count)
    }
  }

  @Test func penaltiesLookAtThePromptToo() {
    var (penalties, context) = (Penalties(presence: 100), DecodingContext(prompt: [1, 3]))
    var candidates = Candidates(logProbabilities: Self.values)
    penalties.apply(to: &candidates, in: &context)
    #expect(candidates.tokens.prefix(3) == [4, 0, 2])
  }

  @Test func dryOfAVeryLongRepetitionStaysANumber() {
    var context = DecodingContext(prompt: Array(repeating: 1, count: 5000))
    var (dry, candidates) = (DRY(multiplier: 1), Candidates(logProbabilities: Self.values))
    dry.apply(to: &candidates, in: &context)
    #expect(candidates.tokens.last == 1 && candidates.probabilities.allSatisfy { $0.isFinite })
  }
}
