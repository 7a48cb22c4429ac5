import RNNModel
import Testing

@testable import NGram

/// The fast queries against the layer as the specification states it, in float64.
@Suite struct ReferenceTests {
  private static let methods: [NGramMethod] = [
    .addK(0.5), .stupidBackoff(factor: 0.4), .absoluteDiscounting(), .kneserNey(), .modifiedKneserNey(),
    .modifiedKneserNey(interpolated: false),
  ]

  /// The parameters of the architecture's layer, flat.
  private static func values(of form: NGramForm) -> [Double] {
    let rows = form.rows
    return rows.tokens.map { Double($0) } + rows.logProbabilities.map { Double($0) } + rows.backoffs.map { Double($0) }
      + rows.children.map { Double($0) }
  }

  @Test(arguments: 0..<24)
  func queriesAgreeWithTheReference(seed: Int) throws {
    let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
    for method in Self.methods {
      for order in [1, 2, 4] {
        let pruned = seed % 3 == 1 ? [0, 1] : []
        let model = try text.counts(order: order).model(method, pruned: order > 1 ? pruned : [])
        let architecture = Architecture(model.form.layer)
        try architecture.check()
        let reference = Reference<Double>(architecture, values: Self.values(of: model.form))
        let other = DrawnText(seed: UInt64(seed) + 100, hasSentences: false)
        let tokens = other.tokens.map { $0 % Int32(text.size) }
        var state = reference.initialState
        let expected = reference.logProbabilities(tokens, state: &state)
        let fast = NGramLanguageModel(model)
        var found = [Float](repeating: 0, count: text.size)
        for (token, row) in zip(tokens, expected) {
          fast.advance([token], into: &found)
          #expect(zip(found, row).allSatisfy { abs(Double($0) - $1) < 1e-4 }, "\(method) of order \(order)")
        }
      }
    }
  }

  @Test func aTableComputedByHand() throws {
    // Two tokens; after token 0 comes 1 with probability 3/4; the rest is left to single tokens of probability 1/2.
    let table = Architecture.NGram(size: 2, counts: [2, 1])
    let ln = { (x: Double) in Double.log(x) }
    let values = [0, 1, 1, ln(0.5), ln(0.5), ln(0.75), ln(0.5), 0, 2, 3, 3]
    let reference = Reference<Double>(Architecture(table), values: values)
    let rows = reference.logProbabilities([0, 1])
    #expect(abs(rows[0][0] - ln(0.25)) < 1e-15 && abs(rows[0][1] - ln(0.75)) < 1e-15)
    #expect(rows[1] == [ln(0.5), ln(0.5)])
    let form = NGramForm(
      table, description: NGramDescription(of: table), tokens: [0, 1, 1],
      logProbabilities: values[3..<6].map { Float($0) }, backoffs: [Float(ln(0.5)), 0], children: [2, 3, 3])
    #expect(form.layer == table && form.rows.children == [2, 3, 3])
    #expect(abs(try NGramModel(form).distribution(after: [0])[0] - Float(ln(0.25))) < 1e-6)
  }

  @Test(arguments: 0..<10)
  func streamsGoOnWhereOthersStood(seed: Int) throws {
    let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
    let model = try text.counts(order: 3).model(.modifiedKneserNey())
    let (one, two) = (NGramLanguageModel(model), NGramLanguageModel(model, streams: 2))
    var (first, second) = ([Float](repeating: 0, count: text.size), [Float](repeating: 0, count: 2 * text.size))
    for token in text.tokens.prefix(9) { one.advance([token], into: &first) }
    two.setMemory(one.memory(of: 0), of: 1)
    one.advance([0], into: &first)
    two.advance([0, 0], into: &second)
    #expect(Array(second[text.size...]) == first)
  }
}
