/// A temperature that changes along the text: linear between given points, constant before the first and after the last.
///
/// The position is the number of tokens drawn since the beginning, or since the last of certain tokens, such as line ends:
/// then each line begins wild and ends bold, or the other way round.
public struct TemperatureSchedule: DecodingStrategy {
  /// The temperature at a position.
  public struct Point: Hashable, Sendable {
    /// How many tokens were drawn.
    public let position: Int
    /// Positive.
    public let temperature: Double

    /// Makes a point.
    public init(at position: Int, _ temperature: Double) { (self.position, self.temperature) = (position, temperature) }
  }

  /// `temperature`
  public static let name = StrategyName.temperature
  /// By rising position.
  public let points: [Point]
  /// The tokens after which the schedule begins again.
  public let restarts: Set<Int32>

  /// - Parameters:
  ///   - points: at least one.
  ///   - restarts: the tokens after which the schedule begins again.
  /// - Precondition: the positions rise, the temperatures are positive.
  public init(_ points: [Point], restartingAfter restarts: Set<Int32> = []) {
    precondition(!points.isEmpty && points.allSatisfy { $0.temperature > 0 }, "a schedule without temperatures")
    precondition(zip(points, points.dropFirst()).allSatisfy { $0.position < $1.position }, "positions that do not rise")
    self.points = points
    self.restarts = restarts
  }

  /// The temperature after so many tokens.
  public func temperature(at position: Int) -> Double {
    guard let next = points.firstIndex(where: { $0.position > position }) else {
      return points[points.count - 1].temperature
    }
    guard next > 0 else { return points[0].temperature }
    let (left, right) = (points[next - 1], points[next])
    let share = Double(position - left.position) / Double(right.position - left.position)
    return left.temperature + (right.temperature - left.temperature) * share
  }

  /// Divides the scores by the temperature of the moment.
  public func apply(to candidates: inout Candidates, in context: inout DecodingContext) {
    let drawn = context.drawnTokens
    let start = restarts.isEmpty ? nil : drawn.lastIndex(where: restarts.contains).map { $0 + 1 }
    candidates.setTemperature(temperature(at: drawn.endIndex - (start ?? drawn.startIndex)))
  }
}
