import Kernels
import RNNGeneration
import RNNModel
import RealModule

/// A model whose numbers are known: the next token depends on the last two.
final class MarkovModel: BranchingLanguageModel {
  let size: Int
  let streams: Int
  let longestWindow = 1
  private var last: [[Int32]]
  /// How often all streams read a token.
  private(set) var steps = 0

  init(size: Int, streams: Int = 1) {
    (self.size, self.streams) = (size, streams)
    last = Array(repeating: [], count: streams)
  }

  /// ln p of each token after a text.
  func logProbabilities(after text: [Int32]) -> [Double] {
    var generator = RandomGenerator(
      seed: UInt64(text.suffix(2).reduce(1) { $0 * (size + 1) + Int($1) + 1 } * 2 + text.suffix(2).count))
    let weights = (0..<size).map { _ in generator.uniform(in: 0.02..<1) }
    let sum = weights.reduce(0, +)
    return weights.map { .log($0 / sum) }
  }

  /// ln p of a text after a prompt.
  func logProbability(of text: [Int32], after prompt: [Int32] = []) -> Double {
    text.indices.reduce(0) { $0 + logProbabilities(after: prompt + text[..<$1])[Int(text[$1])] }
  }

  func reset() { last = Array(repeating: [], count: streams) }

  func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
    steps += 1
    logProbabilities = []
    for stream in 0..<streams {
      last[stream] = (last[stream] + [tokens[stream]]).suffix(2)
      logProbabilities += self.logProbabilities(after: last[stream]).map { Float($0) }
    }
  }

  func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {}

  func memory(of stream: Int) -> TextMemory { TextMemory(tokens: last[stream]) }
  func setMemory(_ memory: TextMemory, of stream: Int) { last[stream] = memory.tokens }

  /// Depends on the last token only.
  func hiddenState(of stream: Int) -> [Float] { Self.hidden(last[stream].last ?? 0) }

  static func hidden(_ token: Int32) -> [Float] {
    var generator = RandomGenerator(seed: UInt64(token) + 77)
    return (0..<4).map { _ in Float(generator.uniform(in: -1..<1)) }
  }

  /// All texts of a length.
  func texts(_ length: Int) -> [[Int32]] {
    length == 0 ? [[]] : texts(length - 1).flatMap { text in (0..<Int32(size)).map { text + [$0] } }
  }
}

/// Pearson's statistic; infinite if something was drawn that cannot come.
func chiSquared(_ counts: [Int], _ probabilities: [Double]) -> Double {
  let total = Double(counts.reduce(0, +))
  return zip(counts, probabilities).reduce(0) { sum, pair in
    let expected = pair.1 * total
    return Double(pair.0) == expected ? sum : sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
  }
}
