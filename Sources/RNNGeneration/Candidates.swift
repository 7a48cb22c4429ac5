import RNNModel

/// The tokens that may come next, each with a score: ln p up to a constant that all have in common.
///
/// Seen from outside they are sorted, the most probable first. Inside they are sorted only as far as somebody asks for it: drawing
/// from all of a large vocabulary, or keeping a few, takes one pass.
public struct Candidates: Sendable {
  /// The token of each score; empty while all tokens are there in the order of their ids.
  private var ids: [Int32] = []
  private(set) var values: [Double]
  private var isSorted = false

  /// Takes a distribution over all tokens.
  ///
  /// - Parameter logProbabilities: ln p of each token, in nats; minus infinity for tokens that cannot come. Tokens whose number is NaN are left out.
  public init(logProbabilities: some Collection<Float>) {
    values = logProbabilities.map { Double($0) }
    guard !values.allSatisfy({ $0 > -.infinity }) else { return }
    let usable = values.indices.filter { values[$0] > -.infinity }
    ids = usable.map { Int32($0) }
    values = usable.map { values[$0] }
  }

  /// The number of tokens left.
  public var count: Int { values.count }

  /// Token ids, sorted by falling probability, then by rising id.
  public var tokens: [Int32] { sorted.ids }

  /// ln p of each of ``tokens``, up to a common constant.
  public var scores: [Double] { sorted.values }

  /// The probabilities of ``tokens``; they sum to 1.
  public var probabilities: [Double] {
    let weights = Weights(sorted.values)
    return weights.values.map { $0 / weights.total }
  }

  /// The probability of a token; 0 for one that is not left.
  public func probability(of token: Int32) -> Double {
    guard let index = index(of: token) else { return 0 }
    let weights = Weights(values)
    return weights.values[index] / weights.total
  }

  /// -sum p ln p over the tokens left, in nats.
  public var entropy: Double { Weights(values).entropy(values) }

  private func index(of token: Int32) -> Int? {
    ids.isEmpty ? (values.indices.contains(Int(token)) ? Int(token) : nil) : ids.firstIndex(of: token)
  }

  /// The token of one of ``values``.
  func id(_ index: Int) -> Int32 { ids.isEmpty ? Int32(truncatingIfNeeded: index) : ids[index] }
}

// What strategies do to them.
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

// Drawing and order.
extension Candidates {
  /// The token at a point of the distribution function, with its probability.
  ///
  /// - Parameter point: in 0 ..< 1.
  /// - Returns: nil if no token is left.
  public func draw(at point: Double) -> (token: Int32, probability: Double)? {
    if values.count == 1 { return (id(0), 1) }
    let weights = Weights(values)
    return weights.index(at: point).map { (id($0), weights.values[$0] / weights.total) }
  }

  /// The `count` most probable tokens with their scores, sorted.
  public func top(_ count: Int) -> [(token: Int32, score: Double)] {
    var head = self
    head.keep(count)
    head = head.sorted
    return Array(zip(head.ids, head.values).map { ($0, $1) }.prefix(max(0, count)))
  }

  /// The `count` most probable tokens with their probabilities among all that are left, sorted.
  func topProbabilities(_ count: Int) -> [(token: Int32, probability: Double)] {
    let weights = Weights(values)
    return top(count).map { ($0.token, PortableMath.exp($0.score - weights.largest) / weights.total) }
  }

  /// How many tokens have at least this probability.
  func count(ofProbabilitiesAtLeast threshold: Double) -> Int {
    let weights = Weights(values)
    return weights.values.count { $0 >= threshold * weights.total }
  }

  private var sorted: Self {
    if isSorted { return self }
    return ordered(
      values.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : id($0) < id($1) })
  }

  /// The `count` most probable tokens, sorted: one pass over all, with the worst of the best so far at the root of a heap.
  private func best(_ count: Int) -> Self {
    func isWorse(_ left: Int, _ right: Int) -> Bool {
      values[left] != values[right] ? values[left] < values[right] : id(left) > id(right)
    }
    var heap = Array(0..<count)
    func sink(_ start: Int) {
      var parent = start
      while true {
        var worst = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < count && isWorse(heap[child], heap[worst]) {
          worst = child
        }
        if worst == parent { return }
        heap.swapAt(parent, worst)
        parent = worst
      }
    }
    for index in (0..<(count / 2)).reversed() { sink(index) }
    for index in count..<values.count where values[index] >= values[heap[0]] && isWorse(heap[0], index) {
      heap[0] = index
      sink(0)
    }
    return ordered(heap.sorted { isWorse($1, $0) })
  }

  private func ordered(_ indices: [Int]) -> Self {
    var result = self
    result.ids = indices.map(id)
    result.values = indices.map { values[$0] }
    result.isSorted = true
    return result
  }
}
