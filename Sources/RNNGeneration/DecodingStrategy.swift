import Kernels

/// A rule that reshapes the distribution of the next token before one is drawn.
///
/// Strategies are applied one after another; each takes what the one before it left, and sees probabilities that sum to 1.
public protocol DecodingStrategy: Sendable {
  /// What the strategy is called in an order.
  static var name: StrategyName { get }

  /// Changes the candidates: their probabilities, or which of them are left.
  ///
  /// - Parameters:
  ///   - candidates: what the strategies before left. Only those that forbid or demand tokens may leave none.
  ///   - context: the text so far.
  mutating func apply(to candidates: inout Candidates, in context: inout DecodingContext)

  /// Learns which token was drawn.
  ///
  /// - Parameters:
  ///   - token: the token.
  ///   - probability: its probability in the distribution that it was drawn from, after all strategies.
  mutating func observe(_ token: Int32, probability: Double)
}

extension DecodingStrategy {
  /// Most strategies learn nothing.
  public mutating func observe(_ token: Int32, probability: Double) {}

  /// What the strategy does at the beginning of a text.
  public func apply(to candidates: inout Candidates) {
    var (strategy, context) = (self, DecodingContext())
    strategy.apply(to: &candidates, in: &context)
  }
}

/// The text so far, as strategies see it.
public struct DecodingContext: Sendable {
  /// The prompt and what was drawn.
  public private(set) var tokens: [Int32]
  /// How many of ``tokens`` were drawn.
  public private(set) var drawn = 0
  /// The chance of this text.
  public var generator: RandomGenerator

  /// Begins a text.
  public init(prompt: [Int32] = [], seed: UInt64 = 0) {
    tokens = prompt
    generator = RandomGenerator(seed: seed)
  }

  /// The tokens that were drawn.
  public var drawnTokens: ArraySlice<Int32> { tokens.suffix(drawn) }

  /// Adds a drawn token.
  public mutating func append(_ token: Int32) {
    tokens.append(token)
    drawn += 1
  }
}

/// The names of the strategies, in the order in which they are applied unless another one is asked for: what forbids and
/// demands first, then Hugging Face's order of what it has (penalties, temperature, truncations), with llama.cpp's at the places nearest to theirs.
public enum StrategyName: String, Hashable, Sendable, CaseIterable {
  case constraint, forced, forbidden
  case noRepeatNGram = "no-repeat-ngram"
  case penalties, dry, temperature
  case topNSigma = "top-n-sigma"
  case topK = "top-k"
  case topP = "top-p"
  case minP = "min-p"
  case typical, epsilon, eta, xtc, mirostat, greedy

  /// Other programs' orders.
  public static let presets: [String: [StrategyName]] = [
    "hugging-face": allCases,
    "llama.cpp": [
      .constraint, .forced, .forbidden, .noRepeatNGram, .penalties, .dry, .topNSigma, .topK, .typical, .topP, .minP,
      .epsilon, .eta, .xtc, .temperature, .mirostat, .greedy,
    ],
  ]
}
