import RNNEvaluation
import RNNModel
import RealModule
import Testing

@Suite struct EvaluationTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func evaluate(
    _ text: String, _ vocabulary: Vocabulary, losses: [Double], unknown: Vocabulary.UnknownSymbols = .skip
  ) throws -> EvaluationResult {
    var rules = EvaluationProtocol.stream
    if unknown == .refuse { rules.unknown = .refuse }
    return try Evaluation(rules, vocabulary: vocabulary).run(bytes(text)) { _ in
      ScriptedModel(size: vocabulary.count, losses: losses)
    }
  }

  @Test(arguments: [1, 2, 3, 10, 100]) func scoresWhatFollowsWhatWhateverTheWindow(longestWindow: Int) throws {
    let text = bytes("abcacbbacabccab")
    let vocabulary = try Vocabulary(kind: .bytes, text: text)
    let tokens = try vocabulary.encode(text).tokens.map { Int($0) }
    // A model that was left in the middle of another text.
    let model = TrigramModel(size: 3, longestWindow: longestWindow, previous: 2)
    var fractions: [Double] = []
    let result = try Evaluation(vocabulary: vocabulary).run(text, progress: { fractions.append($0) }) { _ in model }
    var nats = 0.0
    for index in 1..<tokens.count {
      let before = index > 1 ? tokens[index - 2] : 0
      nats -= .log(model.probability(of: tokens[index], after: tokens[index - 1], before))
    }
    #expect(abs(result.nats - nats) < 1e-12)
    #expect(result.tokens == 14)
    #expect(abs(result.perplexity - .exp(nats / 14)) < 1e-12)
    #expect(model.resets == 1)
    #expect(fractions.last == 1 && fractions == fractions.sorted())
    #expect(fractions.count == (14 + longestWindow - 1) / longestWindow)
  }

  @Test func perplexityOfEvenOddsIsTheirNumber() throws {
    let vocabulary = try Vocabulary(kind: .bytes, text: bytes("abcd"))
    let result = try evaluate("abcdabcda", vocabulary, losses: Array(repeating: .log(4), count: 8))
    #expect(result.tokens == 8)
    #expect(abs(result.perplexity - 4) < 1e-12)
    #expect(abs(result.meanNats - .log(4)) < 1e-12)
    #expect(abs(result.bitsPerToken - 2) < 1e-12)
    #expect(abs(result.bitsPerByte - 2) < 1e-12)
    #expect(abs(result.bitsPerCharacter - 2) < 1e-12)
  }

  @Test func countsTheBytesAndCharactersThatWereScored() throws {
    // é has two bytes, 漢 three, 😀 four; the first symbol is context only.
    let text = "éa漢😀"
    let nats = 3 * Double.log(2)
    let characters = try evaluate(
      text, Vocabulary(kind: .characters, text: bytes(text)), losses: Array(repeating: .log(2), count: 3))
    #expect(characters.tokens == 3 && characters.bytes == 8 && characters.characters == 3)
    #expect(abs(characters.nats - nats) < 1e-12)
    #expect(abs(characters.bitsPerToken - 1) < 1e-12)
    #expect(abs(characters.bitsPerByte - 3.0 / 8) < 1e-12)
    #expect(abs(characters.bitsPerCharacter - 1) < 1e-12)
    let single = try evaluate(
      text, Vocabulary(kind: .bytes, text: bytes(text)), losses: Array(repeating: .log(2), count: 9))
    // The second byte of é is scored, but no character begins with it.
    #expect(single.tokens == 9 && single.bytes == 9 && single.characters == 3)
  }

  @Test func eachByteThatIsNotUTF8CountsAsACharacter() throws {
    let text: [UInt8] = [0x61, 0xFF, 0xC3, 0x62, 0x80]
    let vocabulary = try Vocabulary(kind: .characters, text: text)
    let result = try Evaluation(vocabulary: vocabulary).run(text) { _ in
      ScriptedModel(size: vocabulary.count, losses: [1, 1, 1, 1])
    }
    #expect(result.tokens == 4 && result.bytes == 4 && result.characters == 4)
  }

  @Test func refusesAModelThatGivesNoNumbers() throws {
    let vocabulary = try Vocabulary(kind: .characters, text: Array("abc".utf8))
    #expect(throws: EvaluationError.notFinite(token: 2)) {
      try Evaluation(vocabulary: vocabulary).run(Array("abc".utf8)) { _ in ScriptedModel(size: 3, losses: [1, .nan]) }
    }
  }

  @Test func countsWords() throws {
    let text = "one two  three"
    let vocabulary = try Vocabulary(kind: .words, text: bytes(text))
    // one, two, space, space, three.
    let result = try evaluate(text, vocabulary, losses: [1, 2, 3, 4])
    #expect(result.tokens == 4 && result.nats == 10)
    #expect(result.bytes == 11 && result.characters == 11)
    #expect(result.unknown == 0 && result.skipped == 0)
  }

  @Test func countsUnknownWordsWithTheirOwnBytes() throws {
    let vocabulary = try Vocabulary(kind: .words, text: bytes("one two"))
    let result = try evaluate("one eleven two", vocabulary, losses: [1, 2])
    #expect(result.tokens == 2 && result.unknown == 1 && result.skipped == 0)
    #expect(result.bytes == 11)
  }

  @Test func firstSymbolCountsAsItStandsInTheText() throws {
    let words = try Vocabulary(kind: .words, text: bytes("one two"))
    #expect(try evaluate("eleven one two", words, losses: [1, 2]).bytes == 8)
    let lines = try Vocabulary(kind: .words, normalisation: .whitespace, text: bytes("one two\n"))
    #expect(try evaluate("\none two\n", lines, losses: [1, 2, 3]).bytes == 8)
    #expect(try evaluate("  one two\n", lines, losses: [1, 2]).bytes == 5)
  }

  @Test func leavesOutSkippedSymbols() throws {
    let vocabulary = try Vocabulary(kind: .characters, text: bytes("abé"))
    let result = try evaluate("漢aXébY", vocabulary, losses: [1, 2])
    // a, é, b: of them, é and b are scored.
    #expect(result.tokens == 2 && result.nats == 3)
    #expect(result.unknown == 3 && result.skipped == 3)
    #expect(result.bytes == 3 && result.characters == 2)
  }

  @Test func refusesUnknownSymbolsWhenTold() throws {
    let vocabulary = try Vocabulary(kind: .characters, text: bytes("ab"))
    #expect(throws: VocabularyError.unknownSymbol(bytes("X"), offset: 1)) {
      try evaluate("aXb", vocabulary, losses: [1], unknown: .refuse)
    }
  }

  @Test(arguments: ["", "a", "XX", "aXX"]) func refusesShortTexts(text: String) throws {
    let vocabulary = try Vocabulary(kind: .characters, text: bytes("ab"))
    #expect(throws: EvaluationError.tooShort(tokens: text.hasPrefix("a") ? 1 : 0)) {
      try evaluate(text, vocabulary, losses: [])
    }
  }

  @Test func errorsAreSentences() {
    #expect(EvaluationError.tooShort(tokens: 1).description.contains("has 1 token of"))
    #expect(EvaluationError.tooShort(tokens: 0).description.contains("has 0 tokens of"))
    #expect(EvaluationError.noVocabulary.description.contains("vocabulary"))
  }
}
