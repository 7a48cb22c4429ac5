import RNNModel
import RealModule

/// A model whose numbers are known: the next token depends on the last two, so that there is a state to carry.
final class TrigramModel: LanguageModel {
  let size: Int
  let streams = 1
  let longestWindow: Int
  private var previous: Int
  private(set) var resets = 0

  /// - Parameter size: the number of tokens.
  init(size: Int, longestWindow: Int, previous: Int = 0) {
    (self.size, self.longestWindow, self.previous) = (size, longestWindow, previous)
  }

  /// p(next | before, last), by weights 1, 2, ..., size in an order that depends on both.
  func probability(of next: Int, after last: Int, _ before: Int) -> Double {
    Double(1 + (next + 2 * last + 3 * before) % size) / Double(size * (size + 1) / 2)
  }

  func reset() {
    previous = 0
    resets += 1
  }

  func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
    let last = Int(tokens[0])
    for next in 0..<size { logProbabilities[next] = Float(Double.log(probability(of: next, after: last, previous))) }
    previous = last
  }

  func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {
    precondition(inputs.count <= longestWindow)
    for (index, (input, target)) in zip(inputs, targets).enumerated() {
      results[index] = .log(probability(of: Int(target), after: Int(input), previous))
      previous = Int(input)
    }
  }
}
