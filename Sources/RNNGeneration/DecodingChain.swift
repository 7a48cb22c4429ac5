/// Strategies in the order of their application, with the one place where tokens that are never drawn are taken out.
public struct DecodingChain: Sendable {
  /// One drawn token, and the distribution that it came from.
  public struct Choice: Hashable, Sendable {
    /// The token.
    public let token: Int32
    /// Its probability after all strategies.
    public let probability: Double
  }

  /// The strategies, in order.
  public private(set) var strategies: [any DecodingStrategy]
  /// Tokens that are never drawn, whatever their probability: those that no text contains.
  public let excluded: [Int32]

  /// Puts strategies together.
  ///
  /// - Parameters:
  ///   - strategies: applied in order; with none, tokens are drawn from the model's own distribution.
  ///   - excluded: tokens that are never drawn.
  public init(_ strategies: [any DecodingStrategy] = [], excluding excluded: [Int32] = []) {
    self.strategies = strategies
    self.excluded = excluded
  }

  /// The same strategies in another order.
  ///
  /// - Parameter order: those that it does not name keep their places among each other, after those named.
  public func ordered(by order: [StrategyName]) -> DecodingChain {
    func place(_ strategy: any DecodingStrategy) -> Int {
      order.firstIndex(of: type(of: strategy).name) ?? order.count
    }
    let sorted = strategies.enumerated().sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }
    return DecodingChain(sorted.map(\.element), excluding: excluded)
  }

  /// What the strategies make of a distribution.
  ///
  /// - Parameters:
  ///   - logProbabilities: ln p of each token.
  ///   - context: the text so far.
  public mutating func candidates(
    _ logProbabilities: some Collection<Float>, in context: inout DecodingContext
  ) -> Candidates {
    var candidates = Candidates(logProbabilities: logProbabilities)
    candidates.remove(excluded)
    for index in strategies.indices { strategies[index].apply(to: &candidates, in: &context) }
    return candidates
  }

  /// Draws the next token.
  ///
  /// - Returns: nil if the strategies leave no token.
  public mutating func draw(
    _ logProbabilities: some Collection<Float>, in context: inout DecodingContext
  ) -> Choice? {
    let candidates = candidates(logProbabilities, in: &context)
    guard let (token, probability) = candidates.draw(at: context.generator.uniform()) else { return nil }
    take(token, probability: probability)
    return Choice(token: token, probability: probability)
  }

  /// Lets the strategies know which token was taken.
  public mutating func take(_ token: Int32, probability: Double) {
    for index in strategies.indices { strategies[index].observe(token, probability: probability) }
  }
}
