import RNNModel
import RealModule

/// Several models as one: p(w) is the weighted sum of theirs.
public final class MixtureLanguageModel: AdaptiveLanguageModel {
  /// The weights, which sum to one.
  public let weights: [Double]
  private let parts: [any LanguageModel]
  private var scratch: [Double] = []
  private var row: [Float] = []
  private var sums: [Double] = []

  /// Mixes models.
  ///
  /// - Parameters:
  ///   - parts: models of the same vocabulary and the same number of streams.
  ///   - weights: one for each, not negative, summing to one.
  /// - Throws: ``EvaluationError/weights(reason:)``, ``EvaluationError/differentVocabularies(reason:)``.
  public init(_ parts: [any LanguageModel], weights: [Double]) throws(EvaluationError) {
    guard let first = parts.first, parts.count == weights.count else {
      throw .weights(reason: "there are \(weights.count) for \(parts.count) models")
    }
    try Self.check(weights)
    for part in parts where part.size != first.size {
      throw .differentVocabularies(reason: "one has \(first.size) tokens and another one \(part.size)")
    }
    precondition(parts.allSatisfy { $0.streams == first.streams }, "models with different numbers of streams")
    self.parts = parts
    self.weights = weights
  }

  /// Throws unless numbers are the weights of a mixture.
  ///
  /// - Throws: ``EvaluationError/weights(reason:)``.
  public static func check(_ weights: [Double]) throws(EvaluationError) {
    guard weights.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
      throw .weights(reason: "each has to be between 0 and 1")
    }
    let sum = weights.reduce(0, +)
    guard abs(sum - 1) < 1e-9 else { throw .weights(reason: "they sum to \(sum), and not to 1") }
  }

  /// The number of tokens, V.
  public var size: Int { parts[0].size }
  /// The number of streams, B.
  public var streams: Int { parts[0].streams }
  /// The most steps scored at once.
  public var longestWindow: Int { parts.map(\.longestWindow).min() ?? 1 }

  /// Puts all streams before the beginning of a text.
  public func reset() { for part in parts { part.reset() } }

  /// Reads one token of each stream.
  public func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
    let count = streams * size
    sums = [Double](repeating: 0, count: count)
    if row.count < count { row = [Float](repeating: 0, count: count) }
    for (part, weight) in zip(parts, weights) {
      part.advance(tokens, into: &row)
      for index in 0..<count { sums[index] += weight * .exp(Double(row[index])) }
    }
    for index in 0..<count { logProbabilities[index] = Float(Double.log(sums[index])) }
  }

  /// Reads several tokens of each stream, and scores what follows each of them.
  public func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {
    sums = [Double](repeating: 0, count: inputs.count)
    if scratch.count < inputs.count { scratch = [Double](repeating: 0, count: inputs.count) }
    for (part, weight) in zip(parts, weights) {
      part.score(inputs: inputs, targets: targets, into: &scratch)
      for index in inputs.indices { sums[index] += weight * .exp(scratch[index]) }
    }
    for index in inputs.indices { results[index] = targets[index] < 0 ? 0 : .log(sums[index]) }
  }
}

extension Vocabulary {
  /// In what the tokens of another vocabulary differ, for models that are to be mixed; nil if they are the same.
  public func difference(from other: Vocabulary) -> String? {
    if kind != other.kind { return "one has \(kind.rawValue), the other one \(other.kind.rawValue)" }
    if normalisation != other.normalisation {
      return "one has the normalisation \(normalisation.rawValue), the other one \(other.normalisation.rawValue)"
    }
    if count != other.count { return "one has \(count) tokens, the other one \(other.count)" }
    for token in 0..<Int32(truncatingIfNeeded: count) where self[token] != other[token] {
      return "token \(token) is \(Self.display(self[token])) in one and \(Self.display(other[token])) in the other one"
    }
    if unknown != other.unknown || lineEnd != other.lineEnd {
      return "they do not have the same unknown token and end of a line"
    }
    if merges != other.merges { return "their byte pairs are not merged in the same order" }
    return specials == other.specials ? nil : "they do not have the same special tokens"
  }
}
