import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// Tokenizers that their own programs have written, and the ids that they give: `fixtures/vocabularies/make.py`.
@Suite struct TokenizerTests {
  private static func path(_ name: String) -> String {
    Fixtures.repository.appending(path: "fixtures/vocabularies/\(name).json").path
  }

  private static func read(_ name: String, size: Int? = nil) throws -> VocabularyWithOrder {
    try VocabularyFile(reading: path(name)).vocabulary(size: size)
  }

  @Test(arguments: [
    "keras_words", "keras_words_limited", "keras_characters", "hf_words", "hf_bytes", "hf_bytes_special",
  ])
  func givesTheSameIds(name: String) throws {
    let file = try Data(contentsOf: URL(filePath: Self.path("expected")))
    let json = try JSONValue(parsing: Array(file))
    let text = try #require(json["text"]?.string)
    let expected = try #require(json[name]?.array).compactMap(\.integer)
    let found = try Self.read(name)
    let tokens = try found.vocabulary.encode(Array(text.utf8), unknown: .skip).tokens
    #expect(tokens.map { found.order?[Int($0)] ?? Int($0) } == expected)
  }

  @Test func kerasCountsFromOne() throws {
    let vocabulary = try Self.read("keras_words_limited").vocabulary
    #expect(vocabulary.kind == .words && vocabulary.count == 5)
    #expect(vocabulary.specials == [0] && vocabulary.unknown == 1)
    #expect(vocabulary.counts == [0, 0, 4, 2, 2])
    let assumptions = try Self.read("keras_words").assumptions
    #expect(assumptions.contains { $0.reason.contains("lower-case") })
    #expect(assumptions.contains { $0.subject == "punctuation" })
  }

  @Test func addedTokensAreSpecial() throws {
    let words = try Self.read("hf_words", size: 16).vocabulary
    #expect(words.unknown == 1 && words.specials == [0, 2, 11, 12, 13, 14, 15])
    let pairs = try Self.read("hf_bytes_special")
    #expect(pairs.vocabulary.kind == .bpe && pairs.vocabulary.specials == [269])
    #expect(pairs.vocabulary[269].elementsEqual("<|endoftext|>".utf8))
    #expect(pairs.order?.sorted() == Array(0..<270) && pairs.order?.last == 0)
  }

  @Test func onlyPairsOfBytes() {
    let error = #expect(throws: ConversionError.self) { try Self.read("hf_character_pairs") }
    #expect("\(String(describing: error))".contains("characters"))
  }

  @Test(arguments: ["keras_words_limited", "hf_words", "hf_bytes"])
  func everyTruncationIsRefused(name: String) throws {
    let bytes = Array(try Data(contentsOf: URL(filePath: Self.path(name))))
    for length in 1..<bytes.count {
      #expect(throws: ConversionError.self) { try VocabularyFile(Array(bytes[..<length]), path: name).vocabulary() }
    }
  }

  @Test func changedBytesNeverTrap() throws {
    for name in ["keras_words_limited", "hf_words", "hf_bytes_special"] {
      let bytes = Array(try Data(contentsOf: URL(filePath: Self.path(name))))
      for place in stride(from: 0, to: bytes.count, by: 3) {
        var changed = bytes
        changed[place] = [0x39, 0x22, 0x2D, 0x5B][place % 4]
        _ = try? VocabularyFile(changed, path: name).vocabulary(size: place % 3 == 0 ? 300 : nil)
      }
    }
  }

  @Test(.enabled(if: SharedCases.exist, "\(SharedCases.missing)")) func theVocabulariesOfRealModels() throws {
    let tgr = try VocabularyFile(reading: SharedCases.path("textgenrnn-keras2-cudnn/textgenrnn_vocab.json"))
    var choices = VocabularyChoices()
    choices.unknown = 0
    let titles = try tgr.vocabulary(size: 465, choices: choices).vocabulary
    #expect(titles.kind == .characters && titles.count == 465 && titles.unknown == 0)
    #expect(titles.specials.contains { titles[$0].elementsEqual("<s>".utf8) })
    let melody = try VocabularyFile(reading: SharedCases.path("keras2-h5-melody-lstm/mapping.json")).vocabulary(
      size: 38)
    #expect(melody.vocabulary.kind == .words && melody.vocabulary.count == 38)
    #expect(try melody.vocabulary.encode(Array("57 _ _ /".utf8)).tokens == [0, 13, 13, 9])
    let lua = try VocabularyFile(reading: SharedCases.path("torch-rnn-t7/tiny_shakespeare.json")).vocabulary()
    #expect(
      lua.vocabulary.count == 65 && lua.vocabulary.kind == .characters && lua.vocabulary[0].elementsEqual("F".utf8))
  }
}
