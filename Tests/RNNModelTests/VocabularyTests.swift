import RNNModel
import Testing

/// Collecting vocabularies, and refusing impossible ones.
@Suite struct VocabularyTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func tokens(_ vocabulary: Vocabulary) -> [String] {
    (0..<Int32(vocabulary.count)).map { String(decoding: vocabulary[$0], as: UTF8.self) }
  }

  @Test func sortsBytesAndCharactersByTheirBytes() throws {
    let characters = try Vocabulary(kind: .characters, text: bytes("banané漢a"))
    #expect(tokens(characters) == ["a", "b", "n", "é", "漢"])
    #expect(characters.counts == [3, 1, 2, 1, 1])
    let single = try Vocabulary(kind: .bytes, text: bytes("bané"))
    #expect(single.bytes == [0x61, 0x62, 0x6E, 0xA9, 0xC3])
    #expect(single.offsets == [0, 1, 2, 3, 4, 5])
    #expect(single.counts == [1, 1, 1, 1, 1])
    #expect(single.unknown == nil && single.lineEnd == nil)
  }

  @Test func sortsWordsByTheirFrequency() throws {
    let words = try Vocabulary(kind: .words, text: bytes("b a c a b d a"))
    #expect(tokens(words) == ["<unk>", "a", "b", "c", "d"])
    #expect(words.counts == [0, 3, 2, 1, 1])
    #expect(words.unknown == 0 && words.lineEnd == nil)
  }

  @Test func countsLines() throws {
    let words = try Vocabulary(kind: .words, normalisation: .whitespace, text: bytes("b a\n\na"))
    #expect(tokens(words) == ["<unk>", "<eos>", "a", "b"])
    #expect(words.counts == [0, 3, 2, 1])
    #expect(words.unknown == 0 && words.lineEnd == 1)
  }

  @Test func takesSpecialTokensOfTheText() throws {
    let words = try Vocabulary(kind: .words, normalisation: .whitespace, text: bytes("<unk> <eos> <unk> a"))
    #expect(tokens(words) == ["<unk>", "<eos>", "a"])
    #expect(words.counts == [2, 2, 1])
  }

  @Test func leavesOutRareSymbols() throws {
    let words = try Vocabulary(kind: .words, text: bytes("b a c a b d a"), minimumCount: 2)
    #expect(tokens(words) == ["<unk>", "a", "b"])
    #expect(words.counts == [2, 3, 2])
    let characters = try Vocabulary(kind: .characters, text: bytes("bacabda"), minimumCount: 2)
    #expect(tokens(characters) == ["a", "b"])
  }

  @Test func keepsTheMostFrequentSymbols() throws {
    let words = try Vocabulary(kind: .words, text: bytes("b a c a b d a"), maximumSize: 4)
    #expect(tokens(words) == ["<unk>", "a", "b", "c"])
    #expect(words.counts == [1, 3, 2, 1])
    // d and c are equally frequent; the one with the lower bytes stays, and bytes order the rest.
    let characters = try Vocabulary(kind: .characters, text: bytes("zazadcz"), maximumSize: 3)
    #expect(tokens(characters) == ["a", "c", "z"])
    #expect(characters.counts == [2, 1, 3])
  }

  @Test func takesAllBytesWithMinimumCountZero() throws {
    let vocabulary = try Vocabulary(kind: .bytes, text: bytes("aab"), minimumCount: 0)
    #expect(vocabulary.bytes == Array(0...255))
    #expect(vocabulary.counts?[0x61] == 2 && vocabulary.counts?.reduce(0, +) == 3)
  }

  @Test func countsAreThoseOfEncoding() throws {
    let text = bytes("the cat  sat\non the\tmat é \n")
    for (kind, normalisation) in [
      (Vocabulary.Kind.bytes, Vocabulary.Normalisation.none), (.characters, .none), (.words, .none),
      (.words, .whitespace),
    ] {
      let vocabulary = try Vocabulary(kind: kind, normalisation: normalisation, text: text, maximumSize: 6)
      var counts = [UInt64](repeating: 0, count: vocabulary.count)
      for token in try vocabulary.encode(text, unknown: .skip).tokens { counts[Int(token)] += 1 }
      #expect(vocabulary.counts == counts)
    }
  }

  @Test func refusesAnEmptyText() {
    #expect(throws: VocabularyError.empty) { try Vocabulary(kind: .characters, text: []) }
    #expect(throws: VocabularyError.empty) { try Vocabulary(kind: .bytes, text: []) }
    #expect(throws: VocabularyError.empty) { try Vocabulary(kind: .characters, text: [0x61], minimumCount: 2) }
  }

  @Test(arguments: [[], [1, 3], [0, 2], [0, 2, 1, 3], [0, 4], [0, -1, 3]]) func refusesWrongOffsets(offsets: [Int]) {
    #expect(throws: VocabularyError.offsets) { try Vocabulary(kind: .words, bytes: bytes("abc"), offsets: offsets) }
  }

  @Test func refusesNoTokens() {
    #expect(throws: VocabularyError.empty) { try Vocabulary(kind: .words, bytes: [], offsets: [0]) }
  }

  @Test func refusesTokensThatNoTextHas() {
    func refusal(
      _ kind: Vocabulary.Kind, normalisation: Vocabulary.Normalisation = .none, _ tokens: [String],
      lineEnd: Int32? = nil
    ) -> VocabularyError? {
      do throws(VocabularyError) {
        _ = try Vocabulary(
          kind: kind, normalisation: normalisation, tokens: tokens.map { bytes($0) }, lineEnd: lineEnd)
        return nil
      } catch {
        return error
      }
    }
    #expect(refusal(.bytes, ["a", "bc"]) == .notASymbol(1, .bytes))
    #expect(refusal(.characters, ["é", "ab"]) == .notASymbol(1, .characters))
    #expect(refusal(.words, ["a", "a b"]) == .notASymbol(1, .words))
    #expect(refusal(.words, ["a", "  "]) == .notASymbol(1, .words))
    #expect(refusal(.words, ["a", " "]) == nil)
    #expect(refusal(.words, normalisation: .whitespace, ["<eos>", " "], lineEnd: 0) == .notASymbol(1, .words))
    #expect(refusal(.words, ["a", ""]) == .emptyToken(1))
    #expect(refusal(.words, ["a", "b", "a"]) == .duplicate(0, 2))
  }

  @Test func refusesWrongCounts() {
    #expect(throws: VocabularyError.counts(expected: 2, found: 1)) {
      try Vocabulary(kind: .words, tokens: [[0x61], [0x62]], counts: [1])
    }
  }

  @Test func refusesWrongSpecialTokens() {
    for unknown in [Int32(2), -1] {
      #expect(throws: VocabularyError.special(Int(unknown), count: 2)) {
        try Vocabulary(kind: .words, tokens: [[0x61], [0x62]], unknown: unknown)
      }
    }
    #expect(throws: VocabularyError.special(1, count: 2)) {
      try Vocabulary(kind: .words, normalisation: .whitespace, tokens: [[0x61], [0x62]], unknown: 1, lineEnd: 1)
    }
  }

  @Test func refusesNormalisationThatDoesNotFit() {
    #expect(throws: VocabularyError.normalisation(.bytes, .whitespace)) {
      try Vocabulary(kind: .bytes, normalisation: .whitespace, tokens: [[0x61]], lineEnd: 0)
    }
    #expect(throws: VocabularyError.normalisation(.words, .whitespace)) {
      try Vocabulary(kind: .words, normalisation: .whitespace, tokens: [[0x61]])
    }
    #expect(throws: VocabularyError.normalisation(.words, .none)) {
      try Vocabulary(kind: .words, tokens: [[0x61]], lineEnd: 0)
    }
  }

  @Test func showsBytesToPeople() {
    #expect(Vocabulary.display(bytes("aé漢😀")) == "'aé漢😀'")
    #expect(Vocabulary.display(bytes("\n\t\r'\\")) == #"'\n\t\r\'\\'"#)
    #expect(Vocabulary.display([0x00, 0x1F, 0x7F, 0x80, 0xFF, 0xC3]) == #"'\x00\x1f\x7f\x80\xff\xc3'"#)
    #expect(Vocabulary.display([]) == "''")
  }

  @Test func errorsSayWhatIsWrong() {
    #expect(
      VocabularyError.unknownSymbol([0xC3, 0xA9], offset: 7).description
        == "The symbol 'é' at byte 7 of the text is not in the model's vocabulary.")
    let errors: [VocabularyError] = [
      .offsets, .empty, .counts(expected: 1, found: 2), .special(1, count: 1), .normalisation(.bytes, .none),
      .emptyToken(1), .notASymbol(1, .words), .duplicate(0, 1),
    ]
    #expect(Set(errors.map(\.description)).count == errors.count)
  }
}
