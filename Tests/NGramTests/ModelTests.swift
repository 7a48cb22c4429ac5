import RNNEvaluation
import RNNModel
import RealModule
import Testing

@testable import NGram

@Suite("n-gram models")
struct ModelTests {
  static func form(order: Int = 3, sentences: Bool = true) throws -> NGramForm {
    try DrawnText(seed: 7, hasSentences: sentences).counts(order: order).form(.modifiedKneserNey())
  }

  /// The definition: the longest n-gram that is there, and the weights of the contexts that were too long.
  static func definition(_ form: NGramForm, _ token: Int32, after context: [Int32]) -> Double {
    func find(_ ngram: [Int32]) -> Int? {
      var node = Int(ngram[0])
      for (index, token) in ngram.dropFirst().enumerated() {
        let offsets = form.levels[index].childOffsets
        let range = Int(offsets[node])..<Int(offsets[node + 1])
        guard let child = range.first(where: { form.levels[index + 1].tokens[$0] == UInt32(token) }) else { return nil }
        node = child
      }
      return node
    }
    var context = Array(context.suffix(form.levels.count - 1))
    var sum = 0.0
    while true {
      if let node = find(context + [token]) { return sum + Double(form.levels[context.count].logProbabilities[node]) }
      if let node = find(context) { sum += Double(form.levels[context.count - 1].backoffs[node]) }
      context.removeFirst()
    }
  }

  @Test("States give what the definition of backing off gives", arguments: 0..<30)
  func states(seed: Int) throws {
    let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
    let form = try text.counts(order: 4).form(.modifiedKneserNey(), pruned: seed % 3 == 0 ? [0, 0, 1] : [])
    let model = try NGramModel(form)
    let other = DrawnText(seed: UInt64(seed + 1000), hasSentences: seed % 2 == 0)
    let tokens = other.tokens.filter { $0 < text.size }
    let found = model.logProbabilities(of: tokens)
    var context = text.sentenceEnd == nil ? [] : [Int32(text.size)]
    for (token, found) in zip(tokens, found) {
      #expect(abs(Double(found) - Self.definition(form, token, after: context)) < 1e-5)
      context.append(token)
      if token == text.sentenceEnd { context = [Int32(text.size)] }
    }
  }

  @Test("An n-gram whose suffix is not in the model is found all the same")
  func openSuffix() throws {
    // "0 1 0" is there, "1 0" is not: pruning by other programs may leave such models.
    let level = { (tokens: [UInt32], log: [Float], backoffs: [Float], offsets: [UInt64]) in
      NGramForm.Level(tokens: tokens, logProbabilities: log, backoffs: backoffs, childOffsets: offsets)
    }
    let form = NGramForm(
      vocabularySize: 2, sentenceEnd: nil, description: NGramDescription(method: "arpa"),
      levels: [
        level([0, 1], [-1, -2], [-0.25, -0.5], [0, 1, 1]), level([1], [-0.75], [-0.125], [0, 1]),
        level([0], [-0.0625], [], []),
      ])
    let model = try NGramModel(form)
    #expect(model.logProbabilities(of: [0, 1, 0, 1, 1]) == [-1, -0.75, -0.0625, -0.75, -0.125 - 0.5 - 2])
  }

  @Test("A model of language scores, streams and begins anew as the protocol says", arguments: [false, true])
  func languageModel(sentences: Bool) throws {
    let text = DrawnText(seed: 5, hasSentences: sentences)
    let model = try text.counts(order: 3).model(.kneserNey())
    let tokens = text.tokens
    let expected = model.logProbabilities(of: tokens)
    let streams = 2
    let reader = NGramLanguageModel(model, streams: streams, longestWindow: 7)
    #expect(reader.size == text.size)
    // The second stream reads the same text, from its second token on after a first one of its own.
    let other = [tokens[0]] + tokens.dropFirst().map { _ in Int32(0) }
    let otherExpected = model.logProbabilities(of: other)
    for _ in 0..<2 {
      reader.reset()
      var results = [Double](repeating: .nan, count: 7 * streams)
      var position = 0
      while position + 1 < tokens.count {
        let steps = position..<min(position + 7, tokens.count - 1)
        reader.score(
          inputs: steps.flatMap { [tokens[$0], other[$0]] },
          targets: steps.flatMap { [tokens[$0 + 1], $0 % 3 == 0 ? -1 : other[$0 + 1]] }, into: &results)
        for step in steps {
          #expect(Float(results[2 * (step - position)]) == expected[step + 1])
          #expect(Float(results[2 * (step - position) + 1]) == (step % 3 == 0 ? 0 : otherExpected[step + 1]))
        }
        position = steps.upperBound
      }
    }
    reader.reset()
    var numbers = [Float](repeating: .nan, count: streams * text.size)
    reader.next(into: &numbers)
    #expect(numbers[Int(tokens[0])] == expected[0])
    for step in 0..<(tokens.count - 1) {
      reader.advance([tokens[step], other[step]], into: &numbers)
      #expect(abs(numbers[Int(tokens[step + 1])] - expected[step + 1]) < 1e-6)
      #expect(abs(numbers[text.size + Int(other[step + 1])] - otherExpected[step + 1]) < 1e-6)
    }
  }

  @Test("Evaluating reads an n-gram model as any other")
  func evaluation() throws {
    let text = Array("to be or not to be , that is the question\nto be or not\n".utf8)
    var builder = Vocabulary.Builder(kind: .words, normalisation: .whitespace)
    try builder.add(text)
    let vocabulary = try builder.finish()
    let tokens = try vocabulary.encode(text).tokens
    let model = try NGramCounts(tokens, order: 3, vocabularySize: vocabulary.count, sentenceEnd: vocabulary.lineEnd)
      .model(.modifiedKneserNey())
    let result = try Evaluation(vocabulary: vocabulary).run(text) { _ in NGramLanguageModel(model) }
    let expected = -model.logProbabilities(of: tokens).dropFirst().reduce(0) { $0 + Double($1) }
    #expect(abs(result.nats - expected) < 1e-6)
    #expect(result.tokens == tokens.count - 1)
  }

  @Test("A model of order one has no state")
  func orderOne() throws {
    let model = try NGramCounts([0, 0, 1], order: 1, vocabularySize: 2, sentenceEnd: 1).model(.addK(1))
    #expect(model.logProbabilities(of: [0, 1]).map { Double.exp(Double($0)) }.map { ($0 * 5).rounded() } == [3, 2])
  }
}
