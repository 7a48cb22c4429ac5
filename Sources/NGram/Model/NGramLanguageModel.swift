import RNNModel

/// An n-gram model that reads streams, as any model of language.
///
/// A stream begins as a text does: where sentences end, after `<s>`.
public final class NGramLanguageModel: BranchingLanguageModel {
  /// The model.
  public let model: NGramModel
  /// The number of streams, B.
  public let streams: Int
  /// The most steps scored at once: no memory depends on it.
  public let longestWindow: Int
  private var states: [NGramModel.State]

  /// Prepares a model.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - streams: how many texts to read at the same time, B.
  ///   - longestWindow: the most steps scored at once.
  public init(_ model: NGramModel, streams: Int = 1, longestWindow: Int = 256) {
    self.model = model
    self.streams = streams
    self.longestWindow = longestWindow
    states = Array(repeating: model.start, count: streams)
  }

  /// The number of tokens, V.
  public var size: Int { model.vocabularySize }

  /// Puts all streams before the beginning of a text.
  public func reset() { states = Array(repeating: model.start, count: streams) }

  /// ln p of every token that may come next, in nats, before any is read: `[streams, size]`.
  public func next(into logProbabilities: inout [Float]) {
    for stream in 0..<streams { model.distribution(after: states[stream], into: &logProbabilities, at: stream * size) }
  }

  /// Reads one token of each stream.
  public func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
    for stream in 0..<streams { _ = model.read(tokens[stream], after: &states[stream]) }
    next(into: &logProbabilities)
  }

  /// Reads several tokens of each stream, and scores what follows each of them.
  public func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {
    for stream in 0..<streams {
      var state = states[stream]
      // The token that was scored last, and the state after it: most often it is what is read next.
      var scored: (token: Int32, state: NGramModel.State)?
      for index in stride(from: stream, to: inputs.count, by: streams) {
        if let scored, scored.token == inputs[index] {
          state = scored.state
        } else {
          _ = model.read(inputs[index], after: &state)
        }
        guard targets[index] >= 0 else {
          results[index] = 0
          scored = nil
          continue
        }
        var after = state
        results[index] = Double(model.read(targets[index], after: &after))
        scored = (targets[index], after)
      }
      states[stream] = state
    }
  }

  /// The longest part of what a stream has read that the model knows as a context: two numbers that stand for it.
  public func memory(of stream: Int) -> TextMemory {
    TextMemory(tokens: [Int32(bitPattern: states[stream].node), Int32(states[stream].length)])
  }

  /// Lets a stream go on where another one stood.
  public func setMemory(_ memory: TextMemory, of stream: Int) {
    guard memory.tokens.count == 2 else { return states[stream] = model.start }
    states[stream] = NGramModel.State(
      node: UInt32(bitPattern: memory.tokens[0]), length: UInt8(clamping: memory.tokens[1]))
  }

  /// There is none.
  public func hiddenState(of stream: Int) -> [Float] { [] }
}
