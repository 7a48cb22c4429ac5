import RealModule

extension NGramCounts {
  /// Estimates a model.
  ///
  /// - Parameters:
  ///   - method: how.
  ///   - pruned: for each order, n-grams that occur so often, or less, are left out; the first is 0, and none is smaller than the one before it. Missing
  ///     ones are like the last. What the others would have had goes to the lower orders.
  /// - Throws: ``NGramError/parameter(_:)``.
  public func model(_ method: NGramMethod, pruned: [Int] = []) throws(NGramError) -> NGramModel {
    try NGramModel(form(method, pruned: pruned))
  }

  /// Estimates a model, in the form in which it is stored.
  ///
  /// - Throws: ``NGramError/parameter(_:)``.
  public func form(_ method: NGramMethod, pruned: [Int] = []) throws(NGramError) -> NGramForm {
    try estimate(method.smoothing(), thresholds(pruned))
  }

  /// A threshold for each order.
  private func thresholds(_ pruned: [Int]) throws(NGramError) -> [UInt32] {
    guard pruned.count <= order else {
      throw .parameter("\(pruned.count) counts to prune for a model of order \(order)")
    }
    guard pruned.first ?? 0 == 0 else {
      throw .parameter("single tokens cannot be pruned: they are the vocabulary")
    }
    guard zip(pruned, pruned.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw .parameter(
        "counts to prune must not fall from one order to the next, since longer n-grams stand on shorter ones")
    }
    let last = UInt32(clamping: pruned.last ?? 0)
    return pruned.map { UInt32(clamping: $0) } + Array(repeating: last, count: order - pruned.count)
  }

  private func estimate(_ smoothing: some Smoothing, _ thresholds: [UInt32]) -> NGramForm {
    var smoothing = smoothing
    var counts: [[UInt32]] = []
    for (index, level) in levels.enumerated() {
      counts.append(smoothing.countsContexts ? continuationCounts(order: index + 1) : level.counts)
      smoothing.prepare(CountsOfCounts(counts[index].prefix(index == 0 ? vocabularySize : .max)))
    }
    var lower: [Double] = []
    var result: [NGramForm.Level] = []
    for (index, level) in levels.enumerated() {
      let estimated = EstimatedLevel(
        level, order: index + 1, of: order, counts: counts[index], threshold: thresholds[index], lower: lower,
        vocabularySize: vocabularySize)
      counts[index] = []
      let contexts = index == 0 ? nil : Contexts(levels[index - 1], threshold: index == 1 ? nil : thresholds[index - 1])
      let (finished, backoffs, childOffsets) = Self.estimate(smoothing, level, estimated, contexts, &lower)
      if index > 0 {
        result[index - 1].backoffs = backoffs
        result[index - 1].childOffsets = childOffsets
      }
      result.append(finished)
    }
    var description = smoothing.description
    if thresholds.contains(where: { $0 > 0 }) { description.prunedCounts = thresholds.map(Int.init) }
    return NGramForm(
      vocabularySize: vocabularySize, sentenceEnd: sentenceEnd, description: description, levels: result)
  }

  /// Which n-grams of the order below are in the model; all where there is no threshold.
  private struct Contexts {
    private let counts: [UInt32]
    private let threshold: UInt32?

    init(_ level: Level, threshold: UInt32?) {
      counts = level.counts
      self.threshold = threshold
    }

    func isKept(_ index: Int) -> Bool { threshold.map { counts[index] > $0 } ?? true }
  }

  /// Estimates one order.
  ///
  /// - Parameters:
  ///   - contexts: nil for single tokens.
  ///   - lower: the probabilities of the order below; receives those of this one.
  /// - Returns: the n-grams of this order, and for each of those below its weight and where its n-grams end up.
  private static func estimate(
    _ smoothing: some Smoothing, _ level: Level, _ estimated: EstimatedLevel, _ contexts: Contexts?,
    _ lower: inout [Double]
  ) -> (NGramForm.Level, backoffs: [Float], childOffsets: [UInt64]) {
    var probabilities = [Double](repeating: 0, count: level.tokens.count)
    var finished = NGramForm.Level()
    var backoffs: [Float] = []
    var offsets: [UInt64] = [0]
    backoffs.reserveCapacity(level.starts.count)
    offsets.reserveCapacity(level.starts.count)
    for context in 0..<(level.starts.count - 1) where contexts?.isKept(context) ?? true {
      var range = Int(level.starts[context])..<Int(level.starts[context + 1])
      // `<s>` is a single token, but no token follows another by being it.
      if contexts == nil { range = range.lowerBound..<level.firstOfSentence }
      var weight = 1.0
      if !range.isEmpty { weight = smoothing.estimate(range, in: estimated, into: &probabilities) }
      for index in range where estimated.isKept(index) {
        finished.tokens.append(level.tokens[index])
        finished.logProbabilities.append(Float(min(0, Double.log(probabilities[index]))))
      }
      backoffs.append(Float(Double.log(weight)))
      offsets.append(UInt64(finished.tokens.count))
    }
    if contexts == nil, level.firstOfSentence < level.tokens.count {
      finished.tokens.append(level.tokens[level.firstOfSentence])
      finished.logProbabilities.append(NGramForm.startLogProbability)
    }
    lower = probabilities
    return (finished, backoffs, offsets)
  }
}
