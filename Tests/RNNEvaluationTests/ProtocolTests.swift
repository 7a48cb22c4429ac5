import RNNEvaluation
import RNNModel
import RNNText
import RealModule
import Testing

/// Each named protocol on a text so short that one sees by eye what is scored.
@Suite struct ProtocolTests {
  /// 23 tokens, of five kinds.
  private static let text = Array("abcadbcaebdcabdaceabcdb".utf8)
  private static let characters = try? Vocabulary(kind: .bytes, text: text)
  private static let words = try? Vocabulary(
    kind: .words, normalisation: .whitespace, text: Array("a b c\nb a c c\n".utf8), minimumCount: 2)

  /// A protocol, stretches that are read from the initial state with the places in them that count, and the counts.
  struct Case: Sendable, CustomStringConvertible {
    var description: String
    var rules: EvaluationProtocol
    /// What is read from the initial state: places in the text; with `wraps`, then the first token.
    var rows: [(read: Range<Int>, scored: Range<Int>)]
    var wraps = false
    var tokens: Int
    var context: Int
    var dropped: Int
    var divisor: Int?

    init(
      _ description: String, _ rules: EvaluationProtocol, _ rows: [(read: Range<Int>, scored: Range<Int>)],
      wraps: Bool = false, tokens: Int, context: Int, dropped: Int, divisor: Int? = nil,
      _ change: (inout EvaluationProtocol) -> Void = { _ in }
    ) {
      self.description = description
      self.rules = rules
      change(&self.rules)
      (self.rows, self.wraps, self.tokens, self.context) = (rows, wraps, tokens, context)
      (self.dropped, self.divisor) = (dropped, divisor)
    }
  }

  static let cases = [
    Case("stream", .stream, [(0..<23, 1..<23)], tokens: 22, context: 1, dropped: 0),
    Case("zaremba", .zaremba, [(0..<23, 1..<23)], tokens: 22, context: 1, dropped: 0),
    // ceil(22 / 4) = 6 targets each, the last stream has four.
    Case(
      "stream, 4 streams", .stream, [(0..<7, 1..<7), (6..<13, 7..<13), (12..<19, 13..<19), (18..<23, 19..<23)],
      tokens: 22, context: 1, dropped: 0
    ) { $0.streams = 4 },
    // Each new token once, with at least 4 before it.
    Case(
      "window", .windows,
      [(0..<8, 1..<8), (4..<12, 8..<12), (8..<16, 12..<16), (12..<20, 16..<20), (16..<23, 20..<23)],
      tokens: 22, context: 1, dropped: 0
    ) { ($0.window, $0.stride) = (8, 4) },
    // The later half of each whole window, as llama-perplexity.
    Case(
      "window, later half", .windows, [(0..<8, 4..<8), (8..<16, 12..<16)], tokens: 8, context: 8, dropped: 7
    ) { ($0.window, $0.stride, $0.context) = (8, 8, 4) },
    // 2 streams of 2 windows of 5: 20 tokens; the target of the last one is the first.
    Case(
      "char-rnn", .charRNN, [(0..<11, 1..<11), (10..<20, 11..<20)], wraps: true, tokens: 20, context: 0, dropped: 3
    ) { ($0.streams, $0.window) = (2, 5) },
    // Validation: of 4 windows all but floor(0.95 * 4).
    Case(
      "char-rnn, validation", .charRNN, [(8..<11, 9..<11), (18..<20, 19..<20)], wraps: true, tokens: 4, context: 1,
      dropped: 18
    ) { ($0.streams, $0.window, $0.part) = (2, 2, .validation) },
    // floor(22 / 10) = 2 windows of 5 each.
    Case(
      "torch-rnn", .torchRNN, [(0..<11, 1..<11), (10..<21, 11..<21)], tokens: 20, context: 1, dropped: 2
    ) { ($0.streams, $0.window) = (2, 5) },
    // 19 + 2 + 2 tokens: the test is the last two.
    Case("torch-rnn, test", .torchRNN, [(21..<23, 22..<23)], tokens: 1, context: 1, dropped: 21) {
      ($0.streams, $0.window, $0.part) = (1, 1, .test)
    },
    // Rows of floor(23 / 4) = 5.
    Case(
      "word-language-model", .wordLanguageModel,
      [(0..<5, 1..<5), (5..<10, 6..<10), (10..<15, 11..<15), (15..<20, 16..<20)],
      tokens: 16, context: 4, dropped: 3
    ) { $0.streams = 4 },
    // The first token is in the divisor.
    Case("awd-lstm", .awdLSTM, [(0..<23, 1..<23)], tokens: 22, context: 1, dropped: 0, divisor: 23),
  ]

