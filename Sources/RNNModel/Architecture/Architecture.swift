import Kernels

/// What a recurrent network computes, without its numbers: the layers from inputs to outputs, each with its full semantics.
///
/// `docs/FORMAT.md`, section 4, gives the formula of every layer; the JSON that ``Codable`` reads and writes is the
/// one of that section.
public struct Architecture: Hashable, Sendable {
  /// How the network sees a text.
  public enum Context: Hashable, Sendable {
    /// As one stream, whose state is carried from each symbol to the next without end.
    case stream
    /// As sequences that are there as a whole, each read from the initial state: what layers that read backward need.
    case sequence
    /// As windows: what comes after a symbol is computed from it and those just before it, `length` in all, read from the initial state.
    ///
    /// Where a text has not yet so many, the token `padding` stands in front of it; nil means that the window is shorter there.
    case window(length: Int, padding: Int?)
  }

  /// What comes in at each step.
  public enum Input: String, Hashable, Sendable, Codable, CaseIterable {
    /// The id of a token.
    case tokens
    /// A vector of numbers.
    case features
  }

  /// What the last layer's values mean.
  public enum Output: String, Hashable, Sendable, Codable, CaseIterable {
    /// One of them is true: their softmax is its probability. The loss is the cross-entropy.
    case softmax
    /// Each is true or not by itself: the sigmoid of each is its probability. The loss is the sum of the binary cross-entropies.
    case sigmoid
    /// Numbers that mean nothing else: of a model that is there to be run. The last layer may be of any kind then.
    case values
    /// The logarithms of the probabilities of one outcome among all, as they are: of an n-gram model. (Scores of stupid backoff do not sum to one.)
    case logProbabilities = "log_probabilities"
  }

  /// The number of tokens, or the width of a vector of features.
  public var size: Int

  /// The layers in the order of computation; each takes the output of the one before it, except ``Layer/sum(_:)``,
  /// ``Layer/concatenation(_:)`` and ``Layer/final(_:)``, which name theirs.
  public var layers: [Layer]

  /// How the network sees a text.
  public var context: Context
  /// What comes in.
  public var input: Input
  /// What goes out.
  public var output: Output

  /// Makes an architecture.
  ///
  /// - Parameters:
  ///   - size: the number of tokens, or the width of a vector of features.
  ///   - layers: from inputs to a ``Layer/linear(_:)``; for tokens the first is ``Layer/oneHot(_:)``, ``Layer/embedding(_:)`` or
  ///     ``Layer/scalar(_:)``.
  ///   - context: how the network sees a text.
  ///   - input: what comes in.
  ///   - output: what goes out.
  public init(
    size: Int, layers: [Layer], context: Context = .stream, input: Input = .tokens, output: Output = .softmax
  ) {
    self.size = size
    self.layers = layers
    self.context = context
    self.input = input
    self.output = output
  }

  /// The number of values that the last layer gives, K: the number of tokens for a language model.
  public var outputSize: Int { layers.last?.outputs ?? widths.last ?? 0 }

  /// Whether this predicts the next token of a text from those before it.
  public var isLanguageModel: Bool {
    ngram != nil || context != .sequence && input == .tokens && output == .softmax
  }

  /// How many symbols a prediction is computed from at most; nil for all that came before.
  public var windowLength: Int? {
    if case .window(let length, _) = context { length } else { nil }
  }

  /// Why the network can only be run; nil if it can be trained.
  var reasonNotToTrain: String? {
    if ngram != nil { return "it is a table of n-grams, which are counted" }
    if output == .values { return "its outputs are values without a loss" }
    return windowLength == nil ? nil : "its context is windows"
  }

  /// Refuses what is not a language model.
  ///
  /// - Throws: ``ArchitectureError/notLanguageModel``.
  public func requireLanguageModel() throws(ArchitectureError) {
    guard isLanguageModel else { throw .notLanguageModel }
  }

  /// Refuses what has no network to compute, to train, or to write as one.
  ///
  /// - Throws: ``ArchitectureError/notNetwork``.
  public func requireNetwork() throws(ArchitectureError) {
    guard ngram == nil else { throw .notNetwork }
  }
}
