import RNNModel
import RealModule

/// A language model whose predictions depend on all that it has read before, also on what lies before a reset: the order matters.
public protocol AdaptiveLanguageModel: LanguageModel {}

/// Reads rows side by side and tells what the model makes of each target.
struct Scorer {
  let tokens: [Int32]
  let rows: [ScoredRow]
  /// How many steps the rows have.
  private let total: Int
  /// The order in which rows are read: long ones beside long ones, where that changes nothing.
  private let order: [Int]
  private let model: any LanguageModel

  init(_ rows: [ScoredRow], of tokens: [Int32], _ model: any LanguageModel) {
    self.tokens = tokens
    self.rows = rows
    self.model = model
    total = rows.reduce(0) { $0 + $1.steps }
    order =
      model is any AdaptiveLanguageModel
      ? Array(rows.indices) : rows.indices.sorted { (rows[$1].steps, $0) < (rows[$0].steps, $1) }
  }

  /// ln p of each target that counts.
  ///
  /// - Parameters:
  ///   - progress: called now and then with the part that is done.
  ///   - visit: called with the place of a target in the text and ln p, in nats.
  /// - Throws: ``EvaluationError/notFinite(token:)``.
  func score(progress: (Double) -> Void, _ visit: (_ place: Int, _ logProbability: Double) -> Void) throws {
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    var results: [Double] = []
    var done = 0
    try forEachGroup { group in
      let steps = group.map { rows[$0].steps }.max() ?? 0
      for start in Swift.stride(from: 0, to: steps, by: model.longestWindow) {
        let end = min(start + model.longestWindow, steps)
        fill(group, start..<end, &inputs, &targets)
        if results.count < inputs.count { results = [Double](repeating: 0, count: inputs.count) }
        model.score(inputs: inputs, targets: targets, into: &results)
        for (stream, index) in group.enumerated() {
          // A shorter row may have ended before.
          let present = start..<max(start, min(end, rows[index].steps))
          for step in present where step >= rows[index].context {
            let place = rows[index].target(step)
            let logProbability = results[(step - start) * model.streams + stream]
            try Self.check(logProbability, of: place)
            visit(place, logProbability)
          }
          done += present.count
        }
        progress(Double(done) / Double(total))
      }
    }
  }

  /// The same with rank and entropy, one step after another.
  func describe(
    progress: (Double) -> Void,
    _ visit: (_ place: Int, _ logProbability: Double, _ rank: Int, _ entropy: Double) -> Void
  ) throws {
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    var results = [Float](repeating: 0, count: model.streams * model.size)
    var done = 0
    try forEachGroup { group in
      let steps = group.map { rows[$0].steps }.max() ?? 0
      for step in 0..<steps {
        fill(group, step..<(step + 1), &inputs, &targets)
        model.advance(inputs, into: &results)
        for (stream, index) in group.enumerated() where step < rows[index].steps {
          done += 1
          guard step >= rows[index].context else { continue }
          let row = results[(stream * model.size)..<((stream + 1) * model.size)]
          let found = Self.measure(row, target: Int(targets[stream]))
          let place = rows[index].target(step)
          try Self.check(found.logProbability, of: place)
          visit(place, found.logProbability, found.rank, found.entropy)
        }
        progress(Double(done) / Double(total))
      }
    }
  }

  private static func check(_ logProbability: Double, of place: Int) throws(EvaluationError) {
    guard !logProbability.isNaN else { throw .notFinite(token: place) }
  }

  /// Lets `body` read as many rows side by side as the model has streams.
  private func forEachGroup(_ body: (_ rows: [Int]) throws -> Void) rethrows {
    for start in Swift.stride(from: 0, to: order.count, by: model.streams) {
      model.reset()
      try body(Array(order[start..<min(start + model.streams, order.count)]))
    }
  }

  /// The inputs and targets of some steps, `[steps, streams]`; what lies beyond a row does not count.
  private func fill(_ group: [Int], _ steps: Range<Int>, _ inputs: inout [Int32], _ targets: inout [Int32]) {
    inputs.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    for step in steps {
      for stream in 0..<model.streams {
        guard stream < group.count, step < rows[group[stream]].steps else {
          inputs.append(0)
          targets.append(-1)
          continue
        }
        let row = rows[group[stream]]
        inputs.append(row.input(step, tokens))
        targets.append(step < row.context ? -1 : tokens[row.target(step)])
      }
    }
  }

  /// Of a distribution: ln p of a token, how many tokens are more probable, plus one, and the entropy in nats.
  static func measure(
    _ row: ArraySlice<Float>, target: Int
  ) -> (logProbability: Double, rank: Int, entropy: Double) {
    let wanted = row[row.startIndex + target]
    var (rank, entropy) = (1, 0.0)
    for value in row {
      if value > wanted { rank += 1 }
      if value > -.infinity { entropy -= Double.exp(Double(value)) * Double(value) }
    }
    return (Double(wanted), rank, entropy)
  }
}
