import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

@Suite struct VocabularyFileTests {
  private static func read(
    _ text: String, size: Int? = nil, _ change: (inout VocabularyChoices) -> Void = { _ in }
  ) throws -> VocabularyWithOrder {
    var choices = VocabularyChoices()
    change(&choices)
    return try VocabularyFile(Array(text.utf8), path: "tokens").vocabulary(size: size, choices: choices)
  }

  private static func tokens(_ vocabulary: Vocabulary) -> [String] {
    (0..<Int32(vocabulary.count)).map { String(decoding: vocabulary[$0], as: UTF8.self) }
  }

  @Test(arguments: [
    #"["a", "b", "\n"]"#, #"{"a": 0, "b": 1, "\n": 2}"#, #"{"2": "\n", "0": "a", "1": "b"}"#,
    #"{"config": {"size": 3}, "char2idx": {"a": 0, "b": 1, "\n": 2}, "idx2char": {"0": "a", "1": "b", "2": "\n"}}"#,
    "['a', 'b', '\\n']", "{'a': 0, 'b': 1, '\\x0a': 2,}", "{0: 'a', 1: u'b', 2: '\\n'}", "('a', b'b', \"\\012\")",
    "OrderedDict([('a', 0), ('b', 1), ('\\n', 2)])", #"{"token_to_idx": {"a": 1, "b": 2, "\n": 3}}"#,
  ])
  func readsEveryForm(text: String) throws {
    let vocabulary = try Self.read(text).vocabulary
    #expect(vocabulary.kind == .characters && vocabulary.specials.isEmpty)
    #expect(Self.tokens(vocabulary) == ["a", "b", "\n"])
  }

  @Test func charactersThatLookAlikeAreDifferent() throws {
    // The sign for ohm is canonically equivalent to the letter omega.
    let vocabulary = try Self.read("{\"\u{03A9}\": 0, \"\u{2126}\": 1}").vocabulary
    #expect(vocabulary.count == 2)
  }

