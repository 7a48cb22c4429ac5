/// What strategies do to them.
extension Candidates {
  /// Keeps the `count` most probable tokens, at least one; of equals those with the lowest ids.
  public mutating func keep(_ count: Int) {
    let kept = max(1, count)
    guard kept < values.count else { return }
    if isSorted || kept > values.count / 8 {
      self = sorted
      ids.removeSubrange(kept...)
      values.removeSubrange(kept...)
    } else {
      self = best(kept)
    }
  }

  /// Keeps the smallest set of most probable tokens whose probabilities reach `probability`.
  public mutating func keepNucleus(_ probability: Double) {
    guard !values.isEmpty else { return }
    let weights = Weights(values)
    var kept = min(64, values.count)
    while true {
      let head = kept < values.count ? best(kept) : sorted
      var sum = 0.0
      for (index, value) in head.values.enumerated() {
        sum += PortableMath.exp(value - weights.largest) / weights.total
        if sum >= probability { return keep(index + 1) }
      }
      if kept == values.count { return }
      kept = min(kept * 8, values.count)
    }
  }

  /// Keeps the tokens whose probability is at least `threshold`; if there is none, the most probable ones.
  ///
  /// - Parameter threshold: made from the largest probability and the entropy, which is computed only if it is called for.
  public mutating func keepProbabilities(
    atLeast threshold: (_ largest: Double, _ entropy: () -> Double) -> Double
  ) {
    guard !values.isEmpty else { return }
    let weights = Weights(values)
    let limit = threshold(1 / weights.total) { weights.entropy(values) } * weights.total
    keep { index, _, value in weights.values[index] >= limit || value == weights.largest }
  }

  /// Keeps the tokens whose score is at least `threshold`.
  public mutating func keepScores(atLeast threshold: Double) {
    guard values.contains(where: { $0 >= threshold }) else { return keep(1) }
    keep { _, _, value in value >= threshold }
  }

  /// Keeps those whose surprise, -ln p, is nearest to the entropy, until their probabilities reach `mass` (ties stay).
  public mutating func keepTypical(_ mass: Double) {
    guard !values.isEmpty else { return }
    let weights = Weights(values)
    let (entropy, normaliser) = (weights.entropy(values), PortableMath.log(weights.total) + weights.largest)
    let distances = values.map { abs(normaliser - $0 - entropy) }
    let order = values.indices.sorted { distances[$0] != distances[$1] ? distances[$0] < distances[$1] : $0 < $1 }
    var sum = 0.0
    for index in order {
      sum += weights.values[index] / weights.total
      if sum >= mass {
        let limit = distances[index]
        return keep { index, _, _ in distances[index] <= limit }
      }
    }
  }

  /// Drops the `count` most probable tokens; at least one stays.
  public mutating func dropMostProbable(_ count: Int) {
    let dropped = min(count, values.count - 1)
    guard dropped > 0 else { return }
    self = sorted
    ids.removeSubrange(..<dropped)
    values.removeSubrange(..<dropped)
  }

  /// Takes tokens away. None may be left.
  public mutating func remove(_ tokens: some Collection<Int32>) {
    guard !tokens.isEmpty else { return }
    let removed = Set(tokens)
    keep { _, id, _ in !removed.contains(id) }
  }

  /// Keeps only some tokens. None may be left.
  public mutating func keepOnly(where isKept: (Int32) -> Bool) { keep { _, id, _ in isKept(id) } }

  /// Multiplies every score by a positive factor, which keeps their order.
  public mutating func scale(by factor: Double) {
    for index in values.indices { values[index] *= factor }
  }

  /// Changes the scores of some tokens, as far as they are left.
  public mutating func adjust(_ tokens: some Collection<Int32>, _ change: (_ token: Int32, _ score: Double) -> Double) {
    guard !tokens.isEmpty else { return }
    isSorted = false
    if ids.isEmpty {
      for token in tokens where values.indices.contains(Int(token)) {
        values[Int(token)] = change(token, values[Int(token)])
      }
    } else {
      let changed = Set(tokens)
      for (index, token) in ids.enumerated() where changed.contains(token) {
        values[index] = change(token, values[index])
      }
    }
  }

  /// The mean and the standard deviation of the scores.
  var scoreStatistics: (mean: Double, deviation: Double) {
    let count = Double(max(1, values.count))
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    return (mean, variance.squareRoot())
  }

  /// The score of the most probable token.
  var largestScore: Double { values.max() ?? 0 }

  private mutating func keep(where isKept: (_ index: Int, _ id: Int32, _ value: Double) -> Bool) {
    let before = self
    let kept = before.values.indices.filter { isKept($0, before.id($0), before.values[$0]) }
    guard kept.count < before.values.count else { return }
    ids = kept.map(before.id)
    values = kept.map { before.values[$0] }
  }
}
