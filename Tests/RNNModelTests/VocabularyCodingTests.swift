import Kernels
import RNNModel
import Testing

/// Splitting and joining texts: `docs/FORMAT.md`, section 6.
@Suite struct VocabularyCodingTests {
  /// Pieces of text that splitting could get wrong: well-formed characters of every length, and everything else.
  private static let pieces: [[UInt8]] =
    [
      "a", "b", "ab", "é", "漢", "😀", "\u{10FFFF}", "\u{7F}", "\u{80}", "\u{7FF}", "\u{800}", "\u{FFFF}", "e\u{301}",
      " ", " ", "  ", "\n", "\n", "\t", "\r\n", "\u{B}", "\u{C}", "\0", "<unk>", "<eos>", "sevenby", "eightbyt",
      "anineletterword",
    ].map { Array($0.utf8) } + [
      [0x80], [0xBF], [0xC0], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
      [0xE0, 0xA0], [0xE6, 0xBC], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
      [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF0, 0x9F], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
      [0xFE], [0xFF],
    ]

  private static func text(_ seed: Int) -> [UInt8] {
    var generator = RandomGenerator(seed: UInt64(seed))
    let length = Int.random(in: 0...60, using: &generator)
    return (0..<length).flatMap { _ -> [UInt8] in
      Int.random(in: 0..<4, using: &generator) == 0
        ? [UInt8.random(in: 0...255, using: &generator)] : pieces.randomElement(using: &generator) ?? []
    }
  }

  /// The vocabulary of a text, and one token more so that the text may be empty.
  private func vocabulary(
    _ kind: Vocabulary.Kind, _ normalisation: Vocabulary.Normalisation = .none, of text: [UInt8]
  ) throws -> Vocabulary {
    try Vocabulary(kind: kind, normalisation: normalisation, text: text + Array("z".utf8))
  }

  private func symbols(_ text: [UInt8], _ vocabulary: Vocabulary) throws -> [[UInt8]] {
    try vocabulary.encode(text).tokens.map { Array(vocabulary[$0]) }
  }

  @Test(arguments: 0..<200) func losesNothing(seed: Int) throws {
    let text = [0x7A] + Self.text(seed)
    for kind in Vocabulary.Kind.allCases {
      let vocabulary = try Vocabulary(kind: kind, text: text)
      let encoding = try vocabulary.encode(text)
      #expect(encoding.skippedCount == 0)
      #expect(encoding.unknownCount == 0)
      #expect(vocabulary.decode(encoding.tokens) == text)
    }
  }

  @Test(arguments: 0..<200) func charactersAreTheLongestWellFormedOnes(seed: Int) throws {
    let text = Self.text(seed)
    var start = 0
    for symbol in try symbols(text, vocabulary(.characters, of: text)) {
      // Swift's own decoder is the judge of what is one well-formed scalar.
      let scalar = (1...4).first { length in
        let end = start + length
        guard end <= text.count, let string = String(validating: text[start..<end], as: UTF8.self) else { return false }
        return string.unicodeScalars.count == 1
      }
      #expect(symbol == Array(text[start..<(start + (scalar ?? 1))]))
      start += symbol.count
    }
    #expect(start == text.count)
  }

  @Test(arguments: 0..<200) func wordsFollowTheRule(seed: Int) throws {
    let text = Self.text(seed)
    let isSpace = { (byte: UInt8) in byte == 32 || (9...13).contains(byte) }
    // The rule of the specification, byte by byte.
    var expected: [[UInt8]] = []
    for (index, byte) in text.enumerated() {
      let before = index > 0 ? text[index - 1] : nil
      let after = index + 1 < text.count ? text[index + 1] : nil
      if isSpace(byte) {
        let isGap = byte == 32 && before.map { !isSpace($0) } == true && after.map { !isSpace($0) } == true
        if !isGap { expected.append([byte]) }
      } else if let before, !isSpace(before) {
        expected[expected.count - 1].append(byte)
      } else {
        expected.append([byte])
      }
    }
    let vocabulary = try Vocabulary(kind: .words, text: text + [0x20, 0x7A])
    let known = expected.map { vocabulary.token(for: $0) ?? 0 }
    #expect(try vocabulary.encode(text).tokens == known)
  }

  @Test(arguments: 0..<200) func whitespaceHasANormalForm(seed: Int) throws {
    let text = Self.text(seed)
    let vocabulary = try vocabulary(.words, .whitespace, of: text + [0x0A])
    let tokens = try vocabulary.encode(text).tokens
    let normal = vocabulary.decode(tokens)
    #expect(try vocabulary.encode(normal).tokens == tokens)
    #expect(vocabulary.decode(try vocabulary.encode(normal).tokens) == normal)
    // A word that looks like a line end is one.
    guard !String(decoding: text, as: UTF8.self).contains("<eos>") else { return }
    var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    let expected = lines.map { line in
      line.split { $0 == 32 || (9...13).contains($0) }.joined(separator: [32]) + [0x0A]
    }
    #expect(normal == Array(expected.joined()))
  }

