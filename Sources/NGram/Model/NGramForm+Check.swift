extension NGramForm {
  /// Throws unless the arrays are a model: every number that queries rely on is looked at.
  ///
  /// - Throws: ``NGramError/malformed(place:reason:)`` and others.
  public func check() throws(NGramError) {
    guard 1...NGramModel.highestOrder ~= levels.count else { throw .order(levels.count) }
    guard 1..<Int(Int32.max) ~= vocabularySize, sentenceEnd.map({ 0..<vocabularySize ~= Int($0) }) ?? true else {
      throw .vocabulary(size: vocabularySize, sentenceEnd: sentenceEnd.map(Int.init))
    }
    try checkDescription()
    // No overflow: these are the lengths of arrays in memory.
    let total = levels.reduce(0) { $0 + $1.tokens.count }
    guard total < Int(UInt32.max) else {
      throw .malformed(place: "all orders", reason: "\(total) n-grams are more than \(UInt32.max - 1)")
    }
    for (index, level) in levels.enumerated() {
      try checkLengths(level, order: index + 1)
      try checkNumbers(level, order: index + 1)
      if index == 0 {
        try checkSingleTokens(level)
      } else {
        try checkTokens(level, order: index + 1, offsets: levels[index - 1].childOffsets)
      }
    }
  }

  private func checkDescription() throws(NGramError) {
    guard description.method == "stupid-backoff" else {
      guard description.factor == nil else {
        throw .malformed(place: "description", reason: "\(description.method) has no factor")
      }
      return
    }
    guard let factor = description.factor, factor > 0 && factor <= 1 else {
      throw .malformed(place: "description", reason: "stupid backoff needs a factor above 0 and up to 1")
    }
  }

  private func checkLengths(_ level: Level, order: Int) throws(NGramError) {
    let place = "order \(order)"
    func check(_ name: String, _ found: Int, _ expected: Int) throws(NGramError) {
      guard found == expected else {
        throw .malformed(place: place, reason: "\(found) \(name) for \(level.tokens.count) n-grams")
      }
    }
    let isHighest = order == levels.count
    try check("log-probabilities", level.logProbabilities.count, level.tokens.count)
    try check("backoffs", level.backoffs.count, isHighest ? 0 : level.tokens.count)
    try check("child offsets", level.childOffsets.count, isHighest ? 0 : level.tokens.count + 1)
    guard !isHighest else { return }
    guard level.childOffsets.first == 0, level.childOffsets.last == UInt64(levels[order].tokens.count),
      zip(level.childOffsets, level.childOffsets.dropFirst()).allSatisfy({ $0 <= $1 })
    else {
      throw .malformed(
        place: place,
        reason:
          "the child offsets do not rise from 0 to the \(levels[order].tokens.count) n-grams of order \(order + 1)")
    }
  }

  private func checkNumbers(_ level: Level, order: Int) throws(NGramError) {
    if let index = level.logProbabilities.firstIndex(where: { !($0.isFinite && $0 <= 0) }) {
      throw .malformed(
        place: "order \(order)",
        reason: "the log-probability \(level.logProbabilities[index]) of n-gram \(index) is none")
    }
    if let index = level.backoffs.firstIndex(where: { !$0.isFinite }) {
      throw .malformed(
        place: "order \(order)",
        reason: "the backoff \(level.backoffs[index]) of n-gram \(index) is not a finite number")
    }
  }

  private func checkSingleTokens(_ level: Level) throws(NGramError) {
    let expected = vocabularySize + (sentenceEnd == nil ? 0 : 1)
    guard level.tokens.count == expected, level.tokens.enumerated().allSatisfy({ $0 == Int($1) }) else {
      throw .malformed(
        place: "order 1", reason: "the single tokens are not 0 to \(expected - 1), all that there are, in their order")
    }
    if let sentenceEnd { try checkEnd(level, order: 1, last: Int(sentenceEnd)) }
  }

  /// Throws if something follows the end of a sentence.
  private func checkEnd(_ level: Level, order: Int, last index: Int) throws(NGramError) {
    guard order < levels.count else { return }
    guard level.childOffsets[index] == level.childOffsets[index + 1], level.backoffs[index] == 0 else {
      throw .malformed(
        place: "order \(order)", reason: "n-gram \(index) ends a sentence, and is a context all the same")
    }
  }

  private func checkTokens(_ level: Level, order: Int, offsets: [UInt64]) throws(NGramError) {
    for context in 0..<(offsets.count - 1) {
      // The offsets rise to the number of tokens: they were checked with the order below.
      let range = Int(offsets[context])..<Int(offsets[context + 1])
      var last: UInt32?
      for index in range {
        let token = level.tokens[index]
        guard Int(token) < vocabularySize else {
          throw .malformed(
            place: "order \(order)", reason: "n-gram \(index) ends in token \(token) of \(vocabularySize)")
        }
        if let last, token <= last {
          let fault = token == last ? "occurs twice" : "is not in its place"
          throw .malformed(
            place: "order \(order)", reason: "n-gram \(index) \(fault): its context's tokens do not rise")
        }
        last = token
        if Int32(token) == sentenceEnd { try checkEnd(level, order: order, last: index) }
      }
    }
  }
}
