import RNNModel

/// Contrastive search (Su et al. 2022): of the k most probable tokens, takes the one with the largest
/// (1 - alpha) p - alpha max cos(h, h'), h being the hidden state after the token and h' those of all places before it: probable, and
/// unlike what was said already.
public struct ContrastiveSearch: Sendable {
  /// How many tokens are tried at each step, k.
  public let count: Int
  /// The weight of the likeness, in 0 ... 1.
  public let alpha: Double
  /// Changes the distributions, and which tokens may come.
  public let chain: DecodingChain

  /// Why the search cannot be done.
  public struct NoHiddenState: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence.
    public var description: String { "the model has no hidden states that a contrastive search could compare" }
  }

  /// Prepares a search.
  ///
  /// - Precondition: k is positive, alpha in 0 ... 1.
  public init(count: Int, alpha: Double, chain: DecodingChain = DecodingChain()) {
    precondition(count > 0 && (0...1).contains(alpha), "contrastive search with \(count) and \(alpha)")
    (self.count, self.alpha, self.chain) = (count, alpha, chain)
  }

  /// Writes a text.
  ///
  /// - Parameters:
  ///   - length: how many tokens.
  ///   - prompt: what is read first.
  ///   - model: with ``count`` streams.
  ///   - reader: the same model with one stream, which reads the prompt.
  ///   - frequencies: how often each token occurred in the training text.
  ///   - body: called with each token; returns whether to go on.
  /// - Throws: ``NoHiddenState``, ``Sampler/NotFinite``, or what `body` throws.
  public func search(
    _ length: Int, after prompt: [Int32], in model: some BranchingLanguageModel, reader: some BranchingLanguageModel,
    frequencies: [UInt64]? = nil, _ body: (Sampler.Draw) throws -> Bool
  ) throws {
    precondition(model.streams == count, "\(model.streams) streams for \(count) tokens")
    var past: [[Double]] = []
    // The states of all places of the prompt count too.
    var row = reader.read([], frequencies: frequencies)
    for token in prompt {
      reader.advance([token], into: &row)
      past.append(Self.unit(reader.hiddenState(of: 0)))
    }
    var memory = reader.memory(of: 0)
    var (chain, context) = (chain, DecodingContext(prompt: prompt))
    var next = [Float](repeating: 0, count: count * model.size)
    model.reset()
    while context.drawn < length {
      guard row.allSatisfy({ !$0.isNaN }) else { throw Sampler.NotFinite(drawn: context.drawn) }
      let candidates = chain.candidates(row, in: &context)
      let top = candidates.topProbabilities(count)
      let (tokens, probabilities) = (top.map(\.token), top.map(\.probability))
      guard let first = tokens.first else { return }
      for stream in 0..<count { model.setMemory(memory, of: stream) }
      model.advance((0..<count).map { $0 < tokens.count ? tokens[$0] : first }, into: &next)
      var best = (stream: 0, score: -Double.infinity)
      var hidden: [[Double]] = []
      for stream in tokens.indices {
        hidden.append(Self.unit(model.hiddenState(of: stream)))
        guard !hidden[stream].isEmpty else { throw NoHiddenState() }
        let likeness = past.reduce(past.isEmpty ? 0 : -1) { max($0, Self.product($1, hidden[stream])) }
        let score = (1 - alpha) * probabilities[stream] - alpha * likeness
        if score > best.score { best = (stream, score) }
      }
      let token = tokens[best.stream]
      let isFirst = context.tokens.isEmpty
      chain.take(token, probability: probabilities[best.stream])
      context.append(token)
      past.append(hidden[best.stream])
      let draw = Sampler.Draw(
        token: token, logProbability: isFirst ? nil : Double(row[Int(token)]),
        probability: probabilities[best.stream], entropy: nil)
      memory = model.memory(of: best.stream)
      row = Array(next[(best.stream * model.size)..<((best.stream + 1) * model.size)])
      guard try body(draw) else { return }
    }
  }

  /// The vector of length 1 in the same direction.
  private static func unit(_ values: [Float]) -> [Double] {
    let length = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    return values.map { length > 0 ? Double($0) / length : 0 }
  }

  private static func product(_ left: [Double], _ right: [Double]) -> Double {
    var sum = 0.0
    for index in left.indices { sum += left[index] * right[index] }
    return sum
  }
}
