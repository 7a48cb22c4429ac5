import RealModule

extension NGramModel {
  /// What a text begins with: `<s>` where sentences end, otherwise nothing.
  public var start: State {
    guard sentenceEnd != nil && order > 1 else { return State(node: Self.root, length: 0) }
    return State(node: isContext(vocabularySize) ? UInt32(vocabularySize) : Self.root, length: 1)
  }

  /// Whether a state can be an n-gram: if something is known to follow it, or it has a weight.
  private func isContext(_ node: Int) -> Bool {
    node < backoffs.count && (childStarts[node] < childStarts[node + 1] || backoffs[node] != 0)
  }

  private func children(_ node: UInt32) -> Range<Int> { Int(childStarts[Int(node)])..<Int(childStarts[Int(node) + 1]) }

  /// How many tokens an n-gram has.
  private func length(_ node: Int) -> Int {
    var length = 1
    while node >= bases[length] { length += 1 }
    return length
  }

  /// Reads a token.
  ///
  /// - Parameters:
  ///   - token: in `0 ..< vocabularySize`.
  ///   - state: what stands before it; becomes what stands before the next token.
  /// - Returns: ln p of the token, in nats.
  public func read(_ token: Int32, after state: inout State) -> Float {
    precondition(0..<vocabularySize ~= Int(token), "token \(token) of \(vocabularySize)")
    let wanted = UInt32(bitPattern: token)
    var (node, found, weight) = (state.node, Int(token), Float(0))
    while node != Self.root {
      if let child = Self.find(wanted, in: tokens, children(node)) {
        found = child
        break
      }
      weight += backoffs[Int(node)]
      node = suffixes[Int(node)]
    }
    if skipWeight != 0 { weight += Float(Int(state.length) + 1 - length(found)) * skipWeight }
    if token == sentenceEnd {
      state = start
    } else {
      state.node = isContext(found) ? UInt32(found) : suffixes[found]
      state.length = UInt8(min(Int(state.length) + 1, order - 1))
    }
    return logProbabilities[found] + weight
  }

  /// ln p of each token of a text from its beginning, in nats.
  ///
  /// - Parameter text: each in `0 ..< vocabularySize`.
  public func logProbabilities(of text: some Sequence<Int32>) -> [Float] {
    var state = start
    return text.map { read($0, after: &state) }
  }

  /// ln p of every token that may follow.
  ///
  /// - Parameters:
  ///   - state: what stands before it.
  ///   - logProbabilities: receives V numbers, in nats.
  ///   - offset: where they begin.
  public func distribution(after state: State, into results: inout [Float], at offset: Int = 0) {
    var (contexts, biases): ([UInt32], [Float]) = ([], [])
    var (node, weight) = (state.node, Float(0))
    while node != Self.root {
      let skipped = Int(state.length) - length(Int(node))
      contexts.append(node)
      biases.append(weight + (skipWeight == 0 ? 0 : Float(skipped) * skipWeight))
      weight += backoffs[Int(node)]
      node = suffixes[Int(node)]
    }
    let bias = weight + (skipWeight == 0 ? 0 : Float(state.length) * skipWeight)
    for token in 0..<vocabularySize { results[offset + token] = logProbabilities[token] + bias }
    // Longer contexts have the last word.
    for (context, bias) in zip(contexts, biases).reversed() {
      for child in children(context) { results[offset + Int(tokens[child])] = logProbabilities[child] + bias }
    }
  }
}
