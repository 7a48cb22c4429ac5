/// p becomes proportional to p^(1/temperature) (Ackley, Hinton & Sejnowski 1985): below 1 bolder, above 1 wilder.
public struct Temperature: DecodingStrategy {
  /// `temperature`
  public static let name = StrategyName.temperature
  /// Positive.
  public let temperature: Double

  /// - Precondition: the temperature is positive; for 0, use ``Greedy``.
  public init(_ temperature: Double) {
    precondition(temperature > 0, "a temperature of \(temperature)")
    self.temperature = temperature
  }

  /// Divides the scores by the temperature.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    candidates.setTemperature(temperature)
  }
}

extension Candidates {
  /// Divides the scores by a positive temperature.
  mutating func setTemperature(_ temperature: Double) {
    guard temperature != 1 else { return }
    // So cold that the quotients overflow: only the most probable token is left.
    guard 1 / temperature < 1e300 else { return keep(1) }
    scale(by: 1 / temperature)
  }
}
