import RNNModel

/// Why something cannot be analysed.
public enum AnalysisError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The text ends before the window does.
  case tooShort(tokens: Int, needed: Int)
  /// Gradients and states are those of a language model that reads a stream.
  case notStream
  /// There is nothing recurrent in the network.
  case noRecurrentLayer
  /// It would take longer than anybody waits.
  case tooLong(what: String, seconds: Double, limit: Double, advice: String)
  /// No tensor, or no element of it, has this name.
  case unknownWeight(String, reason: String)
  /// A matrix holds something that is no finite number.
  case notFinite(String)
  /// The iteration for eigenvalues did not come to an end.
  case noConvergence(order: Int)
  /// A gradient cannot be computed in one of the ways.
  case reference(ReferenceError)

  /// One sentence.
  public var description: String {
    switch self {
    case .tooShort(let tokens, let needed):
      "the text has \(tokens) tokens of the model's vocabulary, but this window needs \(needed): give a longer text or a smaller --start and --length"
    case .notStream:
      "this part follows the state through a text, which only a language model that reads a stream has: ask for the eigenvalues alone with --part eigenvalues"
    case .noRecurrentLayer: "the model has no recurrent layer, so that there is nothing to analyse"
    case .tooLong(let what, let seconds, let limit, let advice):
      "\(what) would take about \(Self.duration(seconds)), and the limit is \(Self.duration(limit)): \(advice)"
    case .unknownWeight(let name, let reason): "there is no weight '\(name)': \(reason)"
    case .notFinite(let what): "\(what) holds numbers that are not finite"
    case .noConvergence(let order): "the eigenvalues of a matrix of order \(order) were not found in 30 steps each"
    case .reference(let error): "\(error)"
    }
  }

  private static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<120: "\(Int(max(1, seconds.rounded()))) seconds"
    case ..<7200: "\(Int((seconds / 60).rounded())) minutes"
    case ..<1e9: "\(Int((seconds / 3600).rounded())) hours"
    default: "more than a lifetime"
    }
  }
}
