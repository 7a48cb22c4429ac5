import RNNModel

/// The streams of a model during a search: each path has read its tokens in one of them.
struct SearchState<M: BranchingLanguageModel> {
  let model: M
  /// ln p after each stream, `[streams, size]`.
  private(set) var logProbabilities: [Float]
  private var drawn = 0

  /// Lets all streams begin after a prompt.
  init(_ model: M, reader: some BranchingLanguageModel, prompt: [Int32], frequencies: [UInt64]?) {
    self.model = model
    let first = reader.read(prompt, frequencies: frequencies)
    let memory = reader.memory(of: 0)
    model.reset()
    for stream in 0..<model.streams { model.setMemory(memory, of: stream) }
    logProbabilities = Array((0..<model.streams).map { _ in first }.joined())
  }

  /// ln p of each token after one stream.
  func row(_ stream: Int) throws(Sampler.NotFinite) -> ArraySlice<Float> {
    let row = logProbabilities[(stream * model.size)..<((stream + 1) * model.size)]
    guard row.allSatisfy({ !$0.isNaN }) else { throw Sampler.NotFinite(drawn: drawn) }
    return row
  }

  /// ln p of a token after one stream.
  func logProbability(of token: Int32, after stream: Int) -> Double {
    Double(logProbabilities[stream * model.size + Int(token)])
  }

  /// Lets the streams read the last tokens of paths, each path in a stream of its own; tells the paths where they are.
  ///
  /// - Precondition: there are no more paths than streams.
  mutating func advance(_ beams: inout [Beam]) {
    guard let first = beams.first else { return }
    // Streams that no path needs go along with the first one.
    var sources = [Int](repeating: first.stream, count: model.streams)
    var tokens = [Int32](repeating: first.context.tokens.last ?? 0, count: model.streams)
    for index in beams.indices {
      sources[index] = beams[index].stream
      tokens[index] = beams[index].context.tokens.last ?? 0
      beams[index].stream = index
    }
    model.arrange(sources)
    model.advance(tokens, into: &logProbabilities)
    drawn += 1
  }
}
