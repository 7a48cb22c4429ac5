import Kernels
import RealModule

/// The tokens that may come next.
///
/// Seen from outside they are sorted, the most probable first. Inside they are sorted only as far as somebody asks for it: drawing
/// from all of a large vocabulary, or keeping a few, takes one pass.
public struct Candidates: Sendable {
  /// The token of each value; empty while all tokens are there in the order of their ids.
  private var ids: [Int32] = []
  /// ln p up to a common constant, before ``factor``.
  private var values: [Float]
  /// What the values are multiplied with.
  private var factor = 1.0
  private var isSorted = false

  /// Takes a distribution over all tokens.
  ///
  /// - Parameter logProbabilities: ln p of each token, in nats; minus infinity for tokens that cannot come. Tokens whose number is NaN are left out.
  public init(logProbabilities: [Float]) {
    values = logProbabilities
    guard !values.allSatisfy({ $0 > -.infinity }) else { return }
    let usable = logProbabilities.indices.filter { logProbabilities[$0] > -.infinity }
    ids = usable.map { Int32($0) }
    values = usable.map { logProbabilities[$0] }
  }

  /// The number of tokens left.
  public var count: Int { values.count }

  /// Token ids, sorted by falling probability, then by rising id.
  public var tokens: [Int32] { sorted.ids }

  /// ln p of each of ``tokens``, up to a common constant.
  public var scores: [Double] { sorted.values.map { Double($0) * factor } }

  /// The probabilities of ``tokens``; they sum to 1.
  public var probabilities: [Double] {
    let values = sorted.values
    let largest = values.first ?? 0
    let weights = values.map { Double.exp(Double($0 - largest) * factor) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// Keeps the `count` most probable tokens, at least one.
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

  /// Takes tokens out, unless none would be left.
  public mutating func remove(_ tokens: Set<Int32>) {
    let kept = values.indices.filter { !tokens.contains(id($0)) }
    guard !kept.isEmpty, kept.count < values.count else { return }
    let (ids, values) = (kept.map(id), kept.map { self.values[$0] })
    self.ids = ids
    self.values = values
  }

  /// Keeps the smallest set of most probable tokens whose probabilities reach `probability`.
  public mutating func keepNucleus(_ probability: Double) {
    guard !values.isEmpty else { return }
    let (largest, total) = mass
    var kept = min(64, values.count)
    while true {
      let head = kept < values.count ? best(kept) : sorted
      var sum = 0.0
      for (index, value) in head.values.enumerated() {
        sum += Double.exp(Double(value - largest) * factor) / total
        if sum >= probability { return keep(index + 1) }
      }
      if kept == values.count { return }
      kept = min(kept * 8, values.count)
    }
  }

  /// Multiplies every score by a positive factor, which keeps their order.
  public mutating func scale(by factor: Double) {
    self.factor *= factor
  }

  /// The token at a point of the distribution function.
  ///
  /// - Parameter point: in 0 ..< 1.
  /// - Returns: nil if no token is left.
  func token(at point: Double) -> Int32? {
    guard let largest = values.max() else { return nil }
    let classes = values.count
    // Differences are scaled in double precision: they may overflow Float, but zero stays zero.
    var weights = values.map { Float(Double($0 - largest) * factor) }
    var span = weights.mutableSpan
    CrossEntropy.softmax(&span, rows: 1, classes: classes)
    var sum = 0.0
    for (index, weight) in weights.enumerated() {
      sum += Double(weight)
      if point < sum { return id(index) }
    }
    // Rounding may leave the sum just below the point.
    return weights.lastIndex { $0 > 0 }.map(id)
  }

  private func id(_ index: Int) -> Int32 { ids.isEmpty ? Int32(index) : ids[index] }

  /// The largest value, and the sum of all weights relative to it.
  private var mass: (largest: Float, total: Double) {
    let largest = values.max() ?? 0
    return (largest, values.reduce(0) { $0 + Double.exp(Double($1 - largest) * factor) })
  }

  private var sorted: Self {
    if isSorted { return self }
    return ordered(
      values.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 })
  }

  /// The `count` most probable tokens, sorted: one pass over all, with the worst of the best so far at the root of a heap.
  private func best(_ count: Int) -> Self {
    func isWorse(_ left: Int, _ right: Int) -> Bool {
      values[left] != values[right] ? values[left] < values[right] : left > right
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
    for index in count..<values.count where values[index] > values[heap[0]] {
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
