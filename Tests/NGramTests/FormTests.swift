import Testing

@testable import NGram

@Suite("Models as plain arrays")
struct FormTests {
  @Test("A model gives the arrays that it was made of", arguments: [1, 2, 3, 5], [false, true])
  func roundTrip(order: Int, sentences: Bool) throws {
    let form = try ModelTests.form(order: order, sentences: sentences)
    #expect(try NGramModel(form).form == form)
  }

  /// One change of a sound form each.
  static let damages: [(String, @Sendable (inout NGramForm) -> Void)] = [
    ("no order", { $0.levels = [] }),
    ("too high an order", { $0.levels += Array(repeating: NGramForm.Level(), count: 10) }),
    ("no vocabulary", { $0.vocabularySize = 0 }),
    ("a vocabulary too large", { $0.vocabularySize = .max }),
    ("another vocabulary", { $0.vocabularySize += 1 }),
    ("no end of sentences", { $0.sentenceEnd = nil }),
    ("an end of sentences that is no token", { $0.sentenceEnd = Int32($0.vocabularySize) }),
    ("a negative end of sentences", { $0.sentenceEnd = -1 }),
    ("an end of sentences that is a context", { $0.sentenceEnd = 0 }),
    ("NaN", { $0.levels[1].logProbabilities[0] = .nan }),
    ("an infinite log-probability", { $0.levels[2].logProbabilities[1] = -.infinity }),
    ("a positive log-probability", { $0.levels[0].logProbabilities[0] = 0.5 }),
    ("an infinite backoff", { $0.levels[0].backoffs[0] = .infinity }),
    ("a NaN as backoff", { $0.levels[1].backoffs[1] = .nan }),
    ("too few log-probabilities", { $0.levels[1].logProbabilities.removeLast() }),
    ("too few backoffs", { $0.levels[1].backoffs.removeLast() }),
    ("backoffs of the highest order", { $0.levels[2].backoffs = $0.levels[2].logProbabilities }),
    ("too few offsets", { $0.levels[1].childOffsets.removeLast() }),
    ("no offsets", { $0.levels[0].childOffsets = [] }),
    ("offsets of the highest order", { $0.levels[2].childOffsets = [0] }),
    ("offsets that begin later", { $0.levels[0].childOffsets[0] = 1 }),
    ("offsets that fall", { $0.levels[0].childOffsets[1] = .max }),
    ("offsets that end early", { $0.levels[0].childOffsets[$0.levels[0].childOffsets.count - 1] -= 1 }),
    ("a token too large", { $0.levels[1].tokens[0] = UInt32($0.vocabularySize) }),
    ("a token far too large", { $0.levels[2].tokens[0] = .max }),
    ("a token twice", { $0.levels[1].tokens[1] = $0.levels[1].tokens[0] }),
    ("tokens that fall", { $0.levels[1].tokens.swapAt(0, 1) }),
    ("single tokens in another order", { $0.levels[0].tokens.swapAt(0, 1) }),
    ("a factor of another method", { $0.description.factor = 0.4 }),
    ("no factor", { $0.description = NGramDescription(method: "stupid-backoff") }),
    ("a factor above one", { $0.description = NGramDescription(method: "stupid-backoff", factor: 2) }),
  ]

  @Test("Arrays that are no model are refused", arguments: damages.indices)
  func refusals(index: Int) throws {
    var form = try ModelTests.form()
    _ = try NGramModel(form)
    Self.damages[index].1(&form)
    #expect(throws: NGramError.self, "\(Self.damages[index].0)") { try NGramModel(form) }
  }
}
