/// How many values lie in each of some intervals of equal width.
public struct Histogram: Hashable, Sendable {
  /// The lower end of the first interval.
  public private(set) var lower: Double
  /// The upper end of the last interval, which belongs to it.
  public private(set) var upper: Double
  /// The values in each interval.
  public private(set) var counts: [Int]

  /// Makes a histogram without values.
  ///
  /// - Parameters:
  ///   - lower: the smallest value that will come.
  ///   - upper: the largest one.
  ///   - bins: the number of intervals, at least 1.
  public init(from lower: Double, to upper: Double, bins: Int) {
    self.lower = lower
    self.upper = upper
    counts = [Int](repeating: 0, count: max(1, bins))
  }

  /// The ends of the intervals, one more than there are intervals, rising.
  public var edges: [Double] {
    (0...counts.count).map { index in
      if index == counts.count { return upper }
      let part = Double(index) / Double(counts.count)
      return lower * (1 - part) + upper * part
    }
  }

  /// Counts a value; one that is not finite is left out, one beyond the ends is counted in the interval there.
  public mutating func add(_ value: Double) {
    guard value.isFinite else { return }
    // Halves, because the width may be beyond the largest number.
    let width = upper / 2 - lower / 2
    let part = width > 0 ? (value / 2 - lower / 2) / width : 0.5
    let index = Int(min(max(part * Double(counts.count), 0), Double(counts.count - 1)))
    counts[index] += 1
  }
}
