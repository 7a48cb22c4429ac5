import RNNModel
import Testing

@testable import RNNFormat

/// The names of outputs in files.
@Suite struct LabelsFormatTests {
  @Test func readsTheGoldenLabels() throws {
    let tagger = try ModelFile(opening: Fixtures.path(golden: "tagger.h5"))
    #expect(
      tagger.document.labels?.names.map { String(decoding: $0, as: UTF8.self) } == [
        "O", "B-PER", "I-PER", "B-LOC", "I-LOC",
      ])
    let classifier = try ModelFile(opening: Fixtures.path(golden: "classifier.h5"))
    #expect(try classifier.loadModel().labels?.label(for: Array("måttlig".utf8)) == 2)
    for file in [tagger.header, classifier.header] { #expect(file.requiredFeatures.contains("labels")) }
  }

  /// The manifest of `docs/FORMAT.md`, section 7, put together and hashed by Python's hashlib.
  @Test func theyArePartOfTheIdentity() throws {
    let labels = try Labels([[0x4F], Array("B-X".utf8)])
    #expect(ModelIdentity.identify(labels) == "e5f60c204f411888624507f3e461ba2fd70e541923be96e2ec0523d831a0e7e3")
    let other = try Labels([Array("B-X".utf8), [0x4F]])
    #expect(ModelIdentity.identify(labels) != ModelIdentity.identify(other))
  }

  @Test func refusesWhatIsNoName() throws {
    #expect(throws: LabelsError.count(0)) { try Labels([]) }
    #expect(throws: LabelsError.empty(1)) { try Labels([[1], []]) }
    #expect(throws: LabelsError.duplicate(0, 2)) { try Labels([[1], [2], [1]]) }
    #expect(throws: LabelsError.offsets) { try Labels(bytes: [1, 2], storedOffsets: [0, 3]) }
    #expect(throws: LabelsError.offsets) { try Labels(bytes: [1, 2], storedOffsets: [0, 2, 1, 2]) }
    #expect(throws: LabelsError.offsets) { try Labels(bytes: [1, 2], storedOffsets: []) }
    #expect(throws: LabelsError.count(0)) { try Labels(bytes: [], storedOffsets: [0]) }
    let labels = try Labels([[1], [2, 3]])
    #expect(try Labels(bytes: labels.bytes, storedOffsets: labels.offsets) == labels)
  }
}