  @Test func idsFromOneArePaddedOrShifted() throws {
    let padded = try Self.read(#"{"a": 1, "b": 2}"#, size: 3).vocabulary
    #expect(Self.tokens(padded) == ["<pad>", "a", "b"] && padded.specials == [0])
    let shifted = try Self.read(#"{"a": 1, "b": 2}"#, size: 2).vocabulary
    #expect(Self.tokens(shifted) == ["a", "b"])
    let open = try Self.read(#"{"a": 1, "b": 2}"#)
    #expect(open.vocabulary.count == 3)
    #expect(open.assumptions.contains { $0.flag == "--vocabulary-first-id" && !$0.isGiven })
    #expect(try Self.read(#"{"a": 1, "b": 2}"#) { $0.firstID = 1 }.vocabulary.count == 2)
  }

  @Test func marksOfACharacterModelAreSpecial() throws {
    let found = try Self.read(#"{"a": 1, "b": 2, "<s>": 4, "<unk>": 5}"#, size: 8)
    let vocabulary = found.vocabulary
    #expect(vocabulary.kind == .characters && vocabulary.unknown == 5)
    #expect(vocabulary.specials == [0, 3, 4, 6, 7])
    #expect(Self.tokens(vocabulary)[6] == "<unused 6>")
    #expect(try vocabulary.encode(Array("ab<s>".utf8)).tokens == [1, 2, 5, 5, 5])
    #expect(found.assumptions.contains { $0.subject == "ids without token" })
  }

  @Test func aHoleCanBeTheUnknownToken() throws {
    let vocabulary = try Self.read(#"{"a": 1, "b": 2}"#, size: 3) { $0.unknown = 0 }.vocabulary
    #expect(vocabulary.unknown == 0 && vocabulary.specials.isEmpty)
    #expect(try vocabulary.encode(Array("abc".utf8)).tokens == [1, 2, 0])
  }

  @Test func wordsWithALineEnd() throws {
    let text = #"["<eos>", "<unk>", "<pad>", "the", "cat"]"#
    let vocabulary = try Self.read(text).vocabulary
    #expect(vocabulary.kind == .words && vocabulary.normalisation == .whitespace)
    #expect(vocabulary.lineEnd == 0 && vocabulary.unknown == 1 && vocabulary.specials == [2])
    #expect(try vocabulary.encode(Array("the  cat\n".utf8)).tokens == [3, 4, 0])
    #expect(try Self.read(text) { $0.normalisation = Vocabulary.Normalisation.none }.vocabulary.lineEnd == nil)
  }

  @Test func aKindThatIsGivenHolds() throws {
    let found = try Self.read(#"["a", "b", "th"]"#) { $0.kind = .characters }
    #expect(found.vocabulary.kind == .characters && found.vocabulary.specials == [2])
    #expect(try Self.read(#"["a", "b", "th"]"#).vocabulary.kind == .words)
  }

  @Test func bytesInTheirOrderAreBytes() throws {
    let text =
      "[" + (0..<256).map { "b'\\x\($0 < 16 ? "0" : "")\(String($0, radix: 16))'" }.joined(separator: ", ") + "]"
    let vocabulary = try Self.read(text).vocabulary
    #expect(vocabulary.kind == .bytes && vocabulary.count == 256)
  }

  @Test(
    arguments: [
      ("the\ncat\n", ["the", "cat"], nil), ("the\r\ncat\r\n", ["the", "cat"], nil),
      ("[PAD]\nthe\ncat", ["[PAD]", "the", "cat"], nil),
      ("{\na\n[\n", ["{", "a", "["], nil), ("the\t12\ncat\t7\n", ["the", "cat"], [12, 7]),
      ("the 12\ncat 7\n", ["the", "cat"], [12, 7]), ("the\t1\ncat\t0\n", ["cat", "the"], nil),
      ("the\t-1.5\ncat\t-2\n", ["the", "cat"], nil), (" \na\nb\n", [" ", "a", "b"], nil),
    ] as [(String, [String], [UInt64]?)])
  func readsLines(text: String, tokens: [String], counts: [UInt64]?) throws {
    let vocabulary = try Self.read(text).vocabulary
    #expect(Self.tokens(vocabulary) == tokens && vocabulary.counts == counts)
  }

  @Test(arguments: [
    ("", "no tokens"), ("a\n\nb\n", "line 2"), (#"{"a": 0, "a": 1}"#, "twice"), (#"{"a": 0, "b": 0}"#, "the same id 0"),
    (#"["a", "b", "a"]"#, "two ids, 0 and 2"), (#"{"a": -1, "b": 0}"#, "has the id -1"),
    (#"{"a": 0, "b": 2000000000}"#, "only 2 tokens"),
    (#"{"a": 9223372036854775807}"#, "only 1 tokens"), (#"{"a": 0, "b": 1.5}"#, "no tokens"), (#"{"a": 0"#, "expected"),
    ("{\n  \"a\": 0,\n", "too early"), (#"{"x": 1, "y": {"a": 0}, "z": {"b": 0}}"#, "different"),
    ("{'a', 'b'}", "no order"),
    (#"["a", "\ud800"]"#, "surrogate"), (#"["a", ""]"#, "empty"),
    ("eval('1')\n['a']\n\n", "line 3"),
    ("[__import__('os')]", "value was expected"), (#"["▁the", "▁a"]"#, "SentencePiece"),
    ("['[UNK]', 'the', '##s']", "WordPiece"),
    (#"{"Ġ": 0, "Ċ": 1, "Ġthe": 2}"#, "merges"), (String(repeating: "[", count: 100_000), "deeper"),
    (#"{"model": {"vocab": {"a": 0}, "type": "Unigram"}}"#, "Unigram"),
    (#"{"model": {"vocab": [["a", -1.5]], "type": "Unigram"}}"#, "scores"),
    (#"{"class_name": "Tokenizer", "config": {}}"#, "word_index"),
    (#"{"class_name": "Tokenizer", "config": {"word_index": "{\"a\": 0}"}}"#, "begin with 1"),
    (#"{"class_name": "Tokenizer", "config": {"word_index": "{\"a\": 1}", "num_words": 2000000000}}"#, "only 1 tokens"),
  ])
  func refusesWithAReason(text: String, reason: String) {
    let error = #expect(throws: ConversionError.self) { try Self.read(text) }
    #expect("\(String(describing: error))".contains(reason), "\(String(describing: error))")
  }

  @Test func aVocabularyOfAnotherSizeNamesBoth() {
    let error = #expect(throws: ConversionError.self) { try Self.read(#"["a", "b", "c"]"#, size: 2) }
    #expect("\(String(describing: error))".contains("3 tokens at least, but the model has 2"))
  }

  @Test(arguments: [
    #"{"a": 0, "b": [1, {"c": null}], "d": "\u00e9\ud83d\ude00"}"#,
    "{'a': 0, 'b': (1, b'\\xff', None), 'c': OrderedDict([('x', 1)])}",
  ])
  func everyTruncationIsRefused(text: String) throws {
    let bytes = Array(text.utf8)
    _ = try LiteralParser.parse(bytes)
    for length in 0..<bytes.count {
      #expect(throws: LiteralError.self) { try LiteralParser.parse(Array(bytes[..<length])) }
    }
  }

  @Test func whatIsWrittenComesBack() throws {
    let tokens: [[UInt8]] = [[0x27], [0x5C], [0x0A], [0], Array("é".utf8), Array("😀".utf8), [0x22], [0x7F]]
    let vocabulary = try Vocabulary(kind: .characters, tokens: tokens)
    let json = try VocabularyWriter.json(vocabulary)
    #expect(try Self.read(json).vocabulary == vocabulary)
    #expect(try Self.read(VocabularyWriter.python(vocabulary)).vocabulary == vocabulary)
    let bytes = try Vocabulary(kind: .bytes, tokens: (0..<256).map { [UInt8($0)] })
    #expect(throws: VocabularyWriter.NotText(tokens: [128, 129, 130, 131, 132], count: 128)) {
      try VocabularyWriter.json(bytes)
    }
    #expect(try Self.read(VocabularyWriter.python(bytes)).vocabulary == bytes)
  }
}
