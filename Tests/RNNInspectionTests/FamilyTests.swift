import RNNInspection
import RNNModel
import Testing

/// What is no network is drawn too.
struct FamilyTests {
  @Test func aTableOfNGramsIsOneLayer() {
    let architecture = Architecture(
      size: 5, layers: [.ngram(.init(name: "ngram", size: 5, counts: [5, 7, 3]))])
    let lines = ArchitectureDiagram(architecture).lines
    #expect(lines.first?.drawing == "○ one of 5 tokens a step, of which the last 2 are looked up")
    #expect(lines.compactMap(\.layer) == [0])
  }
}
