import Foundation

/// An axis with its ends: where a number lies on it, and where its ticks are.
struct AxisMap: Hashable, Sendable {
  struct Tick: Hashable, Sendable {
    let value: Double
    let label: String
  }

  let axis: Axis
  let lower: Double
  let upper: Double

  /// - Parameters:
  ///   - axis: what is wanted.
  ///   - values: all that is drawn, if the axis does not say from where to where.
  init(_ axis: Axis, values: some Sequence<Double>) {
    self.axis = axis
    let isLogarithmic = axis.scale == .logarithmic
    var (lower, upper) = (Double.infinity, -Double.infinity)
    func include(_ value: Double) {
      guard value.isFinite, !isLogarithmic || value > 0 else { return }
      // The difference of two ends, and the double of one, have to be numbers, too.
      let value = min(1e300, max(isLogarithmic ? 1e-300 : -1e300, value))
      (lower, upper) = (min(lower, value), max(upper, value))
    }
    if let range = axis.range {
      include(range.lowerBound)
      include(range.upperBound)
    } else {
      for value in values { include(value) }
    }
    if lower > upper { (lower, upper) = isLogarithmic ? (0.1, 1) : (0, 1) }
    if !(lower < upper) {
      let space = max(abs(lower) * 0.1, 0.5)
      (lower, upper) =
        isLogarithmic ? (lower / 2, upper * 2) : (lower - space, upper + space)
    }
    (self.lower, self.upper) = (lower, upper)
  }

  /// From 0 at the lower to 1 at the upper end; nil for what has no place.
  func position(_ value: Double) -> Double? {
    let position: Double
    switch axis.scale {
    case .linear: position = (value - lower) / (upper - lower)
    case .logarithmic:
      guard value > 0 else { return nil }
      position = (log10(value) - log10(lower)) / (log10(upper) - log10(lower))
    }
    return position.isFinite && (-0.001...1.001).contains(position) ? position : nil
  }

  /// About `count` ticks at round numbers.
  func ticks(_ count: Int) -> [Tick] {
    switch axis.scale {
    case .linear: return linearTicks(count)
    case .logarithmic:
      let exponents =
        Int(log10(lower).rounded(.up))...max(Int(log10(lower).rounded(.up)), Int(log10(upper).rounded(.down)))
      let step = max(1, (exponents.count + count - 1) / max(1, count))
      let ticks = stride(from: exponents.lowerBound, through: exponents.upperBound, by: step).map {
        Tick(value: pow(10, Double($0)), label: NumberText.power($0))
      }.filter { position($0.value) != nil }
      // Less than two powers of ten: round numbers between them say more.
      return ticks.count > 1 ? ticks : linearTicks(count).filter { $0.value > 0 }
    }
  }

  private func linearTicks(_ count: Int) -> [Tick] {
    let rough = (upper - lower) / Double(max(1, count))
    guard rough > 0, rough.isFinite else { return [] }
    let magnitude = pow(10, log10(rough).rounded(.down))
    let step = magnitude * ([1, 2, 5].first { $0 * magnitude >= rough * 0.999 } ?? 10)
    let first = (lower / step * (1 - 1e-12)).rounded(.up)
    return (0...(4 * max(1, count))).map { (first + Double($0)) * step }.filter { $0 <= upper + step * 1e-9 }.map {
      Tick(value: $0, label: NumberText.tick($0, step: step))
    }
  }
}
