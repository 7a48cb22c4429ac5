import RealModule

extension NGramModel {
  /// The model without the n-grams that it hardly misses (Stolcke 1998): those whose removal, one at a time, raises the perplexity of the
  /// model's own text by a smaller part than `threshold`.
  ///
  /// How often a context occurs is taken from the model itself. In models by Kneser & Ney, whose lower orders are no frequencies, more is lost for each n-gram left out than in
  /// others (Chelba et al. 2010).
  ///
  /// - Parameter threshold: such as 1e-7; not negative.
  /// - Throws: ``NGramError/parameter(_:)`` for a threshold that is none, and for scores that are no probabilities.
  public func pruned(byEntropy threshold: Double) throws(NGramError) -> NGramModel {
    guard threshold >= 0 && threshold.isFinite else {
      throw .parameter("pruning by entropy needs a threshold that is not negative, not \(threshold)")
    }
    guard skipWeight == 0 else { throw .parameter("the scores of stupid backoff have no entropy to prune by") }
    let kept = keptNodes(threshold)
    let whole = form
    var result = whole
    result.description.prunedEntropy = threshold
    for index in 1..<max(1, order) {
      let (above, here) = (whole.levels[index - 1], whole.levels[index])
      var level = NGramForm.Level()
      var offsets: [UInt64] = [0]
      for context in 0..<count(order: index) where kept[bases[index - 1] + context] {
        for child in Int(above.childOffsets[context])..<Int(above.childOffsets[context + 1])
        where kept[bases[index] + child] {
          level.tokens.append(here.tokens[child])
          level.logProbabilities.append(here.logProbabilities[child])
          if index + 1 < order { level.backoffs.append(here.backoffs[child]) }
        }
        offsets.append(UInt64(level.tokens.count))
      }
      result.levels[index - 1].childOffsets = offsets
      result.levels[index] = level
    }
    return try result.renormalised()
  }

  /// Which n-grams stay: single tokens, what longer ones begin with, and what makes a difference.
  private func keptNodes(_ threshold: Double) -> [Bool] {
    var kept = [Bool](repeating: true, count: tokens.count)
    let occurrence = occurrences
    for order in stride(from: order - 1, to: 0, by: -1) {
      for context in bases[order - 1]..<bases[order] {
        let range = Int(childStarts[context])..<Int(childStarts[context + 1])
        let (left, leftBelow, below) = leftOver(context, range)
        guard left > 1e-9 && leftBelow > 1e-9 else { continue }
        let weight = Double(backoffs[context])
        for (child, below) in zip(range, below) where !hasKeptChildren(child, kept) {
          let probability = Double.exp(Double(logProbabilities[child]))
          let newWeight = Double.log((left + probability) / (leftBelow + below))
          let change =
            probability * (Double.log(below) + newWeight - Double(logProbabilities[child]))
            + left * (newWeight - weight)
          if Double.expMinusOne(-occurrence[context] * change) < threshold { kept[child] = false }
        }
      }
    }
    return kept
  }

  private func hasKeptChildren(_ node: Int, _ kept: [Bool]) -> Bool {
    guard node < backoffs.count else { return false }
    return kept[Int(childStarts[node])..<Int(childStarts[node + 1])].contains(true)
  }

  /// How often each context occurs in the model's own text; a sentence begins as often as one ends.
  private var occurrences: [Double] {
    var result = [Double](repeating: 0, count: backoffs.count)
    guard order > 1 else { return result }
    for token in 0..<bases[1] {
      let source = token == vocabularySize ? Int(sentenceEnd ?? 0) : token
      result[token] = Double.exp(Double(logProbabilities[source]))
    }
    for context in result.indices {
      for child in Int(childStarts[context])..<Int(childStarts[context + 1]) where child < result.count {
        result[child] = result[context] * Double.exp(Double(logProbabilities[child]))
      }
    }
    return result
  }

  /// What the n-grams of a context leave to other tokens, after this context and after the one shorter by a token, and the probabilities of their tokens after
  /// that.
  private func leftOver(_ context: Int, _ range: Range<Int>) -> (here: Double, below: Double, probabilities: [Double]) {
    var (here, below) = (1.0, 1.0)
    var probabilities: [Double] = []
    for child in range {
      var state = State(node: suffixes[context], length: 0)
      let lower = Double.exp(Double(read(Int32(tokens[child]), after: &state)))
      here -= Double.exp(Double(logProbabilities[child]))
      below -= lower
      probabilities.append(lower)
    }
    return (here, below, probabilities)
  }

  /// The weights with which the probabilities after the contexts of an order sum to one.
  fileprivate func weights(order: Int) -> [Float] {
    (bases[order - 1]..<bases[order]).map { context in
      let range = Int(childStarts[context])..<Int(childStarts[context + 1])
      guard !range.isEmpty else { return 0 }
      let (left, leftBelow, _) = leftOver(context, range)
      // Where every token is listed, the weight is never used.
      return left > 1e-9 && leftBelow > 1e-9 ? Float(Double.log(left / leftBelow)) : backoffs[context]
    }
  }
}

extension NGramForm {
  /// A model of these probabilities, with weights that make them sum to one after every context.
  func renormalised() throws(NGramError) -> NGramModel {
    var form = self
    // The weights of an order stand on those of the orders below.
    for order in 1..<max(1, levels.count) {
      form.levels[order - 1].backoffs = try NGramModel(form).weights(order: order)
    }
    return try NGramModel(form)
  }
}
