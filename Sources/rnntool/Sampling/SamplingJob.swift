import RNNGeneration
import RNNModel

/// Texts to be written.
struct SamplingJob {
  let model: any LanguageModelSource
  let architecture: Architecture
  let vocabulary: Vocabulary
  let prompt: [Int32]
  let seed: UInt64
  /// How many tokens each has at most.
  let length: Int
  /// How many texts there are.
  let count: Int
  let batch: Int
  let end: TextEnd
  let pattern: TextPattern?
  let wantsEntropy: Bool

  private var start: WrittenText {
    WrittenText(vocabulary, after: prompt, length: length, end: end, pattern: pattern, keepsDraws: wantsEntropy)
  }

  /// Writes them.
  ///
  /// - Throws: ``Failure`` where what is kept of them would not fit into memory, and what the method throws.
  func run(_ method: DecodingMethod, into output: inout SamplingOutput) throws {
    if wantsEntropy {
      try Memory.check(
        bytes: [count, length, 2 * MemoryLayout<Sampler.Draw>.stride], for: "all that is said of the tokens")
    }
    let reader = try model.languageModel(longestWindow: prompt.count > 256 ? 256 : 1)
    switch method {
    case .sampling(let chain) where count == 1: try drawOne(chain, reader, &output)
    case .sampling(let chain): try drawMany(chain, reader, &output)
    case .contrastive(let search):
      let streams = try streams(search.count)
      var text = start
      try search.search(length, after: prompt, in: streams, reader: reader, frequencies: vocabulary.counts) { draw in
        try output.show(text.add(draw), draw)
        return !text.isEnded
      }
      try output.take(text, number: 0)
    case .beams(let search):
      try give(
        try search.search(
          length, after: prompt, in: try streams(search.beams), reader: reader, frequencies: vocabulary.counts,
          isEnd: isEnd), reader, &output)
    case .stochasticBeams(let beams, let chain):
      try give(
        try StochasticBeamSearch(beams: beams, chain: chain, seed: seed).search(
          length, after: prompt, in: try streams(beams), reader: reader, frequencies: vocabulary.counts, isEnd: isEnd),
        reader, &output)
    }
  }

  /// Finds what stands between the prompt and another text.
  func infill(
    before suffix: [Int32], beams: Int, _ lengthPenalty: Double, _ chain: DecodingChain,
    into output: inout SamplingOutput
  ) throws {
    let reader = try model.languageModel(longestWindow: 1)
    let search = Infilling(
      beams: beams, lengths: 0...length, lengthPenalty: lengthPenalty, chain: chain, seed: seed)
    let found = try search.search(
      between: prompt, and: suffix, in: try streams(beams), reader: reader, frequencies: vocabulary.counts)
    try give(found, reader, &output)
  }

  private func streams(_ count: Int) throws -> any BranchingLanguageModel {
    try Memory.check(architecture, batch: count, steps: 1)
    return try model.languageModel(streams: count, longestWindow: 1)
  }

  private func drawOne(_ chain: DecodingChain, _ reader: any BranchingLanguageModel, _ output: inout SamplingOutput)
    throws
  {
    var text = start
    var sampler = Sampler(chain: chain, seed: seed)
    sampler.measuresEntropy = wantsEntropy
    try sampler.sample(length, after: prompt, from: reader, frequencies: vocabulary.counts) { draw in
      try output.show(text.add(draw), draw)
      return !text.isEnded
    }
    try output.take(text, number: 0)
  }

  private func drawMany(_ chain: DecodingChain, _ reader: any BranchingLanguageModel, _ output: inout SamplingOutput)
    throws
  {
    var sampler = BatchSampler(chain: chain, seed: seed)
    sampler.measuresEntropy = wantsEntropy
    var texts = [WrittenText](repeating: start, count: count)
    var isTaken = [Bool](repeating: false, count: count)
    try sampler.sample(
      length, after: Array(repeating: prompt, count: count), from: try streams(min(batch, count)), reader: reader,
      frequencies: vocabulary.counts
    ) { number, draw in
      _ = texts[number].add(draw)
      if texts[number].isEnded || texts[number].count == length {
        isTaken[number] = true
        try output.take(texts[number], number: number)
      }
      defer { if isTaken[number] { texts[number] = start } }
      return !texts[number].isEnded
    }
    for number in texts.indices where !isTaken[number] { try output.take(texts[number], number: number) }
  }

  /// Whether a stop has been reached.
  private func isEnd(_ tokens: ArraySlice<Int32>) -> Bool {
    var end = end
    _ = end.add(vocabulary.decode(tokens))
    return end.isReached
  }

  /// Gives what a search has found, with what the model says of each token.
  private func give(
    _ hypotheses: [Hypothesis], _ reader: any BranchingLanguageModel, _ output: inout SamplingOutput
  ) throws {
    for (number, hypothesis) in hypotheses.prefix(count).enumerated() {
      var text = start
      text.hypothesis = hypothesis
      var logProbabilities = reader.read(prompt, frequencies: vocabulary.counts)
      for token in hypothesis.tokens {
        let value = Double(logProbabilities[Int(token)])
        let isFirst = prompt.isEmpty && text.count == 0
        let draw = Sampler.Draw(
          token: token, logProbability: isFirst ? nil : value,
          probability: Candidates(logProbabilities: logProbabilities).probability(of: token),
          entropy: wantsEntropy ? Candidates(logProbabilities: logProbabilities).entropy : nil)
        try output.show(text.add(draw), draw)
        reader.advance([token], into: &logProbabilities)
      }
      try output.take(text, number: number)
    }
  }
}
