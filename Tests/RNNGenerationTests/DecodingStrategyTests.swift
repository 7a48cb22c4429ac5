import Kernels
import RNNGeneration
import RealModule
import Testing

@Suite struct DecodingStrategyTests {
  private static let probabilities: [Double] = [0.1, 0.4, 0.05, 0.25, 0.2]

  private func candidates(_ probabilities: [Double] = probabilities) -> Candidates {
    Candidates(logProbabilities: probabilities.map { Float(Double.log($0)) })
  }

  private func applying(_ strategy: some DecodingStrategy, to probabilities: [Double] = probabilities) -> Candidates {
    var candidates = candidates(probabilities)
    strategy.apply(to: &candidates)
    return candidates
  }

  private func expectProbabilities(
    _ candidates: Candidates, _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(candidates.count == expected.count, sourceLocation: sourceLocation)
    for (value, expected) in zip(candidates.probabilities, expected) {
      #expect(abs(value - expected) < 1e-6, sourceLocation: sourceLocation)
    }
  }

  @Test func sortsByProbabilityThenById() {
    #expect(candidates().tokens == [1, 3, 4, 0, 2])
    expectProbabilities(candidates(), [0.4, 0.25, 0.2, 0.1, 0.05])
    #expect(candidates([0.25, 0.25, 0.25, 0.25]).tokens == [0, 1, 2, 3])
  }

  @Test func leavesOutWhatCannotCome() {
    let candidates = Candidates(logProbabilities: [.nan, -1, -.infinity, -2, -.nan])
    #expect(candidates.tokens == [1, 3])
    let sum = Double.exp(-1) + .exp(-2)
    expectProbabilities(candidates, [.exp(-1) / sum, .exp(-2) / sum])
    let none = Candidates(logProbabilities: [.nan, -.infinity])
    #expect(none.count == 0 && none.probabilities.isEmpty)
  }

  @Test func normalisesScoresOfAnySize() {
    let candidates = Candidates(logProbabilities: [-5000, -5000 - Float.log(3)])
    for (value, expected) in zip(candidates.probabilities, [0.75, 0.25]) { #expect(abs(value - expected) < 1e-3) }
  }

  @Test(arguments: [0.25, 0.5, 1, 2, 10]) func temperatureRaisesProbabilitiesToItsInverse(temperature: Double) {
    let powers = [0.4, 0.25, 0.2, 0.1, 0.05].map { Double.pow($0, 1 / temperature) }
    let sum = powers.reduce(0, +)
    let cooled = applying(Temperature(temperature))
    #expect(cooled.tokens == [1, 3, 4, 0, 2])
    expectProbabilities(cooled, powers.map { $0 / sum })
  }

  @Test(arguments: 1...7) func topKKeepsTheMostProbable(count: Int) {
    let sorted = [0.4, 0.25, 0.2, 0.1, 0.05]
    let kept = sorted.prefix(count)
    let top = applying(TopK(count))
    #expect(top.tokens == Array([1, 3, 4, 0, 2].prefix(count)))
    expectProbabilities(top, kept.map { $0 / kept.reduce(0, +) })
  }

  @Test(arguments: [
    (1e-9, 1), (0.39, 1), (0.41, 2), (0.64, 2), (0.66, 3), (0.84, 3), (0.86, 4), (0.94, 4), (0.96, 5), (1, 5),
  ])
  func topPKeepsTheSmallestNucleus(probability: Double, count: Int) {
    let kept = [0.4, 0.25, 0.2, 0.1, 0.05].prefix(count)
    expectProbabilities(applying(TopP(probability)), kept.map { $0 / kept.reduce(0, +) })
  }

  @Test func topPReachedExactlyNeedsNoMore() {
    #expect(applying(TopP(0.5), to: [0.25, 0.25, 0.25, 0.25]).tokens == [0, 1])
    #expect(applying(TopP(0.9), to: [0.95, 0.05]).tokens == [0])
  }

  @Test func topPOfOneKeepsEvenTheLeastProbable() {
    let candidates = applying(TopP(1), to: [1, 1e-30, 1e-37])
    #expect(candidates.tokens == [0, 1, 2])
  }

  @Test func greedyKeepsTheFirstOfEquals() {
    #expect(applying(Greedy()).tokens == [1])
    #expect(applying(Greedy(), to: [0.1, 0.45, 0.45]).tokens == [1])
    expectProbabilities(applying(Greedy()), [1])
  }

  /// A large vocabulary, where only as much is sorted as is needed.
  @Test(arguments: [1, 2, 40, 300, 4000, 20_000]) func keepsTheSameAsSortingAllWould(count: Int) {
    var generator = RandomGenerator(seed: UInt64(count))
    // Many equal ones.
    let values = (0..<20_000).map { _ in -Float.random(in: 0..<8, using: &generator).rounded(.down) }
    let order = values.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
    var candidates = Candidates(logProbabilities: values)
    candidates.keep(count)
    #expect(candidates.tokens == order.prefix(count).map { Int32($0) })
    var cooled = Candidates(logProbabilities: values)
    Temperature(0.7).apply(to: &cooled)
    let probabilities = cooled.probabilities
    TopK(count).apply(to: &cooled)
    TopP(0.5).apply(to: &cooled)
    let total = probabilities.prefix(count).reduce(0, +)
    var sum = 0.0
    let expected = probabilities.prefix(count).prefix { probability in
      defer { sum += probability / total }
      return sum < 0.5
    }
    #expect(abs(cooled.count - expected.count) <= 1)
    #expect(cooled.tokens == order.prefix(cooled.count).map { Int32($0) })
  }

  @Test func eachTakesWhatTheOneBeforeLeft() {
    var candidates = candidates()
    TopK(2).apply(to: &candidates)
    // Of 0.4 and 0.25, the first alone has 0.615.
    TopP(0.6).apply(to: &candidates)
    #expect(candidates.tokens == [1])
  }
}
