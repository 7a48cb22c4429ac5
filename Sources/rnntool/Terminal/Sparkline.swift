/// Numbers as a row of small bars.
enum Sparkline {
  private static let bars = Array("▁▂▃▄▅▆▇█")

  /// The course of a quantity, from its smallest value at the bottom to its largest one; a gap where there is none.
  ///
  /// - Parameter columns: the most characters; where there are more values, each bar is the mean of several.
  static func course(_ values: [Double], columns: Int) -> String {
    let means = resampled(values, to: max(1, columns))
    let finite = means.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return String(repeating: " ", count: means.count) }
    return String(
      means.map { value in
        guard value.isFinite else { return " " }
        return bar(high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5)
      })
  }

  /// How many there are of each: a gap where there is none, the tallest bar where there are most.
  static func counts(_ counts: [Int]) -> String {
    let most = Double(max(1, counts.max() ?? 1))
    return String(counts.map { $0 == 0 ? " " : bar(Double($0) / most) })
  }

  private static func bar(_ part: Double) -> Character {
    bars[min(bars.count - 1, max(0, Int((part * Double(bars.count - 1)).rounded())))]
  }

  /// The means of pieces of nearly equal length, leaving out what is not finite.
  private static func resampled(_ values: [Double], to columns: Int) -> [Double] {
    guard values.count > columns else { return values }
    return (0..<columns).map { column in
      let piece = values[(column * values.count / columns)..<((column + 1) * values.count / columns)]
        .filter(\.isFinite)
      return piece.isEmpty ? .nan : piece.reduce(0) { $0 + $1 / Double(piece.count) }
    }
  }
}
