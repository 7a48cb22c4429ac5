import RNNEvaluation
import Testing

/// Figures of taggers and classifiers, by numbers computed by hand.
@Suite struct LabelCountsTests {
  private func bytes(_ text: String) -> [[UInt8]] { text.split(separator: " ").map { Array($0.utf8) } }

  @Test func countsAsByHand() {
    var counts = LabelCounts()
    //              right right wrong right wrong wrong
    for (expected, predicted) in zip(bytes("a a a b b c"), bytes("a a b b a b")) {
      counts.add(expected: expected, predicted: predicted)
    }
    #expect(counts.total == 6 && counts.correct == 3 && counts.accuracy == 0.5)
    let (a, b, c) = (counts.scores[Array("a".utf8)], counts.scores[Array("b".utf8)], counts.scores[Array("c".utf8)])
    // a: 2 of 3 given are right, 2 of 3 are found. b: 1 of 3, 1 of 2. c: never given.
    #expect(a?.precision == 2.0 / 3 && a?.recall == 2.0 / 3 && abs((a?.f1 ?? 0) - 2.0 / 3) < 1e-15)
    #expect(b?.precision == 1.0 / 3 && b?.recall == 1.0 / 2 && b?.f1 == 2.0 / 5)
    #expect(c?.precision == 0 && c?.recall == 0 && c?.f1 == 0 && c?.expected == 1)
    #expect(abs(counts.macroF1 - (2.0 / 3 + 2.0 / 5) / 3) < 1e-15)
    #expect(counts.microF1 == 0.5)
  }

  @Test func nothingIsZero() {
    let counts = LabelCounts()
    #expect(counts.accuracy == 0 && counts.macroF1 == 0 && counts.microF1 == 0)
    #expect(LabelScore().f1 == 0)
  }

  @Test func findsSpansByTheRuleOfCoNLL() {
    func spans(_ labels: String) -> [String] {
      Span.spans(of: bytes(labels)).map { "\(String(decoding: $0.type, as: UTF8.self)) \($0.range)" }
    }
    #expect(spans("B-PER I-PER O B-LOC") == ["PER 0..<2", "LOC 3..<4"])
    #expect(spans("B-PER B-PER I-PER") == ["PER 0..<1", "PER 1..<3"])
    // An I-X that goes on with nothing begins a span.
    #expect(spans("I-PER I-LOC I-LOC O I-LOC") == ["PER 0..<1", "LOC 1..<3", "LOC 4..<5"])
    #expect(spans("O O").isEmpty && spans("").isEmpty)
    #expect(Span.isMarking(bytes("O B-X I-X")) && !Span.isMarking(bytes("O O")) && !Span.isMarking(bytes("NN B-X")))
    #expect(!Span.isMarking(bytes("B- O")), "a type has a name")
  }

  @Test func countsSpansAsByHand() {
    var counts = SpanCounts()
    // Of three names, one is found, one is too short, and one of the wrong type; one is none.
    counts.add(
      expected: bytes("B-PER I-PER O B-LOC I-LOC O B-ORG O"), predicted: bytes("B-PER I-PER O B-LOC O O B-PER B-LOC"))
    #expect(counts.all.correct == 1 && counts.all.expected == 3 && counts.all.predicted == 4)
    #expect(counts.all.precision == 0.25 && counts.all.recall == 1.0 / 3 && counts.all.f1 == 2.0 / 7)
    let person = counts.types[Array("PER".utf8)]
    #expect(person?.correct == 1 && person?.predicted == 2 && person?.expected == 1)
  }
}
