import RNNGeneration
import RNNModel
import RealModule
import Testing

/// Searches against plain enumeration.
@Suite struct SearchTests {
  private let prompt: [Int32] = [2, 0]

  private func sorted(_ model: MarkovModel, length: Int) -> [(text: [Int32], logProbability: Double)] {
    model.texts(length).map { ($0, model.logProbability(of: $0, after: prompt)) }
      .sorted { $0.logProbability > $1.logProbability }
  }

  @Test func aBeamForEveryTextFindsTheBestOnes() throws {
    let all = sorted(MarkovModel(size: 3), length: 4)
    let model = MarkovModel(size: 3, streams: 81)
    let found = try BeamSearch(beams: 81).search(4, after: prompt, in: model, reader: MarkovModel(size: 3))
    #expect(found.count == 81)
    for (hypothesis, expected) in zip(found, all) {
      #expect(hypothesis.tokens == expected.text)
      #expect(abs(hypothesis.logProbability - expected.logProbability) < 1e-5)
      #expect(abs(hypothesis.score - expected.logProbability / 4) < 1e-5)
    }
  }

  @Test(arguments: [1, 2, 3, 5]) func aNarrowBeamKeepsTheBestOfEachStep(beams: Int) throws {
    let reader = MarkovModel(size: 4)
    var paths: [(text: [Int32], logProbability: Double)] = [([], 0)]
    for _ in 0..<6 {
      paths = paths.flatMap { path in
        reader.logProbabilities(after: prompt + path.text).enumerated().map {
          (path.text + [Int32($0.offset)], path.logProbability + $0.element)
        }
      }.sorted { $0.logProbability > $1.logProbability }
      paths = Array(paths.prefix(beams))
    }
    let found = try BeamSearch(beams: beams).search(
      6, after: prompt, in: MarkovModel(size: 4, streams: beams), reader: reader)
    #expect(found.map(\.tokens) == paths.map(\.text))
  }

  @Test func lengthPenaltyChoosesAmongTextsThatEnd() throws {
    func best(_ penalty: Double) throws -> [Int32] {
      try BeamSearch(beams: 4, lengthPenalty: penalty).search(
        6, after: prompt, in: MarkovModel(size: 4, streams: 4), reader: MarkovModel(size: 4),
        isEnd: { $0.last == 3 })[0].tokens
    }
    let (short, long) = (try best(0), try best(5))
    #expect(short.count < long.count)
    // A text does not go on after its end.
    #expect(short.dropLast().allSatisfy { $0 != 3 } && long.dropLast().allSatisfy { $0 != 3 })
  }

  @Test func groupsAvoidEachOther() throws {
    let search = BeamSearch(beams: 4, groups: 4, diversityPenalty: 100)
    let found = try search.search(3, after: prompt, in: MarkovModel(size: 4, streams: 4), reader: MarkovModel(size: 4))
    for place in 0..<3 { #expect(Set(found.map { $0.tokens[place] }).count == 4) }
    // Without a price they are all alike.
    let alike = try BeamSearch(beams: 4, groups: 4).search(
      3, after: prompt, in: MarkovModel(size: 4, streams: 4), reader: MarkovModel(size: 4))
    #expect(Set(alike.map(\.tokens)).count == 1)
  }

  @Test func beamsObeyStrategies() throws {
    let chain = DecodingChain([NoRepeatNGram(1)], excluding: [0])
    let found = try BeamSearch(beams: 3, chain: chain).search(
      10, after: [], in: MarkovModel(size: 5, streams: 3), reader: MarkovModel(size: 5))
    #expect(!found.isEmpty)
    for text in found { #expect(Set(text.tokens) == [1, 2, 3, 4] && text.tokens.count == 4) }
  }

  /// The first two texts drawn are distributed as by drawing without replacement.
  @Test func stochasticBeamsAreDrawnWithoutReplacement() throws {
    let reader = MarkovModel(size: 2)
    let texts = reader.texts(2)
    let probabilities = texts.map { Double.exp(reader.logProbability(of: $0, after: prompt)) }
    var counts = [Int](repeating: 0, count: 16)
    let model = MarkovModel(size: 2, streams: 3)
    for seed in 0..<6000 {
      let found = try StochasticBeamSearch(beams: 3, seed: UInt64(seed)).search(
        2, after: prompt, in: model, reader: reader)
      try #require(Set(found.map(\.tokens)).count == 3)
      let places = found.map { texts.firstIndex(of: $0.tokens) ?? 0 }
      counts[places[0] * 4 + places[1]] += 1
    }
    let expected = (0..<16).map { pair in
      let (first, second) = (pair / 4, pair % 4)
      return first == second ? 0 : probabilities[first] * probabilities[second] / (1 - probabilities[first])
    }
    // The quantile 0.999 for eleven degrees of freedom.
    #expect(chiSquared(counts, expected) < 31.26)
  }

  @Test func stochasticBeamsOfEverythingAreEverything() throws {
    let found = try StochasticBeamSearch(beams: 8, seed: 3).search(
      3, after: prompt, in: MarkovModel(size: 2, streams: 8), reader: MarkovModel(size: 2))
    #expect(Set(found.map(\.tokens)).count == 8)
    #expect(abs(found.reduce(0) { $0 + .exp($1.logProbability) } - 1) < 1e-5)
  }

  @Test(arguments: [0, 0.3, 0.6, 0.9]) func contrastiveSearchMaximisesItsFormula(alpha: Double) throws {
    let model = MarkovModel(size: 5)
    func cosine(_ left: [Float], _ right: [Float]) -> Double {
      func product(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
      return product(left, right) / (product(left, left) * product(right, right)).squareRoot()
    }
    var text = prompt
    for _ in 0..<12 {
      let probabilities = model.logProbabilities(after: text).map { Double.exp($0) }
      let top = (0..<5).sorted { probabilities[$0] > probabilities[$1] }.prefix(3)
      func score(_ token: Int) -> Double {
        let likeness = text.map { cosine(MarkovModel.hidden($0), MarkovModel.hidden(Int32(token))) }.max() ?? 0
        return (1 - alpha) * probabilities[token] - alpha * likeness
      }
      guard let best = top.max(by: { score($0) < score($1) - 1e-12 }) else { continue }
      text.append(Int32(best))
    }
    var found: [Int32] = []
    try ContrastiveSearch(count: 3, alpha: alpha).search(
      12, after: prompt, in: MarkovModel(size: 5, streams: 3), reader: model
    ) {
      found.append($0.token)
      return true
    }
    #expect(prompt + found == text)
  }

  @Test func infillingFindsWhatFitsBetween() throws {
    let reader = MarkovModel(size: 3)
    let suffix: [Int32] = [1, 1, 0]
    // 27 beams hold every text of up to 3 tokens.
    let found = try Infilling(beams: 27, lengths: 1...3, seed: 1).search(
      between: prompt, and: suffix, in: MarkovModel(size: 3, streams: 27), reader: reader)
    let all = (1...3).flatMap { reader.texts($0) }.map { text in
      (text: text, score: reader.logProbability(of: text + suffix, after: prompt) / Double(text.count + 3))
    }.sorted { $0.score > $1.score }
    for (hypothesis, expected) in zip(found, all) {
      #expect(hypothesis.tokens == expected.text && abs(hypothesis.score - expected.score) < 1e-5)
    }
  }
}
