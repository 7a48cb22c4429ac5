import Kernels
import RNNModel

/// Dynamic evaluation: the model learns from each segment of the text once it has scored it.
///
/// A reset brings back the initial state, but not the parameters, which go on adapting to the text; another text begins with another object.
/// The gradient is that of the mean of a segment's losses, back-propagated to its beginning, without dropout. With several streams, they
/// have one set of parameters, and a segment is one of each.
public final class DynamicLanguageModel: AdaptiveLanguageModel {
  /// How the parameters change.
  public enum Rule: String, Hashable, Sendable, CaseIterable, Codable {
    /// Gradient descent (Mikolov et al. 2010), with decay to the trained parameters where it is not 0 (Krause et al. 2018, equation 6):
    /// p <- p - rate g + decay (p0 - p).
    case sgd
    /// Krause et al. (2018), equations 7 to 9, with the gradient's magnitude m on the training text and its ratio r to the mean one:
    /// p <- p - rate g / (m + epsilon) + min(1, decay r) (p0 - p).
    case rms
  }

  /// The numbers of dynamic evaluation.
  public struct Settings: Hashable, Sendable, Codable {
    /// How the parameters change.
    public var rule: Rule
    /// The steps of a segment.
    public var length: Int
    /// The rate.
    public var rate: Double
    /// How fast the parameters go back to what was trained.
    public var decay: Double
    /// What is added to the magnitudes of ``Rule/rms``.
    public var epsilon: Double

    /// The usual numbers: segments of 5 tokens; of ``Rule/rms`` those of the authors' program, of ``Rule/sgd`` Mikolov's rate without decay.
    public init(
      _ rule: Rule, length: Int = 5, rate: Double? = nil, decay: Double? = nil, epsilon: Double = 2e-5
    ) {
      self.rule = rule
      self.length = length
      self.rate = rate ?? (rule == .sgd ? 0.1 : 5e-5)
      self.decay = decay ?? (rule == .sgd ? 0 : 0.002)
      self.epsilon = epsilon
    }

    /// What is wrong with them; nil if nothing is.
    public var problem: String? {
      if !(1...10_000).contains(length) { return "a segment has 1 to 10,000 tokens, not \(length)" }
      if !(rate >= 0 && rate.isFinite) { return "the rate has to be 0 or more, and finite" }
      if !(0...1).contains(decay) { return "the decay has to be between 0 and 1" }
      if !(epsilon > 0 && epsilon.isFinite) { return "epsilon has to be positive and finite" }
      return nil
    }
  }

  /// The number of streams, B.
  public let streams: Int
  /// The most steps scored at once: they are segments all the same.
  public let longestWindow: Int
  /// The numbers of dynamic evaluation.
  public let settings: Settings

  private let network: Network
  private let trained: [Float]
  private let statistics: GradientStatistics?
  private var generator = RandomGenerator(seed: 0)
  /// What the segment has read, and what came after each token, `[steps, streams]`; the last step may still wait for it.
  private var (inputs, targets): ([Int32], [Int32]) = ([], [])
  /// The state before the segment.
  private var before: Network.State
  private var scratch: [Double] = []

  /// Throws unless a model can learn while it is scored.
  static func check(_ model: Model) throws {
    try model.architecture.requireLanguageModel()
    if model.architecture.windowLength != nil {
      throw EvaluationError.notAdaptable(reason: "it reads windows, and no stream")
    }
  }

  /// Prepares a model.
  ///
  /// - Parameters:
  ///   - model: the model; it is not changed.
  ///   - settings: the numbers.
  ///   - statistics: the magnitudes of the gradient on the training text, for ``Rule/rms``.
  ///   - streams: how many texts to read at the same time.
  ///   - longestWindow: the most steps scored at once.
  /// - Throws: ``EvaluationError/notAdaptable(reason:)``, `ArchitectureError`.
  public init(
    _ model: Model, _ settings: Settings, statistics: GradientStatistics? = nil, streams: Int = 1,
    longestWindow: Int = 256
  ) throws {
    try Self.check(model)
    if let problem = settings.problem { throw EvaluationError.notAdaptable(reason: problem) }
    guard settings.rule == .sgd || statistics != nil else {
      throw EvaluationError.notAdaptable(reason: "the rule 'rms' needs the gradient's statistics of a training text")
    }
    network = try Network(
      model.architecture, parameters: model.parameters.values, purpose: .training, batch: streams,
      steps: settings.length)
    network.appliesDropout = false
    trained = model.parameters.values
    before = network.state
    self.settings = settings
    self.statistics = settings.rule == .rms ? statistics : nil
    self.streams = streams
    self.longestWindow = longestWindow
  }

  /// The number of tokens, V.
  public var size: Int { network.architecture.size }

  /// The parameters as they have adapted so far, in the order of the table.
  public var parameters: [Float] { network.parameters }

  /// Learns from what is left of the segment, and puts all streams into the initial state.
  public func reset() {
    settle(Array(repeating: -1, count: streams)[...])
    learn()
    network.resetState()
  }

  /// Reads one token of each stream.
  public func advance(_ tokens: [Int32], into logProbabilities: inout [Float]) {
    settle(tokens[...])
    beginSegment()
    network.logits(inputs: tokens, into: &logProbabilities)
    var span = logProbabilities.mutableSpan
    span.withSlice(0..<(streams * size)) { CrossEntropy.logSoftmax(&$0, rows: streams, classes: size) }
    inputs += tokens
  }

  /// Reads several tokens of each stream, and scores what follows each of them.
  public func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {
    settle(inputs.prefix(streams))
    let segment = settings.length * streams
    if scratch.count < segment { scratch = [Double](repeating: 0, count: segment) }
    var start = 0
    while start < inputs.count {
      beginSegment()
      let part = start..<min(inputs.count, start + segment - self.inputs.count)
      network.score(inputs: Array(inputs[part]), targets: Array(targets[part]), into: &scratch)
      for index in part { results[index] = scratch[index - start] }
      self.inputs += inputs[part]
      self.targets += targets[part]
      if self.inputs.count == segment { learn() }
      start = part.upperBound
    }
  }

  /// Learns from a segment that is complete, and remembers where the next one begins.
  private func beginSegment() {
    if inputs.count == settings.length * streams { learn() }
    if inputs.isEmpty { before = network.state }
  }

  /// Takes what comes after the last tokens that were read, if that is not known yet.
  private func settle(_ tokens: ArraySlice<Int32>) {
    if targets.count < inputs.count { targets += tokens }
  }

  /// Changes the parameters by what the segment teaches; the state stays the one that was reached with the old ones.
  private func learn() {
    defer { (inputs, targets) = ([], []) }
    guard targets.contains(where: { $0 >= 0 }) else { return }
    network.state = before
    _ = network.backpropagate(inputs: inputs, targets: targets, using: &generator)
    let (rate, decay, epsilon) = (Float(settings.rate), Float(settings.decay), Float(settings.epsilon))
    network.update { parameters, gradient in
      guard let statistics else {
        for index in parameters.indices {
          parameters[index] += decay * (trained[index] - parameters[index]) - rate * gradient[index]
        }
        return
      }
      for index in parameters.indices {
        // More than all of the way back would be too far.
        let back = min(1, decay * statistics.decayFactors[index])
        parameters[index] +=
          back * (trained[index] - parameters[index])
          - rate * gradient[index] / (statistics.magnitudes[index] + epsilon)
      }
    }
  }
}
