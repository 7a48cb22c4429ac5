import Kernels
import RNNModel
import RealModule

/// Writes text with a model: reads a prompt, then draws one token after another.
public struct Sampler: Sendable {
  /// One drawn token.
  public struct Draw: Hashable, Sendable {
    /// Its id.
    public let token: Int32
    /// Its ln p under the model, before any strategy, in nats; nil for a first token without a prompt, on which the model has no
    /// say.
    public let logProbability: Double?
  }

  /// The model gave something that is no distribution: its numbers overflow float32.
  public struct NotFinite: Error, Hashable, Sendable, CustomStringConvertible {
    /// How many tokens had been drawn.
    public let drawn: Int

    /// One sentence.
    public var description: String {
      "the model's numbers overflow after \(drawn) drawn tokens: it gives no probabilities"
    }
  }

  /// The strategies, in the order of their application.
  public let strategies: [any DecodingStrategy]
  private var generator: RandomGenerator

  /// Prepares a sampler.
  ///
  /// - Parameters:
  ///   - strategies: applied in order; with none, tokens are drawn from the model's own distribution.
  ///   - seed: the same seed, model and prompt give the same text.
  public init(strategies: [any DecodingStrategy], seed: UInt64) {
    self.strategies = strategies
    generator = RandomGenerator(seed: seed)
  }

  /// Draws tokens.
  ///
  /// Without a prompt, the first token is drawn from the model's token frequencies if they are given, else uniformly: a model of a
  /// stream has no beginning of a text.
  ///
  /// - Parameters:
  ///   - count: how many tokens.
  ///   - prompt: what is read first, from the zero state.
  ///   - model: with one stream.
  ///   - frequencies: how often each token occurred in the training text.
  ///   - body: called with each token as it is drawn; returns whether to go on.
  /// - Throws: ``NotFinite``, or what `body` throws.
  public mutating func sample(
    _ count: Int, after prompt: [Int32], from model: some LanguageModel, frequencies: [UInt64]? = nil,
    _ body: (Draw) throws -> Bool
  ) throws {
    guard count > 0 else { return }
    model.reset()
    var logProbabilities = [Float](repeating: -Float.log(Float(model.size)), count: model.size)
    if prompt.isEmpty, let frequencies, frequencies.contains(where: { $0 > 0 }) {
      let total = frequencies.reduce(Float(0)) { $0 + Float($1) }
      logProbabilities = frequencies.map { Float.log(Float($0) / total) }
    }
    for token in prompt { model.advance([token], into: &logProbabilities) }
    for index in 0..<count {
      guard logProbabilities.allSatisfy({ !$0.isNaN }) else { throw NotFinite(drawn: index) }
      let token = draw(logProbabilities)
      let isFirst = prompt.isEmpty && index == 0
      let draw = Draw(token: token, logProbability: isFirst ? nil : Double(logProbabilities[Int(token)]))
      guard try body(draw), index < count - 1 else { return }
      model.advance([token], into: &logProbabilities)
    }
  }

  private mutating func draw(_ logProbabilities: [Float]) -> Int32 {
    var candidates = Candidates(logProbabilities: logProbabilities)
    for strategy in strategies { strategy.apply(to: &candidates) }
    return candidates.token(at: generator.uniform()) ?? 0
  }
}
