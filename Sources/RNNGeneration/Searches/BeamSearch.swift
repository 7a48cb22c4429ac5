import RNNModel

/// Beam search, and diverse beam search (Vijayakumar et al. 2018): keeps the most probable paths at each step.
///
/// As in Hugging Face's programs, strategies change the scores that are summed up, a path that has ended is ranked by its sum divided by its
/// length^``lengthPenalty``, and in diverse search each group pays for every token that the groups before it have chosen at the
/// same step.
public struct BeamSearch: Sendable {
  /// How many paths are kept, over all groups.
  public let beams: Int
  /// How many groups there are; 1 for plain beam search.
  public let groups: Int
  /// What a token costs for each time that another group has chosen it at this step, in nats.
  public let diversityPenalty: Double
  /// Above 0 longer texts gain, below 0 shorter ones. It matters where texts can end before the last step.
  public let lengthPenalty: Double
  /// Change the scores, and which tokens may come.
  public let chain: DecodingChain

  /// Prepares a search.
  ///
  /// - Precondition: there is at least one beam, and the groups are equally large.
  public init(
    beams: Int, groups: Int = 1, diversityPenalty: Double = 0, lengthPenalty: Double = 1,
    chain: DecodingChain = DecodingChain()
  ) {
    precondition(groups > 0 && beams >= groups && beams % groups == 0, "\(beams) beams in \(groups) groups")
    (self.beams, self.groups, self.chain) = (beams, groups, chain)
    (self.diversityPenalty, self.lengthPenalty) = (diversityPenalty, lengthPenalty)
  }

  /// Finds texts.
  ///
  /// - Parameters:
  ///   - count: how many tokens they have at most.
  ///   - prompt: what is read first.
  ///   - model: with ``beams`` streams.
  ///   - reader: the same model with one stream, which reads the prompt.
  ///   - frequencies: how often each token occurred in the training text.
  ///   - isEnd: whether a text ends with the tokens added so far.
  /// - Returns: up to ``beams`` texts, the best first.
  /// - Throws: ``Sampler/NotFinite``.
  public func search(
    _ count: Int, after prompt: [Int32], in model: some BranchingLanguageModel, reader: some BranchingLanguageModel,
    frequencies: [UInt64]? = nil, isEnd: (ArraySlice<Int32>) -> Bool = { _ in false }
  ) throws -> [Hypothesis] {
    precondition(model.streams == beams, "\(model.streams) streams for \(beams) beams")
    var state = SearchState(model, reader: reader, prompt: prompt, frequencies: frequencies)
    let root = Beam(chain: chain, context: DecodingContext(prompt: prompt), stream: 0)
    var live = [[Beam]](repeating: [root], count: groups)
    var found = [[Hypothesis]](repeating: [], count: groups)
    for step in 0..<max(0, count) {
      var chosen: [Int32: Int] = [:]
      for group in 0..<groups {
        try extend(&live[group], &found[group], state, chosen, isEnd)
        for beam in live[group] { chosen[beam.context.tokens.last ?? 0, default: 0] += 1 }
        if isDone(live[group], found[group], length: step + 1) { live[group] = [] }
      }
      var all = live.flatMap { $0 }
      if all.isEmpty || step == count - 1 { break }
      state.advance(&all)
      var start = 0
      for group in 0..<groups {
        live[group] = Array(all[start..<(start + live[group].count)])
        start += live[group].count
      }
    }
    for group in 0..<groups {
      for beam in live[group] { found[group].append(beam.hypothesis(score: ranked(beam))) }
    }
    return Array(found.joined().sorted(by: Hypothesis.isBetter).prefix(beams))
  }

  private func ranked(_ beam: Beam) -> Double {
    beam.score / PortableMath.pow(Double(max(1, beam.context.drawn)), lengthPenalty)
  }

  /// Replaces the paths of a group by their best extensions.
  private func extend<M>(
    _ beams: inout [Beam], _ found: inout [Hypothesis], _ state: SearchState<M>, _ chosen: [Int32: Int],
    _ isEnd: (ArraySlice<Int32>) -> Bool
  ) throws {
    let width = self.beams / groups
    var extensions: [(beam: Int, token: Int32, score: Double)] = []
    for index in beams.indices {
      let row = try state.row(beams[index].stream)
      var candidates = beams[index].candidates(row)
      if diversityPenalty != 0 {
        candidates.adjust(chosen.keys) { token, score in score - diversityPenalty * Double(chosen[token] ?? 0) }
      }
      // So many that enough go on when half of them end here.
      let top = candidates.top(2 * width)
      if top.isEmpty && beams[index].context.drawn > 0 {
        found.append(beams[index].hypothesis(score: ranked(beams[index])))
      }
      extensions += top.map { (index, $0.token, beams[index].score + $0.score) }
    }
    extensions.sort { $0.score != $1.score ? $0.score > $1.score : ($0.beam, $0.token) < ($1.beam, $1.token) }
    var next: [Beam] = []
    for (rank, (index, token, score)) in extensions.prefix(2 * width).enumerated() where next.count < width {
      let beam = beams[index].extended(
        by: token, logProbability: state.logProbability(of: token, after: beams[index].stream), score: score)
      if isEnd(beam.context.drawnTokens) {
        if rank < width { found.append(beam.hypothesis(score: ranked(beam))) }
      } else {
        next.append(beam)
      }
    }
    beams = next
  }

  /// Whether no path can still do better than what was found.
  private func isDone(_ beams: [Beam], _ found: [Hypothesis], length: Int) -> Bool {
    let width = self.beams / groups
    guard found.count >= width, let best = beams.first else { return false }
    let worst = found.map(\.score).sorted(by: >)[width - 1]
    return ranked(best) <= worst
  }
}
