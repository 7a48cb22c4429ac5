import RNNModel
import RealModule

/// How much the predictions of two models for the same text differ.
public struct OutputDifference: Hashable, Sendable {
  /// How many predictions were compared: one after each token but the last.
  public private(set) var predictions = 0
  /// The largest difference of a token's log-probability, in nats; infinite where only one of the models gives a number.
  public private(set) var largest = 0.0
  /// The mean magnitude of the differences of all tokens' log-probabilities, in nats.
  public private(set) var mean = 0.0
  /// The mean Kullback-Leibler divergence of the second model's distribution from the first one's, sum of p ln(p / q), in nats per token.
  public private(set) var divergenceOfSecond = 0.0
  /// The same the other way round, sum of q ln(q / p).
  public private(set) var divergenceOfFirst = 0.0
  /// The share of predictions whose most likely token is the same.
  public private(set) var agreement = 0.0
  /// The loss of the first model on the text, in nats per token.
  public private(set) var firstLoss = 0.0
  /// The loss of the second one.
  public private(set) var secondLoss = 0.0

  /// Lets two models read a text as one stream.
  ///
  /// - Parameters:
  ///   - tokens: at least two.
  ///   - first: a model with one stream.
  ///   - second: one of as many tokens, with one stream.
  ///   - progress: called now and then with the part that is done.
  public init(
    _ tokens: [Int32], _ first: any LanguageModel, _ second: any LanguageModel, progress: (Double) -> Void = { _ in }
  ) {
    let size = min(first.size, second.size)
    var left = [Float](repeating: 0, count: size)
    var right = left
    first.reset()
    second.reset()
    var agreed = 0
    for (index, token) in tokens.dropLast().enumerated() {
      first.advance([token], into: &left)
      second.advance([token], into: &right)
      add(left, right, &agreed)
      firstLoss -= Double(left[Int(tokens[index + 1])])
      secondLoss -= Double(right[Int(tokens[index + 1])])
      if index.isMultiple(of: 64) { progress(Double(index) / Double(tokens.count)) }
    }
    let count = Double(max(1, predictions))
    mean /= count * Double(max(1, size))
    divergenceOfSecond /= count
    divergenceOfFirst /= count
    agreement = Double(agreed) / count
    firstLoss /= count
    secondLoss /= count
  }

  /// Adds one prediction.
  private mutating func add(_ left: [Float], _ right: [Float], _ agreed: inout Int) {
    predictions += 1
    var (bestLeft, bestRight) = (0, 0)
    for index in left.indices {
      let (p, q) = (Double(left[index]), Double(right[index]))
      if left[index] > left[bestLeft] { bestLeft = index }
      if right[index] > right[bestRight] { bestRight = index }
      if p == q { continue }
      let difference = p.isNaN || q.isNaN ? .infinity : abs(p - q)
      largest = max(largest, difference)
      mean += difference
      // What has no probability adds nothing: p ln p is 0 there.
      if p > -.infinity { divergenceOfSecond += .exp(p) * (p - q) }
      if q > -.infinity { divergenceOfFirst += .exp(q) * (q - p) }
    }
    if bestLeft == bestRight { agreed += 1 }
  }
}
