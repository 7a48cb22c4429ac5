import RNNModel

/// A model that always gives the same distribution, and remembers what it read.
final class ConstantModel: LanguageModel {
  let size: Int
  let streams = 1
  let longestWindow = 1
  private let logProbabilities: [Float]
  private(set) var read: [Int32] = []
  private(set) var resets = 0

  init(_ logProbabilities: [Float]) {
    self.logProbabilities = logProbabilities
    size = logProbabilities.count
  }

  func reset() {
    read = []
    resets += 1
  }

  func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
    read += tokens
    logProbabilities = self.logProbabilities
  }

  func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {}
}
