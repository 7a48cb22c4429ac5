import Kernels
import RNNModel
import Testing

@Suite struct MeasuredTextTests {
  /// Bytes of text and of none: letters, white space, characters of two to four bytes, and pieces of them.
  private static func draw(_ generator: inout RandomGenerator) -> [UInt8] {
    let pieces: [[UInt8]] = [
      [0x61], [0x62], [0x20], [0x20], [0x0A], [0x09], Array("é".utf8), Array("漢".utf8), Array("😀".utf8), [0xFF], [0xC3],
      [0xE6, 0xBC], Array("abc".utf8), Array("  \n".utf8),
    ]
    return (0..<Int.random(in: 0...60, using: &generator)).flatMap { _ in
      pieces[Int.random(in: 0..<pieces.count, using: &generator)]
    }
  }

  private static func vocabularies(_ text: [UInt8]) throws -> [Vocabulary] {
    // Of half of the text, so that symbols are missing.
    let known = Array(text.prefix(text.count / 2)) + [0x61, 0x0A]
    return [
      try Vocabulary(kind: .bytes, text: known), try Vocabulary(kind: .characters, text: known),
      try Vocabulary(kind: .words, text: known), try Vocabulary(kind: .bytes, text: known + text),
      try Vocabulary(kind: .words, normalisation: .whitespace, text: known),
      try Vocabulary(merges: [.init(0x61, 0x62), .init(256, 0x63), .init(0x20, 257), .init(0x20, 0x20)]),
    ]
  }

  @Test(arguments: 0..<200) func tokensAreThoseOfEncodingAndSizesThoseOfTheText(seed: Int) throws {
    var generator = RandomGenerator(seed: UInt64(seed))
    let text = Self.draw(&generator)
    for vocabulary in try Self.vocabularies(text) {
      let measured = try MeasuredText(text, vocabulary, unknown: .skip)
      let encoding = try vocabulary.encode(text, unknown: .skip)
      #expect(measured.tokens == encoding.tokens)
      #expect(measured.unknownCount == encoding.unknownCount && measured.skippedCount == encoding.skippedCount)
      #expect(measured.unknown.count == encoding.unknownCount - encoding.skippedCount)
      #expect(measured.unknown.allSatisfy { measured.tokens[$0] == vocabulary.unknown })
      let sizes = measured.tokens.indices.map { measured.size(at: $0) }
      let (bytes, characters) = (sizes.reduce(0) { $0 + $1.bytes }, sizes.reduce(0) { $0 + $1.characters })
      guard encoding.skippedCount == 0 && vocabulary.normalisation == .none else {
        #expect(bytes <= text.count + 1)
        continue
      }
      // Nothing is lost: tokens and the spaces between them are the text.
      #expect(bytes == text.count)
      #expect(characters == Vocabulary.characterCount(of: text))
    }
  }

  @Test func longWordsHaveTheirSize() throws {
    let word = [UInt8](repeating: 0x61, count: 300)
    let text = word + [0x20, 0x62, 0x20] + Array(String(repeating: "é", count: 127).utf8)
    let vocabulary = try Vocabulary(kind: .words, text: text)
    let measured = try MeasuredText(text, vocabulary, unknown: .skip)
    #expect(measured.size(at: 0) == (300, 300) && measured.size(at: 1) == (2, 2) && measured.size(at: 2) == (255, 128))
  }

  @Test func aSymbolWithoutATokenIsRefused() throws {
    let vocabulary = try Vocabulary(kind: .bytes, text: [0x61])
    #expect(throws: VocabularyError.self) { try MeasuredText([0x62], vocabulary, unknown: .refuse) }
  }
}
