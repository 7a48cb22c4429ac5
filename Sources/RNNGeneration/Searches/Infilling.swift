import Kernels
import RNNModel

/// Finds what could stand between two texts: draws beginnings without replacement, and ranks each of them, at each length, by the
/// probability of itself and of what comes after it.
public struct Infilling: Sendable {
  /// How many beginnings are kept.
  public let beams: Int
  /// The lengths that are tried, in tokens.
  public let lengths: ClosedRange<Int>
  /// How much of what comes after is read at most, in tokens.
  public let suffixCount: Int
  /// The score is the sum of ln p divided by length^penalty; 1 gives the mean.
  public let lengthPenalty: Double
  /// Changes the distributions that are drawn from, and which tokens may come.
  public let chain: DecodingChain
  /// The seed of chance.
  public let seed: UInt64

  /// Prepares a search.
  ///
  /// - Precondition: there is at least one beam; lengths are not negative.
  public init(
    beams: Int, lengths: ClosedRange<Int>, suffixCount: Int = 32, lengthPenalty: Double = 1,
    chain: DecodingChain = DecodingChain(), seed: UInt64
  ) {
    precondition(beams > 0 && lengths.lowerBound >= 0 && suffixCount > 0, "infilling with \(beams) beams")
    (self.beams, self.lengths, self.suffixCount, self.chain) = (beams, lengths, suffixCount, chain)
    (self.lengthPenalty, self.seed) = (lengthPenalty, seed)
  }

  /// Finds texts.
  ///
  /// - Parameters:
  ///   - prompt: what comes before.
  ///   - suffix: what comes after.
  ///   - model: with ``beams`` streams.
  ///   - reader: the same model with one stream, which reads the prompt.
  ///   - frequencies: how often each token occurred in the training text.
  /// - Returns: up to ``beams`` texts with ln p of themselves and of what comes after, the best first.
  /// - Throws: ``Sampler/NotFinite``.
  public func search(
    between prompt: [Int32], and suffix: [Int32], in model: some BranchingLanguageModel,
    reader: some BranchingLanguageModel, frequencies: [UInt64]? = nil
  ) throws -> [Hypothesis] {
    precondition(model.streams == beams, "\(model.streams) streams for \(beams) beams")
    let suffix = Array(suffix.prefix(suffixCount))
    var state = SearchState(model, reader: reader, prompt: prompt, frequencies: frequencies)
    var generator = RandomGenerator(seed: seed)
    var paths = StochasticPaths(
      root: Beam(chain: chain, context: DecodingContext(prompt: prompt, seed: seed), stream: 0))
    var best: [Hypothesis] = []
    for length in 0...lengths.upperBound {
      if length > 0 {
        try paths.extend(to: beams, state, { _ in false }, using: &generator)
        guard !paths.live.isEmpty else { break }
        state.advance(&paths.live)
      }
      guard lengths.contains(length) else { continue }
      for (beam, after) in zip(paths.live, try score(suffix, paths.live, state)) {
        let sum = beam.logProbability + after
        let count = Double(max(1, length + suffix.count))
        best.append(
          Hypothesis(
            tokens: Array(beam.context.drawnTokens), logProbability: sum,
            score: sum / PortableMath.pow(count, lengthPenalty)))
      }
      best = Array(best.sorted(by: Hypothesis.isBetter).prefix(beams))
    }
    return best
  }

  /// ln p of what comes after each path; the streams then are where they were.
  private func score<M>(_ suffix: [Int32], _ beams: [Beam], _ state: SearchState<M>) throws -> [Double] {
    let model = state.model
    let memories = (0..<model.streams).map { model.memory(of: $0) }
    defer { for (stream, memory) in memories.enumerated() { model.setMemory(memory, of: stream) } }
    var sums = [Double](repeating: 0, count: beams.count)
    var rows = state.logProbabilities
    for (place, token) in suffix.enumerated() {
      for (index, beam) in beams.enumerated() {
        let value = Double(rows[beam.stream * model.size + Int(token)])
        guard !value.isNaN else { throw Sampler.NotFinite(drawn: place) }
        sums[index] += value
      }
      if place < suffix.count - 1 {
        model.advance(Array(repeating: token, count: model.streams), into: &rows)
      }
    }
    return sums
  }
}
