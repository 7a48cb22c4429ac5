import RealModule

/// A table of n-grams, one token after another: ln p(w | h) is that of the longest context h that w was counted after, with the weights of
/// all longer ones (Katz 1987, equation 15, in logarithms).
///
/// What the layer carries are the last tokens of the text, as many as the longest context has.
struct ReferenceNGram<Scalar: ReferenceScalar>: ReferenceLayer {
  private let layer: Architecture.NGram
  /// The last token of each n-gram.
  private let tokens: ReferenceTensor<Scalar>
  /// ln p of the last token after the others.
  private let logProbabilities: ReferenceTensor<Scalar>
  /// ln of the weight of the order below, after each n-gram below the highest order.
  private let backoffs: ReferenceTensor<Scalar>
  /// Where what follows each of these begins, and where the last of it ends.
  private let children: ReferenceTensor<Scalar>

  init(_ layer: Architecture.NGram, tensor: (String) -> ReferenceTensor<Scalar>) {
    self.layer = layer
    tokens = tensor("tokens")
    logProbabilities = tensor("log_probabilities")
    backoffs = tensor("backoffs")
    children = tensor("children")
  }

  /// A sentence begins after a token of its own, V; a stream after nothing.
  private var beginning: [Scalar] { layer.sentenceEnd != nil && layer.order > 1 ? [Scalar(layer.size)] : [] }

  var start: ReferenceStart<Scalar> { ReferenceStart(state: .init(hidden: beginning)) }

  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    var after = state
    let read = state.hidden + [Scalar(input.token)]
    after.hidden = input.token == layer.sentenceEnd ? beginning : Array(read.suffix(layer.order - 1))
    return ReferenceStep(
      input: input, previous: state, state: after, output: distribution(after: after.hidden.map { Int($0) }))
  }

  /// ln p of every token: longer contexts have the last word on what was seen after them.
  private func distribution(after history: [Int]) -> [Scalar] {
    var results = (0..<layer.size).map { logProbabilities.element($0) }
    let skip = layer.skipFactor.map { Scalar.log(Scalar($0)) } ?? 0
    for length in 0..<history.count {
      let context = index(of: history.suffix(length + 1))
      let weight = skip + (context.map { backoffs.element($0) } ?? 0)
      for token in results.indices { results[token] += weight }
      for child in context.map(following) ?? 0..<0 {
        results[Int(tokens.element(child))] = logProbabilities.element(child)
      }
    }
    return results
  }

  /// The n-grams that have another one as their context.
  private func following(_ context: Int) -> Range<Int> {
    Int(children.element(context))..<Int(children.element(context + 1))
  }

  /// Where an n-gram is in the row; nil if it was not counted.
  private func index(of ngram: ArraySlice<Int>) -> Int? {
    guard var index = ngram.first else { return nil }
    for token in ngram.dropFirst() {
      // The tokens of a context rise: the place is found by halving.
      var range = following(index)
      while range.count > 1 {
        let middle = range.lowerBound + range.count / 2
        range = Int(tokens.element(middle)) <= token ? middle..<range.upperBound : range.lowerBound..<middle
      }
      guard let found = range.first, Int(tokens.element(found)) == token else { return nil }
      index = found
    }
    return index
  }

  /// Counts have no gradient.
  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) { ([], stateGradient) }
}
