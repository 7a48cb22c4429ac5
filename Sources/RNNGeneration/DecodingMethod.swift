import RNNModel

/// A way to write texts: token by token, or by a search.
public enum DecodingMethod: Sendable {
  /// Each token is drawn.
  case sampling(DecodingChain)
  /// The text of the highest score.
  case beams(BeamSearch)
  /// Texts drawn without replacement; of them the most probable comes first.
  case stochasticBeams(Int, DecodingChain)
  /// Contrastive search.
  case contrastive(ContrastiveSearch)

  /// How many streams of the model one text needs.
  public var streams: Int {
    switch self {
    case .sampling: 1
    case .beams(let search): search.beams
    case .stochasticBeams(let beams, _): beams
    case .contrastive(let search): search.count
    }
  }

  /// Writes a text after each of some prompts.
  ///
  /// - Parameters:
  ///   - count: how many tokens each has.
  ///   - prompts: what is read before each.
  ///   - model: the model.
  ///   - seed: the seed of chance.
  ///   - batch: how many texts are drawn side by side.
  ///   - progress: called with the part that is done.
  /// - Returns: the tokens of each text, without the prompt; fewer where nothing more can come.
  /// - Throws: `ArchitectureError`, ``Sampler/NotFinite``, ``ContrastiveSearch/NoHiddenState``.
  public func texts(
    _ count: Int, after prompts: [[Int32]], from model: any LanguageModelSource, seed: UInt64, batch: Int = 32,
    progress: (Double) -> Void = { _ in }
  ) throws -> [[Int32]] {
    let reader = try model.languageModel()
    var texts = [[Int32]](repeating: [], count: prompts.count)
    if case .sampling(let chain) = self {
      let streams = try model.languageModel(streams: max(1, min(batch, prompts.count)), longestWindow: 1)
      var drawn = 0
      try BatchSampler(chain: chain, seed: seed).sample(count, after: prompts, from: streams, reader: reader) {
        texts[$0].append($1.token)
        drawn += 1
        progress(Double(drawn) / Double(max(1, count * prompts.count)))
        return true
      }
      return texts
    }
    let streams = try model.languageModel(streams: streams, longestWindow: 1)
    for (index, prompt) in prompts.enumerated() {
      switch self {
      case .sampling: break
      case .beams(let search):
        texts[index] = try search.search(count, after: prompt, in: streams, reader: reader).first?.tokens ?? []
      case .stochasticBeams(let beams, let chain):
        let search = StochasticBeamSearch(
          beams: beams, chain: chain, seed: Sampler.seed(seed, ofText: UInt64(index)))
        let found = try search.search(count, after: prompt, in: streams, reader: reader)
        texts[index] = found.max { $0.logProbability < $1.logProbability }?.tokens ?? []
      case .contrastive(let search):
        try search.search(count, after: prompt, in: streams, reader: reader) {
          texts[index].append($0.token)
          return true
        }
      }
      progress(Double(index + 1) / Double(prompts.count))
    }
    return texts
  }
}
