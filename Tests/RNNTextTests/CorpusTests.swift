import RNNModel
import RNNText
import Testing

/// From files to streams.
@Suite struct CorpusTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func collectsAndHoldsOut() throws {
    let scratch = try Scratch()
    let text = bytes(String(repeating: "to be or not to be. ", count: 100))
    var seen: [UInt8] = []
    let corpus = try Corpus(
      TextSource([try scratch.file(Array(text.prefix(777))), try scratch.file(gzip(Array(text.dropFirst(777))))]),
      plan: .init(batch: 4, length: 10, validationFraction: 0.25),
      observe: { part, bytes in
        if part == .training { seen += bytes }
      })
    #expect(corpus.vocabulary == (try Vocabulary(kind: .characters, text: text)))
    #expect(seen == text && corpus.text.byteCount == 2000 && corpus.texts.forgottenCount == 0)
    #expect(corpus.parts.trainingCount == 1500 && corpus.parts.validationCount == 500 && corpus.parts.testCount == nil)
    #expect(corpus.parts.training.batch == 4 && corpus.parts.training.length == 1499 / 4)
    #expect(corpus.validation == nil && corpus.test == nil)
  }

  @Test func closesTheVocabularyWhereThatIsAskedFor() throws {
    let scratch = try Scratch()
    let text = TextSource([try scratch.file(bytes(String(repeating: "a b\n\n", count: 50)))])
    let validation = TextSource([try scratch.file(bytes(String(repeating: "b c\n", count: 50)))])
    let test = TextSource([try scratch.file(bytes(String(repeating: "d\n", count: 50)))])
    var plan = Corpus.Plan(
      kind: .words, normalisation: .whitespace, layout: .wordLanguageModel, batch: 5, length: 7)
    let open = try Corpus(text, validation: validation, test: test, plan: plan)
    #expect(open.vocabulary.count == 4)
    #expect(open.validation?.unknownCount == 50 && open.test?.unknownCount == 50)
    plan.isClosed = true
    let closed = try Corpus(text, validation: validation, test: test, plan: plan)
    #expect(closed.vocabulary.count == 6)
    #expect(closed.validation?.unknownCount == 0 && closed.test?.unknownCount == 0)
    // <unk> and <eos>, then by falling count in all texts; the counts are those of what is learned.
    #expect(closed.vocabulary.counts == [0, 100, 50, 50, 0, 0])
    #expect(closed.parts.validation.batch == 10 && closed.parts.test?.batch == 10)
  }

  @Test func takesAGivenVocabulary() throws {
    let scratch = try Scratch()
    let vocabulary = try Vocabulary(kind: .characters, text: bytes("abc"))
    let text = TextSource([try scratch.file(bytes(String(repeating: "abx", count: 50)))])
    let corpus = try Corpus(text, plan: .init(vocabulary: vocabulary, batch: 2, length: 5))
    #expect(corpus.vocabulary == vocabulary)
    #expect(corpus.text.tokens.count == 100 && corpus.text.skippedCount == 50)
  }

  @Test func hasAllBytesUnlessToldOtherwise() throws {
    let scratch = try Scratch()
    let text = TextSource([try scratch.file(bytes(String(repeating: "ab", count: 50)))])
    #expect(try Corpus(text, plan: .init(kind: .bytes, batch: 2, length: 5)).vocabulary.count == 256)
    #expect(try Corpus(text, plan: .init(kind: .bytes, minimumCount: 1, batch: 2, length: 5)).vocabulary.count == 2)
    #expect(try Corpus(text, plan: .init(kind: .bpe, maximumSize: 257, batch: 2, length: 5)).vocabulary.count == 257)
  }

  @Test(arguments: Vocabulary.Kind.allCases) func refusesEmptyTexts(kind: Vocabulary.Kind) throws {
    let scratch = try Scratch()
    let paths = [try scratch.file([]), try scratch.file(gzip([]))]
    let text = TextSource([try scratch.file(bytes(String(repeating: "ab ", count: 50)))])
    #expect(throws: TextError.empty(paths: paths)) { try Corpus(TextSource(paths), plan: .init(kind: kind)) }
    #expect(throws: TextError.empty(paths: paths)) {
      try Corpus(text, validation: TextSource(paths), plan: .init(kind: kind, batch: 2, length: 2))
    }
  }
}
