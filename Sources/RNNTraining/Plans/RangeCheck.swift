/// Looks at one number after another, and keeps the first that is out of its range.
struct RangeCheck {
  /// How many of something, none included.
  static let counts = 0...1_000_000_000
  /// How many of something, at least one.
  static let sizes = 1...1_000_000_000
  /// Any size that JSON writes as a number, and float32 holds with room for products.
  static let magnitudes = 0...1e15
  /// Likewise, but not zero, in float32 either.
  static let positive = 1e-37...1e15

  private(set) var problem: TrainingPlan.Problem?

  mutating func require(_ condition: Bool, _ key: String, _ what: String) {
    if !condition, problem == nil { problem = .init(key: key, what: what) }
  }

  mutating func callAsFunction<Number: Comparable>(_ key: String, _ value: Number?, in range: ClosedRange<Number>) {
    guard let value else { return }
    require(
      range.contains(value), key,
      "is \(Self.text(value)), but has to be between \(Self.text(range.lowerBound)) and \(Self.text(range.upperBound))")
  }

  /// A number as people write it.
  private static func text(_ value: some Comparable) -> String {
    guard let number = value as? Double else { return "\(value)" }
    if number == magnitudes.upperBound { return "1e15" }
    return number.magnitude < 1e9 ? Int(exactly: number).map { "\($0)" } ?? "\(number)" : "\(number)"
  }

  /// A part of a whole that cannot be all of it.
  mutating func callAsFunction(share key: String, _ value: Double) {
    require(value >= 0 && value < 1, key, "is \(Self.text(value)), but has to be at least 0 and below 1")
  }
}
