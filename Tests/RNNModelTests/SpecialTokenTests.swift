import RNNModel
import Testing

/// Tokens that no text gives: `docs/FORMAT.md`, section 6.
@Suite struct SpecialTokenTests {
  private static let padding = Array("<pad>".utf8)

  private static func vocabulary(
    _ kind: Vocabulary.Kind = .characters, _ tokens: [[UInt8]] = [padding, [0x61], [0x62], [0x3F]], unknown: Int32? = 3,
    specials: [Int32]
  ) throws -> Vocabulary {
    try Vocabulary(kind: kind, tokens: tokens, unknown: unknown, specials: specials)
  }

  @Test func noTextGivesThem() throws {
    let vocabulary = try Self.vocabulary(specials: [0, 2])
    // The second symbol has the bytes of a special token, and so no token.
    #expect(try vocabulary.encode(Array("ab<".utf8)).tokens == [1, 3, 3])
    #expect(try vocabulary.encode(Array("<pad>".utf8)).tokens == [3, 3, 1, 3, 3])
    #expect(vocabulary.token(for: Self.padding) == nil && vocabulary.token(for: [0x62]) == nil)
    #expect(vocabulary.token(for: [0x61]) == 1)
    #expect(vocabulary.decode([0, 1, 2]) == Array("<pad>ab".utf8))
    let strict = try Self.vocabulary(unknown: nil, specials: [0, 2])
    #expect(throws: VocabularyError.unknownSymbol([0x62], offset: 1)) { try strict.encode(Array("ab".utf8)) }
  }

  @Test func wordsLetThemStandApart() throws {
    let vocabulary = try Self.vocabulary(.words, [Self.padding, Array("cat".utf8), [0x20], [0x3F]], specials: [0, 2])
    #expect(vocabulary.decode([1, 0, 1]) == Array("cat <pad> cat".utf8))
    #expect(try vocabulary.encode(Array("cat  cat".utf8)).tokens == [1, 3, 3, 1])
  }

  @Test(arguments: [[1, 0], [0, 0], [-1], [4], [0, 3], [.max]] as [[Int32]])
  func wrongOnesAreRefused(specials: [Int32]) {
    #expect(throws: VocabularyError.specials(Int(specials.last ?? 0))) { try Self.vocabulary(specials: specials) }
  }

  @Test func theyAreStillUniqueAndNotEmpty() {
    #expect(throws: VocabularyError.duplicate(0, 1)) {
      try Self.vocabulary(.characters, [[0x61], [0x61]], unknown: nil, specials: [1])
    }
    #expect(throws: VocabularyError.emptyToken(0)) {
      try Self.vocabulary(.characters, [[], [0x61]], unknown: nil, specials: [0])
    }
  }

  @Test func ofBytePairsTheyComeLast() throws {
    let names = [Array("<|end|>".utf8), [UInt8](repeating: 0x78, count: 300)]
    let vocabulary = try Vocabulary(merges: [.init(97, 98)], specials: names)
    #expect(vocabulary.count == 259 && vocabulary.specials == [257, 258])
    #expect(try vocabulary.encode(Array("ab<|end|>".utf8)).tokens.allSatisfy { $0 < 257 })
    #expect(vocabulary.decode([256, 257]) == Array("ab<|end|>".utf8))
    #expect(throws: VocabularyError.specials(255)) {
      try Vocabulary(
        kind: .bpe, bytes: vocabulary.bytes, offsets: vocabulary.offsets, merges: [.init(97, 98)],
        specials: [255, 257, 258])
    }
    #expect(throws: VocabularyError.mergeCount(expected: 2, found: 1)) {
      try Vocabulary(
        kind: .bpe, bytes: vocabulary.bytes, offsets: vocabulary.offsets, merges: [.init(97, 98)], specials: [258])
    }
  }

  @Test func otherCountsKeepThem() throws {
    #expect(try Self.vocabulary(specials: [0]).with(counts: [0, 1, 2, 3]).specials == [0])
  }
}