  @Test(arguments: cases) func scoresWhatItSays(example: Case) throws {
    let vocabulary = try #require(Self.characters)
    let tokens = try vocabulary.encode(Self.text).tokens
    let size = vocabulary.count
    var nats = 0.0
    for (index, row) in example.rows.enumerated() {
      var read = Array(tokens[row.read])
      if example.wraps && index == example.rows.count - 1 { read.append(tokens[0]) }
      nats += KnownModel.nats(read, size: size) { place in
        row.scored.contains(row.read.lowerBound + place) || row.read.lowerBound + place == row.read.upperBound
      }
    }
    for streams in [nil, 1, 2, 7] as [Int?] {
      let result = try Evaluation(example.rules, vocabulary: vocabulary).run(Self.text) {
        KnownModel(size: size, streams: streams ?? $0)
      }
      #expect(abs(result.nats - nats) < 1e-12)
      #expect(result.tokens == example.tokens && result.bytes == example.tokens)
      #expect(result.contextTokens == example.context && result.droppedTokens == example.dropped)
      #expect(result.textTokens == 23 && result.divisor == example.divisor ?? example.tokens)
      #expect(abs(result.perplexity - .exp(nats / Double(example.divisor ?? example.tokens))) < 1e-12)
    }
  }

  /// a, unknown, b, end; end; b, end.
  private static let lines = Array("a x b\n\nb\n".utf8)

  private func evaluate(_ rules: EvaluationProtocol) throws -> (EvaluationResult, [Int32], Int) {
    let vocabulary = try #require(Self.words)
    let tokens = try vocabulary.encode(Self.lines).tokens
    #expect(tokens.count == 7 && tokens[1] == vocabulary.unknown && tokens[3] == vocabulary.lineEnd)
    let result = try Evaluation(rules, vocabulary: vocabulary).run(Self.lines) {
      KnownModel(size: vocabulary.count, streams: $0)
    }
    return (result, tokens, vocabulary.count)
  }

  /// -ln p of the lines, for the places in each that count.
  private func nats(_ tokens: [Int32], _ size: Int, _ lines: [(Range<Int>, [Int])]) -> Double {
    lines.reduce(0) { sum, line in
      sum + KnownModel.nats(Array(tokens[line.0]), start: tokens[3], size: size) { line.1.contains($0) }
    }
  }

  @Test func sentenceScoresEveryLine() throws {
    let (result, tokens, size) = try evaluate(.sentence)
    #expect(abs(result.nats - nats(tokens, size, [(0..<4, [0, 1, 2, 3]), (4..<5, [0]), (5..<7, [0, 1])])) < 1e-12)
    #expect(result.tokens == 7 && result.lineEnds == 3 && result.unknown == 1 && result.unknownTokens == 1)
    #expect(result.contextTokens == 0 && result.droppedTokens == 0)
    // Spaces belong to the words after them, and x counts as it stands in the text.
    #expect(result.bytes == Self.lines.count)
  }

  @Test func srilmLeavesOutUnknownWordsAndBlankLines() throws {
    let (result, tokens, size) = try evaluate(.srilm)
    let expected = nats(tokens, size, [(0..<4, [0, 2, 3]), (5..<7, [0, 1])])
    #expect(abs(result.nats - expected) < 1e-12)
    #expect(result.tokens == 5 && result.lineEnds == 2 && result.droppedTokens == 1 && result.unknownTokens == 1)
    #expect(abs(result.perplexity - .exp(expected / 5)) < 1e-12)
    #expect(abs(result.perplexityWithoutLineEnds - .exp(expected / 3)) < 1e-12)
    #expect(abs(result.perplexityWithUnknown - .exp((expected + result.unknownNats) / 6)) < 1e-12)
    var rules = EvaluationProtocol.srilm
    rules.divisor = .withoutLineEnds
    #expect(try evaluate(rules).0.perplexity == result.perplexityWithoutLineEnds)
  }

  @Test func kenlmGivesBothNumbers() throws {
    let (result, tokens, size) = try evaluate(.kenlm)
    let all = nats(tokens, size, [(0..<4, [0, 1, 2, 3]), (4..<5, [0]), (5..<7, [0, 1])])
    let known = nats(tokens, size, [(0..<4, [0, 2, 3]), (4..<5, [0]), (5..<7, [0, 1])])
    #expect(abs(result.perplexityWithUnknown - .exp(all / 7)) < 1e-12)
    #expect(abs(result.perplexityWithoutUnknown - .exp(known / 6)) < 1e-12)
    #expect(result.perplexity == result.perplexityWithUnknown)
  }

  @Test func mikolovBeginsAfterALineAndDoesNotCountUnknownWords() throws {
    let (result, tokens, size) = try evaluate(.mikolov)
    #expect(abs(result.nats - nats(tokens, size, [(0..<7, [0, 2, 3, 4, 5, 6])])) < 1e-12)
    #expect(result.tokens == 6 && result.contextTokens == 0 && result.unknownTokens == 1)
  }

