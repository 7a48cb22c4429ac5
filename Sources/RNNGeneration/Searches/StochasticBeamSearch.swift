import Kernels
import RNNModel

/// Stochastic beam search (Kool, van Hoof & Welling 2019): draws texts without replacement, exactly as if all texts of the length
/// had been written down and drawn one after another.
///
/// Each path has a Gumbel number whose location is its ln p; the largest numbers of its extensions are drawn from the top down, the
/// largest being its own.
public struct StochasticBeamSearch: Sendable {
  /// How many texts are drawn.
  public let beams: Int
  /// Changes the distributions, and which tokens may come.
  public let chain: DecodingChain
  /// The seed of chance.
  public let seed: UInt64

  /// Prepares a search.
  ///
  /// - Precondition: there is at least one beam.
  public init(beams: Int, chain: DecodingChain = DecodingChain(), seed: UInt64) {
    precondition(beams > 0, "\(beams) beams")
    (self.beams, self.chain, self.seed) = (beams, chain, seed)
  }

  /// Draws texts.
  ///
  /// - Parameters:
  ///   - count: how many tokens they have at most.
  ///   - prompt: what is read first.
  ///   - model: with ``beams`` streams.
  ///   - reader: the same model with one stream, which reads the prompt.
  ///   - frequencies: how often each token occurred in the training text.
  ///   - isEnd: whether a text ends with the tokens added so far.
  /// - Returns: up to ``beams`` different texts in the order in which they were drawn: their scores are the Gumbel numbers.
  /// - Throws: ``Sampler/NotFinite``.
  public func search(
    _ count: Int, after prompt: [Int32], in model: some BranchingLanguageModel, reader: some BranchingLanguageModel,
    frequencies: [UInt64]? = nil, isEnd: (ArraySlice<Int32>) -> Bool = { _ in false }
  ) throws -> [Hypothesis] {
    precondition(model.streams == beams, "\(model.streams) streams for \(beams) beams")
    var state = SearchState(model, reader: reader, prompt: prompt, frequencies: frequencies)
    var generator = RandomGenerator(seed: seed)
    var paths = StochasticPaths(
      root: Beam(chain: chain, context: DecodingContext(prompt: prompt, seed: seed), stream: 0))
    for step in 0..<max(0, count) {
      try paths.extend(to: beams, state, isEnd, using: &generator)
      if paths.live.isEmpty || step == count - 1 { break }
      state.advance(&paths.live)
    }
    return (paths.live.map { ($0, $0.score) } + paths.ended.map { ($0, $0.score) })
      .map { $0.0.hypothesis(score: $0.1) }.sorted(by: Hypothesis.isBetter)
  }
}

/// The paths of a stochastic search, with ln p under the changed distribution; the score of a ``Beam`` is its Gumbel number.
struct StochasticPaths {
  var live: [Beam]
  /// ln p of the live paths in the distribution that is drawn from.
  private var locations: [Double] = [0]
  /// Paths that have come to an end, and keep their place in the beam.
  private(set) var ended: [Beam] = []

  init(root: Beam) { live = [root] }

  /// One step: the paths with the largest numbers, of those that have ended and the extensions of the others.
  mutating func extend<M>(
    to width: Int, _ state: SearchState<M>, _ isEnd: (ArraySlice<Int32>) -> Bool, using generator: inout RandomGenerator
  ) throws {
    var extensions: [(beam: Int, token: Int32, location: Double, number: Double)] = []
    for index in live.indices {
      let row = try state.row(live[index].stream)
      let candidates = live[index].candidates(row)
      let children = candidates.drawWithoutReplacement(
        width, location: locations[index], bound: live[index].score, using: &generator)
      if children.isEmpty { ended.append(live[index]) }
      extensions += children.map { (index, $0.token, $0.location, $0.number) }
    }
    extensions.sort { $0.number != $1.number ? $0.number > $1.number : ($0.beam, $0.token) < ($1.beam, $1.token) }
    // Ended paths compete with the others.
    let numbers = (extensions.map(\.number) + ended.map(\.score)).sorted(by: >)
    let least = numbers.count > width ? numbers[width - 1] : -.infinity
    ended.removeAll { $0.score < least }
    var (next, nextLocations): ([Beam], [Double]) = ([], [])
    for (index, token, location, number) in extensions where number >= least {
      let beam = live[index].extended(
        by: token, logProbability: state.logProbability(of: token, after: live[index].stream), score: number)
      if isEnd(beam.context.drawnTokens) {
        ended.append(beam)
      } else {
        next.append(beam)
        nextLocations.append(location)
      }
    }
    (live, locations) = (next, nextLocations)
  }
}

extension Candidates {
  /// Draws different tokens with Gumbel numbers, the largest first.
  ///
  /// - Parameters:
  ///   - count: how many at most.
  ///   - location: ln p of the path so far.
  ///   - bound: the largest number, that of the path.
  /// - Returns: the tokens, their locations (ln p of the extended paths), and their numbers.
  func drawWithoutReplacement(
    _ count: Int, location: Double, bound: Double, using generator: inout RandomGenerator
  ) -> [(token: Int32, location: Double, number: Double)] {
    var weights = Weights(values)
    let whole = weights.total
    var drawn: [(token: Int32, location: Double, number: Double)] = []
    var bound = bound
    while drawn.count < min(count, values.count), weights.total > 0 {
      if !drawn.isEmpty {
        // The largest of the rest is a Gumbel number below the one before: exp(mu - g) = exp(mu - bound) - ln u.
        let rest = location + PortableMath.log(weights.total / whole)
        let uniform = 1 - generator.uniform()
        bound = rest - PortableMath.log(PortableMath.exp(rest - bound) - PortableMath.log(uniform))
      }
      guard let index = weights.index(at: generator.uniform()), weights.values[index] > 0 else { break }
      drawn.append((id(index), location + PortableMath.log(weights.values[index] / whole), bound))
      weights.remove(at: index)
    }
    return drawn
  }
}
