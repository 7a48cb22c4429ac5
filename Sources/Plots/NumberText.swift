import Foundation

/// Numbers as they stand in a chart.
public enum NumberText {
  /// With at most two decimals, as coordinates are written; what is no finite number becomes 0.
  public static func coordinate(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "0" }
    let hundredths = Int((value * 100).rounded())
    let (whole, rest) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
    let sign = hundredths < 0 ? "-" : ""
    if rest == 0 { return sign + "\(whole)" }
    return sign + "\(whole)." + (rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)")
  }

  /// With four significant digits at most: `0.25`, `1234`, `1.5e-07`.
  public static func short(_ value: Double) -> String { String(format: "%.4g", value) }

  /// A tick on a linear axis, with as many decimals as its step needs.
  static func tick(_ value: Double, step: Double) -> String {
    guard value != 0 else { return "0" }
    guard abs(value) < 1e6, step >= 1e-4 else { return short(value) }
    let decimals = max(0, Int((-log10(step)).rounded(.up)))
    return String(format: "%.\(decimals)f", value)
  }

  /// A power of ten: `10⁻³`.
  static func power(_ exponent: Int) -> String {
    let digits: [Character: Character] = [
      "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
    ]
    return exponent == 0 ? "1" : exponent == 1 ? "10" : "10" + String(String(exponent).map { digits[$0] ?? $0 })
  }
}
