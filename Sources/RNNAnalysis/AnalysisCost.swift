/// What an analysis costs, known before it begins.
public struct AnalysisCost: Hashable, Sendable {
  /// The multiplications, in floating point because nobody knows how many are asked for.
  public let multiplications: Double
  /// How many of them a second takes.
  let rate: Double

  /// The time on an ordinary processor, in seconds.
  public var seconds: Double { multiplications / rate }

  /// The reference does about so many in a second, in Double and on one core.
  static let referenceRate = 4e8
  /// The fast network does about so many on one core.
  static let networkRate = 8e9
  /// What is refused.
  public static let longest = 3600.0

  /// Refuses what would take hours.
  ///
  /// - Parameters:
  ///   - what: what is computed.
  ///   - limit: the longest time, in seconds.
  ///   - advice: what to do instead.
  func check(_ what: String, limit: Double, advice: String) throws(AnalysisError) {
    guard seconds <= limit else { throw .tooLong(what: what, seconds: seconds, limit: limit, advice: advice) }
  }
}
