import RNNModel
import RNNText
import Testing

@Suite struct LabelledTextTests {
  private func sequences(_ form: LabelledForm, _ text: String) throws -> [LabelledSequence] {
    try form.sequences(Array(text.utf8), path: "a.tsv")
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func readsTokensAndTheirLabels() throws {
    let found = try sequences(.tokens, "\nAda\tB-PER\nspoke\tO\n\n \t\nLondon\tB-LOC\r\n\r\nnow\tO")
    #expect(found.map { $0.parts.map(text) } == [["Ada", "spoke"], ["London"], ["now"]])
    #expect(found.map { $0.labels.map(text) } == [["B-PER", "O"], ["B-LOC"], ["O"]])
    #expect(found.map(\.line) == [2, 6, 8])
  }

  @Test func readsTextsAndTheirLabels() throws {
    let found = try sequences(.texts, "good\twhat a film\n\nbad\tno\tno\r\n")
    #expect(found.map { text($0.labels[0]) } == ["good", "bad"])
    #expect(found.map { text($0.parts[0]) } == ["what a film", "no\tno"])
  }

  @Test(arguments: [
    (LabelledForm.tokens, "Ada B-PER", 1), (.tokens, "a\tO\n\tO", 2), (.tokens, "a\t", 1), (.tokens, "a\tb\tc", 1),
    (.tokens, "two words\tO", 1), (.texts, "no tab here", 1), (.texts, "good\ta\n\tb", 2), (.texts, "good\t", 1),
  ])
  func refusesWithTheLine(form: LabelledForm, text: String, line: Int) {
    #expect { try form.sequences(Array(text.utf8), path: "a.tsv") } throws: { error in
      let error = error as? LabelledTextError
      return error?.line == line && "\(error?.description ?? "")".contains("line \(line) of 'a.tsv'")
    }
  }

  @Test(arguments: ["", "\n\n", " \n"]) func refusesWhatHoldsNothing(text: String) {
    for form in LabelledForm.allCases {
      #expect(throws: LabelledTextError.self) { try form.sequences(Array(text.utf8), path: "a.tsv") }
    }
  }

  @Test func looksUpTokensAndLabels() throws {
    let vocabulary = try Vocabulary(kind: .words, tokens: ["<unk>", "a", "b"].map { Array($0.utf8) }, unknown: 0)
    let labels = try Labels([[0x4F], [0x58]])
    let found = try sequences(.tokens, "b\tX\nc\tO\n\na\tY\n")
    let encoded = try EncodedSequences(found, .tokens, vocabulary: vocabulary, labels: labels, path: "a.tsv")
    #expect(encoded.inputs == [[2, 0], [1]] && encoded.targets == [[1, 0], [-1]])
    #expect(encoded.unknownCount == 1 && encoded.unknownLabelCount == 1 && encoded.tokenCounts == [1, 1, 1])
    let closed = try Vocabulary(kind: .characters, tokens: [[0x61]])
    #expect(throws: LabelledTextError.self) {
      try EncodedSequences(found, .tokens, vocabulary: closed, labels: labels, path: "a.tsv")
    }
    let texts = try sequences(.texts, "O\txyz\n")
    #expect(throws: LabelledTextError.self) {
      try EncodedSequences(texts, .texts, vocabulary: closed, labels: labels, path: "a.tsv")
    }
  }

  // MARK: Batches

  /// Sequences of drawn lengths: token k of sequence s is 100 s + k.
  private func drawn(_ lengths: [Int], hasOneTarget: Bool = false) -> EncodedSequences {
    let inputs = lengths.enumerated().map { index, length in (0..<length).map { Int32(100 * index + $0) } }
    return EncodedSequences(
      inputs: inputs, targets: hasOneTarget ? inputs.map { [$0[0]] } : inputs, vocabularySize: 100 * lengths.count)
  }

  @Test(arguments: [false, true], [1, 2, 3, 16]) func everySequenceIsReadOnceAndWhole(hasOneTarget: Bool, batch: Int) {
    let lengths = [3, 1, 4, 1, 5, 3, 2, 3, 5, 3, 5]
    let sequences = drawn(lengths, hasOneTarget: hasOneTarget)
    let batches = SequenceBatches(sequences, batch: batch, seed: 7)
    #expect(batches.longestSequence == 5 && batches.batch == batch && batches.holdsSequences)
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    var seen: Set<Int> = []
    for position in 0..<batches.length {
      batches.fill(position: position, steps: 1, inputs: &inputs, targets: &targets)
      let steps = inputs.count / batch
      #expect(targets.count == (hasOneTarget ? batch : inputs.count))
      for (column, sequence) in batches.batches[position].enumerated() {
        #expect(seen.insert(sequence).inserted)
        let read = (0..<steps).map { inputs[$0 * batch + column] }
        #expect(read == sequences.inputs[sequence])
        #expect(targets[column] == sequences.targets[sequence][0])
      }
      for column in batches.batches[position].count..<batch { #expect(targets[column] == -1) }
    }
    #expect(seen.count == lengths.count)
    let again = SequenceBatches(sequences, batch: batch, seed: 7)
    #expect(again.batches == batches.batches)
  }

  @Test func holdsOutSomeOfEach() throws {
    let parts = try #require(drawn(Array(repeating: 2, count: 40)).holdingOut(0.1))
    #expect(parts.rest.inputs.count == 36 && parts.held.inputs.count == 4)
    #expect(parts.held.inputs.map { $0[0] / 100 } == [9, 19, 29, 39])
    let least = try #require(drawn([1, 2]).holdingOut(0.05))
    #expect(least.rest.inputs.count == 1 && least.held.inputs.count == 1)
    #expect(drawn([1]).holdingOut(0.05) == nil)
  }
}