  @Test func splitsWords() throws {
    func split(_ text: String) throws -> [String] {
      let vocabulary = try Vocabulary(kind: .words, text: Array(text.utf8))
      return try symbols(Array(text.utf8), vocabulary).map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(try split("to be or") == ["to", "be", "or"])
    #expect(try split("to  be") == ["to", " ", " ", "be"])
    #expect(try split(" to ") == [" ", "to", " "])
    #expect(try split("to\nbe") == ["to", "\n", "be"])
    #expect(try split("to \tbe") == ["to", " ", "\t", "be"])
    #expect(try split(" ") == [" "])
  }

  @Test func endsEachLine() throws {
    let vocabulary = try Vocabulary(kind: .words, normalisation: .whitespace, text: Array("a b\n".utf8))
    let (a, b) = (try #require(vocabulary.token(for: "a".utf8)), try #require(vocabulary.token(for: "b".utf8)))
    let end = try #require(vocabulary.lineEnd)
    #expect(try vocabulary.encode([]).tokens == [])
    #expect(try vocabulary.encode(Array("\n".utf8)).tokens == [end])
    #expect(try vocabulary.encode(Array("\n\na".utf8)).tokens == [end, end, a, end])
    #expect(try vocabulary.encode(Array("  a \t b \r\n b".utf8)).tokens == [a, b, end, b, end])
    #expect(try vocabulary.encode(Array("a\n ".utf8)).tokens == [a, end, end])
    #expect(vocabulary.decode([a, b, end, end, b, a]) == Array("a b\n\nb a".utf8))
  }

  @Test func replacesUnknownWords() throws {
    let vocabulary = try Vocabulary(kind: .words, text: Array("a b".utf8))
    let unknown = try #require(vocabulary.unknown)
    let encoding = try vocabulary.encode(Array("a xylophone b <unk>".utf8))
    #expect(encoding.tokens[1] == unknown && encoding.tokens[3] == unknown)
    // What is written as the unknown token has a token.
    #expect(encoding.unknownCount == 1 && encoding.skippedCount == 0)
    #expect(vocabulary.decode(encoding.tokens) == Array("a <unk> b <unk>".utf8))
  }

  @Test func refusesOrSkipsUnknownSymbols() throws {
    let vocabulary = try Vocabulary(kind: .characters, text: Array("ab".utf8))
    let text = Array("aéb漢".utf8)
    #expect(throws: VocabularyError.unknownSymbol([0xC3, 0xA9], offset: 1)) { try vocabulary.encode(text) }
    let encoding = try vocabulary.encode(text, unknown: .skip)
    #expect(encoding.tokens == [0, 1])
    #expect(encoding.unknownCount == 2 && encoding.skippedCount == 2)
    #expect(throws: VocabularyError.unknownSymbol([0xFF], offset: 0)) { try vocabulary.encode([0xFF]) }
  }

  @Test func takesAnUnknownTokenOfItsOwn() throws {
    let vocabulary = try Vocabulary(
      kind: .characters, tokens: [Array("a".utf8), Array("<unk>".utf8)], unknown: 1)
    let encoding = try vocabulary.encode(Array("aé<".utf8))
    #expect(encoding.tokens == [0, 1, 1])
    #expect(encoding.unknownCount == 2 && encoding.skippedCount == 0)
  }

  @Test(arguments: 0..<50) func decodesOneByOneAsAtOnce(seed: Int) throws {
    let text = Self.text(seed)
    for (kind, normalisation) in [
      (Vocabulary.Kind.bytes, Vocabulary.Normalisation.none), (.characters, .none), (.words, .none),
      (.words, .whitespace),
    ] {
      let vocabulary = try vocabulary(kind, normalisation, of: text)
      let tokens = try vocabulary.encode(text, unknown: .skip).tokens
      var decoder = Vocabulary.Decoder(vocabulary)
      var bytes: [UInt8] = []
      for (index, token) in tokens.enumerated() {
        bytes += decoder.decode(token)
        #expect(bytes == vocabulary.decode(tokens[...index]))
      }
    }
  }

  @Test func tellsTokensOfAllLengthsApart() throws {
    // NUL bytes and lengths around the word that a key is packed into.
    let tokens = (1...20).flatMap { count in
      [[UInt8](repeating: 0, count: count), [UInt8](repeating: 0xFF, count: count)]
    }
    let vocabulary = try Vocabulary(kind: .words, tokens: tokens)
    #expect(tokens.map { vocabulary.token(for: $0) } == (0..<40).map { Int32($0) })
    #expect(vocabulary.token(for: [UInt8](repeating: 0, count: 21)) == nil)
    #expect(vocabulary.token(for: []) == nil)
  }
}
