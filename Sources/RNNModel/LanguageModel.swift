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

/// A language model whose streams can be left and gone on with: what searches need, and texts that begin alike.
public protocol BranchingLanguageModel: LanguageModel {
  /// What the model remembers of what one stream has read.
  func memory(of stream: Int) -> TextMemory

  /// Lets one stream go on where another one stood, of this model or of one with the same parameters and any number of streams.
  ///
  /// - Precondition: the memory is one of such a model.
  func setMemory(_ memory: TextMemory, of stream: Int)

  /// What the last layer below the output gave one stream for the last token read with ``LanguageModel/advance(_:into:)``; empty where
  /// the model has no such thing.
  func hiddenState(of stream: Int) -> [Float]
}

/// What language models are made from, whatever family they are of: numbers and tokens, to be read by as many streams as are wanted.
public protocol LanguageModelSource: Sendable {
  /// The tokens; nil where they are not known.
  var vocabulary: Vocabulary? { get }

  /// The model, ready to read texts.
  ///
  /// - Parameters:
  ///   - streams: how many texts to read at the same time, B.
  ///   - longestWindow: the most steps scored at once; more is faster and takes more memory.
  /// - Throws: ``ArchitectureError/notLanguageModel`` for what does something else.
  func languageModel(streams: Int, longestWindow: Int) throws -> any BranchingLanguageModel
}

extension LanguageModelSource {
  /// The model, reading one text.
  public func languageModel(longestWindow: Int = 256) throws -> any BranchingLanguageModel {
    try languageModel(streams: 1, longestWindow: longestWindow)
  }
}

/// What a language model remembers of a text: all that its predictions depend on.
public struct TextMemory: Hashable, Sendable {
  /// The states of the layers, one after another, or whatever the model calculates with.
  public var values: [Float]
  /// The tokens that the next prediction depends on, for models that read them again, or numbers that stand for them.
  public var tokens: [Int32]

  /// Makes a memory.
  public init(values: [Float] = [], tokens: [Int32] = []) { (self.values, self.tokens) = (values, tokens) }
}

extension BranchingLanguageModel {
  /// Lets every stream go on where one of them stood.
  ///
  /// - Parameter sources: `[streams]`: whose place each stream takes.
  public func arrange(_ sources: [Int]) {
    precondition(sources.count == streams, "\(sources.count) sources for \(streams) streams")
    var memories: [Int: TextMemory] = [:]
    for (stream, source) in sources.enumerated() where stream != source && memories[source] == nil {
      memories[source] = memory(of: source)
    }
    for (stream, source) in sources.enumerated() where stream != source {
      if let memory = memories[source] { setMemory(memory, of: stream) }
    }
  }
}

extension Model: LanguageModelSource {
  /// The model as one of language, in the way that its context prescribes.
  ///
  /// - Parameters:
  ///   - streams: how many texts to read at the same time, B.
  ///   - longestWindow: the most steps scored at once; more is faster and takes more memory.
  /// - Throws: ``ArchitectureError/notLanguageModel`` for a network that does something else.
  public func languageModel(
    streams: Int, longestWindow: Int = 256
  ) throws(ArchitectureError) -> any BranchingLanguageModel {
    if architecture.windowLength != nil {
      return try WindowedLanguageModel(self, streams: streams, longestWindow: longestWindow)
    }
    return try RecurrentLanguageModel(self, streams: streams, longestWindow: longestWindow)
  }
}

/// A recurrent network as a language model that reads a stream.
public final class RecurrentLanguageModel: BranchingLanguageModel {
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

  /// The states of the recurrent layers.
  public func memory(of stream: Int) -> TextMemory { TextMemory(values: network.state(of: stream)) }

  /// Sets the states of the recurrent layers.
  public func setMemory(_ memory: TextMemory, of stream: Int) { network.setState(memory.values, of: stream) }

  /// What the output layer took last.
  public func hiddenState(of stream: Int) -> [Float] { network.outputInput(of: stream) }

  /// What the output layer took at each step of the last window.
  public func hiddenStates(of stream: Int) -> [Float] { network.outputInputs(of: stream) }
}
