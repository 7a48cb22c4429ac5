import HDF5
import RNNModel
import Testing

@testable import RNNFormat

/// The version whose readers understand a file, from the features' own list.
func oldestReader(of features: [String]) -> String {
  let of12: Set = [
    "activation-layers", "delay", "labels", "ngram", "pooling", "scalar-input", "special-tokens", "values-output",
    "window-context",
  ]
  return features.isEmpty ? "1.0" : of12.isDisjoint(with: features) ? "1.1" : "1.2"
}

@Suite struct FeatureTests {
  /// `aaabdaaabac` is encoded as aaab d aaab a c.
  private static let merges = [Vocabulary.Merge(97, 97), .init(97, 98), .init(256, 257)]

  @Test func theGoldenModelsUseEveryFeature() throws {
    var used: Set<String> = []
    for name in Fixtures.golden {
      let header = try ModelFile(opening: Fixtures.path(golden: name)).header
      used.formUnion(header.requiredFeatures)
      #expect(header.minimumReaderVersion == oldestReader(of: header.requiredFeatures))
    }
    #expect(used == Set(LayoutSchema.current.features.keys))
  }

  @Test(arguments: [
    ("lstm.h5", "c48ae15f9bc7968be6f2692e6af7152bb6586365b68004a3833660c3b99464b8"),
    ("gru_reset_after.h5", "f7629cb6b68a3f79af9aed61270bfeb9eb61a1231fc7e68c9bf71544bddf0ef6"),
  ])
  func aModelOfVersion1KeepsItsIdentity(name: String, identity: String) throws {
    let file = try ModelFile(opening: Fixtures.path(golden: name))
    #expect(file.header.formatVersion == "1.0")
    #expect(try ModelIdentity.identify(file.document, tensors: file) == identity)
  }

  @Test func readsTheGoldenBytePairs() throws {
    let file = try ModelFile(opening: Fixtures.path(golden: "bpe.h5"))
    let vocabulary = try #require(file.document.vocabulary)
    #expect(vocabulary.merges == Self.merges)
    #expect(file.document.proof?.inputs == .tokens([258, 100, 258, 97, 99]))
    #expect(try vocabulary.encode(Array("aaabdaaabac".utf8)).tokens == [258, 100, 258, 97, 99])
  }

  @Test func theOrderOfMergesIsPartOfTheModel() throws {
    // The same tokens, of which the last two could be made either way round.
    let one = try Vocabulary(merges: [.init(97, 98), .init(98, 99), .init(256, 99)])
    let other = try Vocabulary(merges: [.init(97, 98), .init(98, 99), .init(97, 257)])
    #expect(one.bytes == other.bytes && one.offsets == other.offsets)
    #expect(ModelIdentity.identify(one) != ModelIdentity.identify(other))
  }

  @Test func bytePairsComeBack() throws {
    let scratch = try Scratch()
    for merges in [[], Self.merges] {
      let vocabulary = try Vocabulary(merges: merges, counts: (0..<(256 + merges.count)).map { UInt64($0) })
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
      #expect(file.header.requiredFeatures == ["bpe"])
    }
  }

  @Test func readsTheGoldenTrainingState() throws {
    let state = try #require(try ModelFile(opening: Fixtures.path(golden: "training_state.h5")).trainingState())
    #expect(state.progress == ["step": 20, "epoch": 0.5])
    #expect(Set(state.arrays.keys) == ["carried_state/gru_1/hidden", "slots/momentum"])
    #expect(state.arrays["carried_state/gru_1/hidden"]?.count == 10)
    let momentum: [Float] = [0.5, .nan, -0.0]
    #expect(state.arrays["slots/momentum"]?.map(\.bitPattern) == momentum.map(\.bitPattern))
    #expect(state.words == ["random_state/dropout": [1, .max]])
  }
}