  @Test func theUnknownTokenThatIsWrittenIsAWordUnlessToldOtherwise() throws {
    let vocabulary = try #require(Self.words)
    let text = Array("a <unk> b\n".utf8)
    func tokens(_ rules: EvaluationProtocol) throws -> Int {
      try Evaluation(rules, vocabulary: vocabulary).run(text) { KnownModel(size: vocabulary.count, streams: $0) }.tokens
    }
    #expect(try tokens(.mikolov) == 4)
    #expect(try tokens(.srilm) == 3)
  }

  @Test func charactersHaveLinesToo() throws {
    let text = Array("ab\na\n\nb".utf8)
    let vocabulary = try Vocabulary(kind: .characters, text: text)
    let end = try #require(vocabulary.sentenceEnd)
    let tokens = try vocabulary.encode(text).tokens
    let result = try Evaluation(.sentence, vocabulary: vocabulary).run(text) {
      KnownModel(size: vocabulary.count, streams: $0)
    }
    let nats = [0..<3, 3..<5, 5..<6, 6..<7].reduce(0.0) { sum, line in
      sum + KnownModel.nats(Array(tokens[line]), start: end, size: vocabulary.count) { _ in true }
    }
    #expect(abs(result.nats - nats) < 1e-12)
    #expect(result.tokens == 7 && result.lineEnds == 3)
  }

  @Test func aVocabularyWithoutLineEndsHasNoSentences() throws {
    let vocabulary = try #require(Self.characters)
    #expect(throws: EvaluationError.noLineEnd(protocol: "kenlm")) {
      try Evaluation(.kenlm, vocabulary: vocabulary).run(Self.text) {
        KnownModel(size: vocabulary.count, streams: $0)
      }
    }
  }

  @Test(arguments: ["x", "x y\n", ""]) func aTextWithNothingToCountIsRefused(text: String) throws {
    let vocabulary = try #require(Self.words)
    var rules = EvaluationProtocol.srilm
    rules.blankLines = true
    rules.divisor = .withoutLineEnds
    #expect(throws: text.isEmpty ? EvaluationError.tooShort(tokens: 0) : .nothingCounted) {
      try Evaluation(rules, vocabulary: vocabulary).run(Array(text.utf8)) {
        KnownModel(size: vocabulary.count, streams: $0)
      }
    }
  }

  @Test(arguments: [EvaluationProtocol.charRNN, .torchRNN, .wordLanguageModel]) func aTextIsTooShortForStreams(
    rules: EvaluationProtocol
  ) throws {
    let vocabulary = try #require(Self.characters)
    let short = Array(Self.text.prefix(9))
    #expect(throws: EvaluationError.self) {
      try Evaluation(rules, vocabulary: vocabulary).run(short) { KnownModel(size: vocabulary.count, streams: $0) }
    }
  }

  @Test(arguments: EvaluationProtocol.all) func everyNameIsInOrder(rules: EvaluationProtocol) throws {
    try rules.check()
    #expect(EvaluationProtocol.named(rules.name) == rules)
  }

  @Test func contradictionsAreRefused() throws {
    let changes: [(EvaluationProtocol, (inout EvaluationProtocol) -> Void)] = [
      (.stream, { $0.streams = 0 }), (.stream, { $0.streams = 100_001 }), (.charRNN, { $0.window = 0 }),
      (.windows, { $0.stride = 257 }), (.windows, { $0.context = 256 }), (.windows, { $0.context = 129 }),
      (.windows, { $0.window = 1 }), (.sentence, { $0.part = .validation }), (.sentence, { $0.start = .firstToken }),
      (.windows, { $0.start = .lineEnd }), (.sentence, { $0.divisor = .read }), (.charRNN, { $0.part = .test }),
      (.mikolov, { $0.streams = 2 }), (.charRNN, { $0.part = .training }),
    ]
    for (rules, change) in changes {
      var changed = rules
      change(&changed)
      #expect(throws: EvaluationError.self, "\(changed)") { try changed.check() }
    }
  }

  @Test func eachTokenIsDescribed() throws {
    let vocabulary = try #require(Self.characters)
    let size = vocabulary.count
    let evaluation = Evaluation(.stream, vocabulary: vocabulary)
    let (result, scores) = try evaluation.describe(Self.text) { KnownModel(size: size, streams: $0) }
    let plain = try evaluation.run(Self.text) { KnownModel(size: size, streams: $0) }
    #expect(abs(result.nats - plain.nats) < 1e-5 && result.tokens == plain.tokens)
    #expect(scores.logProbabilities[0].isNaN && scores.ranks[0] == 0 && scores.entropies[0].isNaN)
    // Weights 1 to 5: the entropy is always that of these.
    let total = Double(size * (size + 1) / 2)
    let entropy = (1...size).reduce(0.0) { $0 - Double($1) / total * .log(Double($1) / total) }
    for place in 1..<23 {
      let weight = (Double.exp(scores.logProbabilities[place]) * total).rounded()
      #expect(Int(scores.ranks[place]) == size + 1 - Int(weight))
      #expect(abs(scores.entropies[place] - entropy) < 1e-6)
    }
  }
}
