/// An exponential mean that forgets over about a hundred values.
struct RunningMean: Hashable, Sendable, Codable {
  private var sum = 0.0
  private var weight = 0.0

  mutating func add(_ value: Double) {
    sum = 0.99 * sum + 0.01 * value
    weight = 0.99 * weight + 0.01
  }

  /// The mean; 0 before the first value.
  var value: Double { weight > 0 ? sum / weight : 0 }
}
