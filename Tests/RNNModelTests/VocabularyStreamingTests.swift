import Kernels
import RNNModel
import Testing

/// Texts that come in parts.
@Suite struct VocabularyStreamingTests {
  private static let kinds: [(Vocabulary.Kind, Vocabulary.Normalisation)] = [
    (.bytes, .none), (.characters, .none), (.words, .none), (.words, .whitespace), (.bpe, .none),
  ]

  /// Text with what a cut could hurt: characters of several bytes, broken ones, runs of spaces, long words.
  private static func text(_ seed: Int) -> [UInt8] {
    var generator = RandomGenerator(seed: UInt64(seed))
    let pieces: [[UInt8]] =
      ["a", "b", "é", "漢", "😀", " ", " ", "  ", "\n", "\t", "word ", " 12", ".", "<unk>", "<eos>"].map {
        Array($0.utf8)
      }
      + [
        [0x80], [0xC3], [0xE6, 0xBC], [0xF0, 0x9F, 0x98], [UInt8](repeating: 0x78, count: 300),
        [UInt8](repeating: 0x20, count: 256), [UInt8](repeating: 0x20, count: 257),
      ]
    let length = Int.random(in: 0...50, using: &generator)
    return (0..<length).flatMap { _ in pieces.randomElement(using: &generator) ?? [] }
  }

  private static func parts(_ text: [UInt8], _ generator: inout RandomGenerator) -> [[UInt8]] {
    let longest = [1, 3, 40, 600].randomElement(using: &generator) ?? 1
    var (parts, start): ([[UInt8]], Int) = ([], 0)
    while start < text.count {
      let end = min(text.count, start + Int.random(in: 0...longest, using: &generator))
      parts.append(Array(text[start..<end]))
      start = end
    }
    return parts
  }

  @Test(arguments: 0..<150) func partsGiveTheTokensOfTheWhole(seed: Int) throws {
    var generator = RandomGenerator(seed: UInt64(seed) << 20)
    let text = Self.text(seed)
    for (kind, normalisation) in Self.kinds {
      // Of another text, so that some symbols are unknown.
      let vocabulary = try Vocabulary(
        kind: kind, normalisation: normalisation, text: Self.text(seed + 1) + [0x7A], maximumSize: 270)
      var encoder = Vocabulary.Encoder(vocabulary, unknown: .skip)
      var tokens: [Int32] = []
      for part in Self.parts(text, &generator) { try encoder.encode(part, into: &tokens) }
      try encoder.finish(into: &tokens)
      let whole = try vocabulary.encode(text, unknown: .skip)
      #expect(tokens == whole.tokens)
      #expect(encoder.unknownCount == whole.unknownCount && encoder.skippedCount == whole.skippedCount)
      #expect(encoder.firstEnd == whole.firstEnd)
    }
  }

  @Test(arguments: 0..<100) func partsGiveTheVocabularyOfTheWhole(seed: Int) throws {
    var generator = RandomGenerator(seed: UInt64(seed) << 20)
    let text = Self.text(seed) + [0x7A]
    for (kind, normalisation) in Self.kinds {
      var builder = Vocabulary.Builder(kind: kind, normalisation: normalisation)
      for part in Self.parts(text, &generator) { try builder.add(part) }
      #expect(builder.forgottenCount == 0)
      #expect(try builder.finish() == Vocabulary(kind: kind, normalisation: normalisation, text: text))
    }
  }

  @Test func saysWhereAnUnknownSymbolIs() throws {
    let vocabulary = try Vocabulary(kind: .characters, text: Array("ab".utf8))
    var encoder = Vocabulary.Encoder(vocabulary)
    var tokens: [Int32] = []
    try encoder.encode(Array("abababa".utf8), into: &tokens)
    #expect(throws: VocabularyError.unknownSymbol([0x7A], offset: 8)) {
      try encoder.encode(Array("bz".utf8), into: &tokens)
      try encoder.finish(into: &tokens)
    }
  }

  @Test func forgetsRareWordsWhereThereAreTooMany() throws {
    var builder = Vocabulary.Builder(kind: .words, symbolLimit: 100)
    for index in 0..<1000 { try builder.add(Array("often seldom\(index) ".utf8)) }
    let vocabulary = try builder.finish()
    #expect(builder.forgottenCount == 1)
    #expect(vocabulary.token(for: "often".utf8) == 1)
    #expect(vocabulary.count < 110)
    #expect(vocabulary.counts == nil)
  }

  @Test func forgetsLongWordsWhereTheyFillTheMemory() throws {
    var builder = Vocabulary.Builder(kind: .words, byteLimit: 10_000)
    for index in 0..<100 {
      try builder.add(Array("often \(String(repeating: "x", count: 1000))\(index) ".utf8))
    }
    #expect(try builder.finish().bytes.count < 11_000)
    #expect(builder.forgottenCount == 1)
  }

  @Test func refusesWordsWithoutEnd() throws {
    var builder = Vocabulary.Builder(kind: .words)
    let part = [UInt8](repeating: 0x78, count: 1 << 22)
    try builder.add(Array("a ".utf8))
    #expect(throws: VocabularyError.symbolTooLong(offset: 2)) {
      for _ in 0..<5 { try builder.add(part) }
    }
  }
}
