import Kernels

/// What evaluating and sampling need of a model, whatever is behind it.
public protocol LanguageModel: AnyObject {
  /// The number of tokens, V.
  var size: Int { get }
  /// The number of streams that the model reads at the same time, B.
  var streams: Int { get }

  /// Puts all streams before the beginning of a text.
  func reset()

  /// Reads one token of each stream.
  ///
  /// - Parameters:
  ///   - tokens: `[streams]`.
  ///   - logProbabilities: receives ln p of every token that may follow, in nats, `[streams, size]`.
  func advance(_ tokens: [Int32], into logProbabilities: inout [Float])

  /// Reads several tokens of each stream, and scores what follows each of them.
  ///
  /// - Parameters:
  ///   - inputs: `[steps, streams]`, time-major; any number of steps up to ``longestWindow``.
  ///   - targets: of the same shape; negative ones get 0.
  ///   - results: at least as long; receives ln p of each target, in nats.
  func score(inputs: [Int32], targets: [Int32], into results: inout [Double])

  /// The most steps that ``score(inputs:targets:into:)`` takes at once.
  var longestWindow: Int { get }
}

extension Model {
  /// The model as one of language, in the way that its context prescribes.
  ///
  /// - Parameters:
  ///   - streams: how many texts to read at the same time, B.
  ///   - longestWindow: the most steps scored at once; more is faster and takes more memory.
  /// - Throws: ``ArchitectureError/notLanguageModel`` for a network that does something else.
  public func languageModel(streams: Int = 1, longestWindow: Int = 256) throws(ArchitectureError) -> any LanguageModel {
    if architecture.windowLength != nil {
      return try WindowedLanguageModel(self, streams: streams, longestWindow: longestWindow)
    }
    return try RecurrentLanguageModel(self, streams: streams, longestWindow: longestWindow)
  }
}

/// A recurrent network as a language model that reads a stream.
public final class RecurrentLanguageModel: LanguageModel {
  private let network: Network

  /// Prepares a model.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - streams: how many texts to read at the same time, B.
  ///   - longestWindow: the most steps scored at once; more is faster and takes more memory.
  /// - Throws: ``ArchitectureError/notLanguageModel`` for a network that does something else, or reads windows.
  public init(_ model: Model, streams: Int = 1, longestWindow: Int = 256) throws(ArchitectureError) {
    guard model.architecture.windowLength == nil else { throw .notLanguageModel }
    try model.architecture.requireLanguageModel()
    network = try Network(
      model.architecture, parameters: model.parameters.values, purpose: .inference, batch: streams,
      steps: longestWindow)
  }

  /// The number of tokens, V.
  public var size: Int { network.architecture.size }
  /// The number of streams, B.
  public var streams: Int { network.batch }
  /// The most steps scored at once.
  public var longestWindow: Int { network.steps }

  /// Puts all streams into the initial state.
  public func reset() { network.resetState() }

  /// Reads one token of each stream.
  public func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
    network.logits(inputs: tokens, into: &logProbabilities)
    var span = logProbabilities.mutableSpan
    span.withSlice(0..<(tokens.count * size)) { CrossEntropy.logSoftmax(&$0, rows: tokens.count, classes: size) }
  }

  /// Reads several tokens of each stream, and scores what follows each of them.
  public func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {
    network.score(inputs: inputs, targets: targets, into: &results)
  }
}
