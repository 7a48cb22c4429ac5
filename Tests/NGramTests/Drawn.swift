import Kernels

@testable import NGram

/// A small text drawn from a seed, in which some tokens are frequent and one never occurs.
struct DrawnText {
  let tokens: [Int32]
  let size: Int
  let sentenceEnd: Int32?

  init(seed: UInt64, hasSentences: Bool) {
    var generator = RandomGenerator(seed: seed)
    func draw(_ count: Int) -> Int { min(count - 1, Int(generator.uniform() * Double(count))) }
    size = 3 + draw(5)
    sentenceEnd = hasSentences ? 1 : nil
    let length = 1 + draw(seed % 3 == 0 ? 12 : 150)
    var tokens: [Int32] = []
    for _ in 0..<length {
      let token = Int32(Double(size - 1) * generator.uniform() * generator.uniform())
      tokens.append(token)
      // Repeated stretches make n-grams that occur several times.
      if tokens.count > 8 && draw(6) == 0 { tokens += tokens[(tokens.count - 4)...] }
    }
    self.tokens = tokens
  }

  func counts(order: Int) throws -> NGramCounts {
    try NGramCounts(tokens, order: order, vocabularySize: size, sentenceEnd: sentenceEnd)
  }

  /// The sentences, each with `<s>` before it; the whole text if there are none.
  var sentences: [[Int32]] {
    guard let sentenceEnd else { return [tokens] }
    var sentences: [[Int32]] = []
    var isStart = true
    for token in tokens {
      if isStart { sentences.append([Int32(size)]) }
      sentences[sentences.count - 1].append(token)
      isStart = token == sentenceEnd
    }
    return sentences
  }

  /// Each n-gram of an order with the number of its occurrences, one by one.
  func occurrences(order: Int) -> [[Int32]: Int] {
    var result: [[Int32]: Int] = [:]
    for sentence in sentences where sentence.count >= order {
      for start in 0...(sentence.count - order) { result[Array(sentence[start..<(start + order)]), default: 0] += 1 }
    }
    return result
  }

  /// Every context of up to `length` tokens that can stand before a token, seen or not: after the end of a sentence only `<s>` can.
  func contexts(length: Int) -> [[Int32]] {
    let ordinary = (0..<Int32(size)).filter { $0 != sentenceEnd }
    var result: [[Int32]] = [[]]
    var last: [[Int32]] = [[]]
    for _ in 0..<length {
      last = last.flatMap { context in ordinary.map { [$0] + context } }
      result += last
    }
    guard sentenceEnd != nil else { return result }
    return result + result.filter { $0.count < length }.map { [Int32(size)] + $0 }
  }
}

extension NGramModel {
  /// ln p of a token after a context that begins with `<s>`, V, or in the middle of a text, through the states of queries.
  func logProbability(of token: Int32, after context: [Int32]) -> Float {
    var state = state(after: context)
    return read(token, after: &state)
  }

  func state(after context: [Int32]) -> State {
    var context = context[...]
    var state = State(node: Self.root, length: 0)
    if context.first == Int32(vocabularySize) {
      state = start
      context = context.dropFirst()
    }
    for token in context { _ = read(token, after: &state) }
    return state
  }

  func distribution(after context: [Int32]) -> [Float] {
    var result = [Float](repeating: .nan, count: vocabularySize)
    distribution(after: state(after: context), into: &result)
    return result
  }
}
