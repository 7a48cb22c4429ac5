/// How open a gate was while a text was read.
///
/// A unit is left saturated where its gate is below 0.1 and right saturated where it is above 0.9: Karpathy, Johnson & Li (2015), section 4.2.
public struct GateStatistics: Sendable {
  /// The layer's name.
  public let layer: String
  /// The gate's name.
  public let gate: String
  /// The part of the steps at which each unit's gate was below 0.1.
  public private(set) var left: [Double]
  /// The part of the steps at which each unit's gate was above 0.9.
  public private(set) var right: [Double]
  /// The mean over steps of each unit.
  public private(set) var means: [Double]
  /// How many values of all units and steps lie in each of ``binCount`` equal parts of 0 ... 1; those outside count to the part at that end.
  public private(set) var histogram: [Int]

  /// The bounds of saturation.
  public static let bounds = (left: Float(0.1), right: Float(0.9))
  /// The parts of the histogram.
  public static let binCount = 50

  /// The part of all values below the left bound.
  public var leftShare: Double { left.isEmpty ? 0 : left.reduce(0, +) / Double(left.count) }
  /// The part of all values above the right bound.
  public var rightShare: Double { right.isEmpty ? 0 : right.reduce(0, +) / Double(right.count) }
  /// The mean of all values.
  public var mean: Double { means.isEmpty ? 0 : means.reduce(0, +) / Double(means.count) }

  init(layer: String, gate: String, units: Int) {
    (self.layer, self.gate) = (layer, gate)
    left = Array(repeating: 0, count: units)
    (right, means) = (left, left)
    histogram = Array(repeating: 0, count: Self.binCount)
  }

  /// Counts the values of one step.
  mutating func add(_ values: ArraySlice<Float>) {
    for (unit, value) in values.enumerated() {
      if value < Self.bounds.left { left[unit] += 1 }
      if value > Self.bounds.right { right[unit] += 1 }
      means[unit] += Double(value)
      guard value.isFinite else { continue }
      histogram[min(Self.binCount - 1, max(0, Int(min(1, max(0, value)) * Float(Self.binCount))))] += 1
    }
  }

  /// Makes shares of the counts.
  mutating func finish(steps: Int) {
    let steps = Double(max(1, steps))
    left = left.map { $0 / steps }
    right = right.map { $0 / steps }
    means = means.map { $0 / steps }
  }
}
