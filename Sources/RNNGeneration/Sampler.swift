import RNNModel

/// Writes text with a model: reads a prompt, then draws one token after another.
public struct Sampler: Sendable {
  /// One drawn token.
  public struct Draw: Hashable, Sendable {
    /// Its id.
    public let token: Int32
    /// Its ln p under the model, before any strategy, in nats; nil for a first token without a prompt, on which the model has no
    /// say.
    public let logProbability: Double?
    /// Its probability in the distribution that it was drawn from, after all strategies.
    public let probability: Double
    /// The entropy of the model's distribution, in nats; nil unless it was asked for.
    public let entropy: Double?

    /// Says what is known of a token.
    public init(token: Int32, logProbability: Double?, probability: Double, entropy: Double?) {
      (self.token, self.logProbability, self.probability, self.entropy) = (token, logProbability, probability, entropy)
    }
  }

  /// The model gave something that is no distribution: its numbers overflow float32.
  public struct NotFinite: Error, Hashable, Sendable, CustomStringConvertible {
    /// How many tokens had been drawn.
    public let drawn: Int

    /// Says how many tokens had been drawn.
    public init(drawn: Int) { self.drawn = drawn }

    /// One sentence.
    public var description: String {
      "the model's numbers overflow after \(drawn) drawn tokens: it gives no probabilities"
    }
  }

  /// What the tokens are drawn by.
  public let chain: DecodingChain
  /// Whether each draw says the entropy of the model's distribution.
  public var measuresEntropy = false
  private let seed: UInt64
  private var texts: UInt64 = 0

  /// Prepares a sampler.
  ///
  /// - Parameters:
  ///   - chain: the strategies.
  ///   - seed: the same seed, model and prompt give the same texts, one after another.
  public init(chain: DecodingChain, seed: UInt64) { (self.chain, self.seed) = (chain, seed) }

  /// Prepares a sampler.
  ///
  /// - Parameters:
  ///   - strategies: applied in order; with none, tokens are drawn from the model's own distribution.
  ///   - seed: the same seed, model and prompt give the same texts, one after another.
  public init(strategies: [any DecodingStrategy], seed: UInt64) {
    self.init(chain: DecodingChain(strategies), seed: seed)
  }

  /// The seed of one of several texts; that of the first is the seed itself.
  public static func seed(_ seed: UInt64, ofText text: UInt64) -> UInt64 {
    // Not the step of the generator's own seeding, whose numbers would overlap.
    seed &+ text &* 0xD134_2543_DE82_EF95
  }

  /// Draws tokens.
  ///
  /// Without a prompt, the first token is drawn from the model's token frequencies if they are given, else uniformly: a model of a
  /// stream has no beginning of a text. The text ends early where the strategies leave no token.
  ///
  /// - Parameters:
  ///   - count: how many tokens.
  ///   - prompt: what is read first, from the initial state.
  ///   - model: with one stream.
  ///   - frequencies: how often each token occurred in the training text.
  ///   - body: called with each token as it is drawn; returns whether to go on.
  /// - Throws: ``NotFinite``, or what `body` throws.
  public mutating func sample(
    _ count: Int, after prompt: [Int32], from model: some LanguageModel, frequencies: [UInt64]? = nil,
    _ body: (Draw) throws -> Bool
  ) throws {
    guard count > 0 else { return }
    defer { texts &+= 1 }
    var logProbabilities = model.read(prompt, frequencies: frequencies)
    var chain = chain
    var context = DecodingContext(prompt: prompt, seed: Self.seed(seed, ofText: texts))
    while context.drawn < count {
      guard
        let draw = try Self.draw(logProbabilities, &chain, &context, measuresEntropy: measuresEntropy), try body(draw),
        context.drawn < count
      else { return }
      model.advance([draw.token], into: &logProbabilities)
    }
  }

  /// Draws one token and adds it to the text.
  static func draw(
    _ logProbabilities: some Collection<Float>, _ chain: inout DecodingChain, _ context: inout DecodingContext,
    measuresEntropy: Bool
  ) throws(NotFinite) -> Draw? {
    guard logProbabilities.allSatisfy({ !$0.isNaN }) else { throw NotFinite(drawn: context.drawn) }
    guard let choice = chain.draw(logProbabilities, in: &context) else { return nil }
    let isFirst = context.tokens.isEmpty
    context.append(choice.token)
    let place = logProbabilities.index(logProbabilities.startIndex, offsetBy: Int(choice.token))
    return Draw(
      token: choice.token, logProbability: isFirst ? nil : Double(logProbabilities[place]),
      probability: choice.probability,
      entropy: measuresEntropy ? Candidates(logProbabilities: logProbabilities).entropy : nil)
  }
}

extension LanguageModel {
  /// Reads a prompt from the beginning of a text.
  ///
  /// - Parameters:
  ///   - prompt: may be empty.
  ///   - frequencies: how often each token occurred in the training text.
  /// - Returns: ln p of each token that may follow; after nothing, that of the frequencies, or all alike.
  /// - Precondition: the model has one stream.
  public func read(_ prompt: [Int32], frequencies: [UInt64]? = nil) -> [Float] {
    reset()
    var logProbabilities = [Float](repeating: Float(-PortableMath.log(Double(size))), count: size)
    guard let last = prompt.last else {
      if let frequencies, frequencies.contains(where: { $0 > 0 }) {
        let total = frequencies.reduce(0.0) { $0 + Double($1) }
        logProbabilities = frequencies.map { Float(PortableMath.log(Double($0) / total)) }
      }
      return logProbabilities
    }
    let before = prompt.dropLast()
    if longestWindow > 1 && before.count > longestWindow {
      var ignored = [Double](repeating: 0, count: longestWindow)
      for start in stride(from: 0, to: before.count, by: longestWindow) {
        let part = Array(before[start..<min(start + longestWindow, before.count)])
        score(inputs: part, targets: Array(repeating: -1, count: part.count), into: &ignored)
      }
    } else {
      for token in before { advance([token], into: &logProbabilities) }
    }
    advance([last], into: &logProbabilities)
    return logProbabilities
  }
}
