/// A temperature that follows the model's certainty (llama.cpp's `--dynatemp-range`): from T - range where one token is certain, to
/// T + range where all are equally probable, by (entropy / largest entropy)^exponent.
public struct DynamicTemperature: DecodingStrategy {
  /// `temperature`
  public static let name = StrategyName.temperature
  /// T.
  public let temperature: Double
  /// How far it goes to both sides.
  public let range: Double
  /// 1: linear in the entropy.
  public let exponent: Double

  /// - Precondition: all are positive.
  public init(_ temperature: Double, range: Double, exponent: Double = 1) {
    precondition(temperature > 0 && range > 0 && exponent > 0, "a temperature of \(temperature) ± \(range)")
    (self.temperature, self.range, self.exponent) = (temperature, range, exponent)
  }

  /// Divides the scores by the temperature of the moment.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    guard candidates.count > 1 else { return }
    let share = max(0, candidates.entropy / PortableMath.log(Double(candidates.count)))
    let lowest = max(0, temperature - range)
    let power = share > 0 ? PortableMath.pow(share, exponent) : 0
    let chosen = lowest + (temperature + range - lowest) * power
    if chosen > 0 { candidates.setTemperature(chosen) } else { candidates.keep(1) }
  }
}
