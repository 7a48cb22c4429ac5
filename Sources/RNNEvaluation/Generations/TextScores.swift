import RNNModel

/// ln p of texts after their contexts.
public enum TextScores {
  /// Scores texts side by side.
  ///
  /// - Parameters:
  ///   - texts: their tokens.
  ///   - contexts: what comes before each, as many; may be empty.
  ///   - model: with any number of streams.
  ///   - progress: called with the part that is done.
  /// - Returns: ln p of each token of each text, in nats; NaN for a first token without a context.
  /// - Throws: ``EvaluationError/notFinite(token:)``.
  public static func logProbabilities(
    of texts: [[Int32]], after contexts: [[Int32]], _ model: some LanguageModel, progress: (Double) -> Void = { _ in }
  ) throws -> [[Double]] {
    precondition(texts.count == contexts.count, "\(contexts.count) contexts for \(texts.count) texts")
    var scores = texts.map { [Double](repeating: .nan, count: $0.count) }
    let streams = model.streams
    // Texts of about the same length side by side.
    let order = texts.indices.sorted { texts[$0].count + contexts[$0].count < texts[$1].count + contexts[$1].count }
    for start in stride(from: 0, to: order.count, by: streams) {
      let part = order[start..<min(start + streams, order.count)].map { ($0, contexts[$0] + texts[$0]) }
      let length = (part.map(\.1.count).max() ?? 0) - 1
      model.reset()
      for first in stride(from: 0, to: max(0, length), by: model.longestWindow) {
        let steps = min(model.longestWindow, length - first)
        var inputs = [Int32](repeating: 0, count: steps * streams)
        var targets = [Int32](repeating: -1, count: steps * streams)
        for (stream, (index, tokens)) in part.enumerated() {
          for step in 0..<steps where first + step < tokens.count {
            inputs[step * streams + stream] = tokens[first + step]
            let next = first + step + 1
            if next < tokens.count, next >= contexts[index].count { targets[step * streams + stream] = tokens[next] }
          }
        }
        var results = [Double](repeating: 0, count: steps * streams)
        model.score(inputs: inputs, targets: targets, into: &results)
        for (stream, (index, _)) in part.enumerated() {
          for step in 0..<steps where targets[step * streams + stream] >= 0 {
            let place = first + step + 1 - contexts[index].count
            let value = results[step * streams + stream]
            guard !value.isNaN else { throw EvaluationError.notFinite(token: place) }
            scores[index][place] = value
          }
        }
      }
      progress(Double(start + part.count) / Double(order.count))
    }
    return scores
  }
}
