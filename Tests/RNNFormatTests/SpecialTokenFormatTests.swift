import RNNModel
import Testing

@testable import RNNFormat

@Suite struct SpecialTokenFormatTests {
  private static func marks() throws -> Vocabulary {
    try Vocabulary(
      kind: .characters, tokens: [[0x61], [0x62], Array("<s>".utf8), Array("<unused 3>".utf8)],
      specials: [2, 3])
  }

  @Test func theyComeBack() throws {
    let scratch = try Scratch()
    let words = try Vocabulary(kind: .words, tokens: [Array("<pad>".utf8), [0x61], [0x62], [0x63]], specials: [0])
    let pairs = try Vocabulary(merges: [.init(97, 98)], specials: [Array("<|end|>".utf8)])
    for vocabulary in [try Self.marks(), words, pairs] {
      let size = vocabulary.count
      let architecture = Architecture(
        size: size,
        layers: [
          .embedding(.init(name: "embedding", inputs: size, outputs: 2)),
          .gru(.init(name: "gru_1", inputs: 2, outputs: 2)), .linear(.init(name: "output", inputs: 2, outputs: size)),
        ])
      let parameters = Drawn.parameters(of: architecture, 1)
      let document = ModelDocument(
        architecture: architecture, vocabulary: vocabulary,
        proof: Proof(architecture: architecture, values: parameters.values.map { Double($0) }))
      try ModelWriter().write(document, parameters: parameters, to: scratch.path("model.h5"))
      #expect(try Validator.validate(scratch.path("model.h5")).findings.isEmpty)
      let file = try ModelFile(opening: scratch.path("model.h5"))
      #expect(file.document.vocabulary == vocabulary)
      #expect(file.header.requiredFeatures.contains("special-tokens"))
      #expect(file.header.minimumReaderVersion == "1.2")
    }
  }

  @Test func theyArePartOfTheModelOnlyWhereThereAreSome() throws {
    let plain = try Vocabulary(kind: .characters, tokens: [[0x61], [0x62]])
    let special = try Vocabulary(kind: .characters, tokens: [[0x61], [0x62]], specials: [1])
    #expect(ModelIdentity.identify(plain) != ModelIdentity.identify(special))
    #expect(plain.storedSpecials == nil && special.storedSpecials == [1])
  }

  @Test func anEmptyListIsRefused() {
    #expect(throws: VocabularyError.noSpecials) {
      try Vocabulary(
        kind: .bytes, normalisation: .none, bytes: [1], storedOffsets: [0, 1], counts: nil, unknownID: -1,
        lineEndID: -1,
        storedMerges: nil, storedSpecials: [])
    }
  }

  @Test func theGoldenOnesAreRead() throws {
    let vocabulary = try #require(
      try ModelFile(opening: Fixtures.path(golden: "special_tokens.h5")).document.vocabulary)
    #expect(vocabulary.specials == [0, 10, 11] && vocabulary.unknown == 9)
    #expect(try vocabulary.encode(Array("ab<s>".utf8)).tokens == [1, 2, 9, 9, 9])
  }
}
