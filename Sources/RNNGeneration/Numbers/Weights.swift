/// e to each of a list of scores, with the sums of blocks of them: what drawing and normalising need.
///
/// All sums have a fixed order, so that they have the same bits on every machine.
struct Weights {
  private static let block = 32
  /// e^(score - largest score); 0 for what is more than 708 below.
  private(set) var values: [Double]
  private var blockSums: [Double]
  /// The sum of all values.
  private(set) var total: Double
  /// The largest score.
  let largest: Double

  init(_ scores: [Double]) {
    let largest = scores.max() ?? 0
    let count = scores.count
    values = [Double](repeating: 0, count: count)
    for index in stride(from: 0, to: count - 1, by: 2) {
      let pair = PortableMath.exp(SIMD2(scores[index] - largest, scores[index + 1] - largest))
      values[index] = pair[0]
      values[index + 1] = pair[1]
    }
    if count % 2 == 1 { values[count - 1] = PortableMath.exp(scores[count - 1] - largest) }
    self.largest = largest
    blockSums = []
    blockSums.reserveCapacity(count / Self.block + 1)
    total = 0
    for start in stride(from: 0, to: count, by: Self.block) {
      var sum = 0.0
      for index in start..<min(start + Self.block, count) { sum += values[index] }
      blockSums.append(sum)
      total += sum
    }
  }

  /// The index at a point of the distribution function.
  ///
  /// - Parameter point: in 0 ..< 1.
  /// - Returns: nil if there is nothing.
  func index(at point: Double) -> Int? {
    let goal = point * total
    var sum = 0.0
    for (block, blockSum) in blockSums.enumerated() {
      guard sum + blockSum > goal else {
        sum += blockSum
        continue
      }
      let range = (block * Self.block)..<min((block + 1) * Self.block, values.count)
      for index in range {
        sum += values[index]
        if sum > goal { return index }
      }
      // Rounding may leave the sum just below the goal.
      if let last = values[range].lastIndex(where: { $0 > 0 }) { return last }
    }
    return values.lastIndex { $0 > 0 }
  }

  /// Takes the weight at an index away.
  mutating func remove(at index: Int) {
    let block = index / Self.block
    values[index] = 0
    blockSums[block] = values[(block * Self.block)..<min((block + 1) * Self.block, values.count)].reduce(0, +)
    total = blockSums.reduce(0, +)
  }

  /// -sum p ln p, in nats.
  func entropy(_ scores: [Double]) -> Double {
    guard total > 0 else { return 0 }
    let normaliser = PortableMath.log(total)
    var sum = 0.0
    for (value, score) in zip(values, scores) where value > 0 { sum -= value * (score - largest - normaliser) }
    return sum / total
  }
}
