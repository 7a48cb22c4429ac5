/// Drawing and order.
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

  /// The same, in order.
  var sorted: Self {
    if isSorted { return self }
    return ordered(
      values.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : id($0) < id($1) })
  }

  /// The `count` most probable tokens, sorted: one pass over all, with the worst of the best so far at the root of a heap.
  func best(_ count: Int) -> Self {
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
