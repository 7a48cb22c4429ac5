import RealModule
import Testing

@testable import NGram

@Suite("Smoothing")
struct SmoothingTests {
  static let methods: [NGramMethod] = [
    .addK(1), .addK(0.05), .absoluteDiscounting(), .absoluteDiscounting(interpolated: false), .kneserNey(),
    .kneserNey(interpolated: false), .modifiedKneserNey(), .modifiedKneserNey(interpolated: false),
  ]

  @Test("Probabilities sum to one after every context, seen or not, pruned or not", arguments: methods)
  func sums(method: NGramMethod) throws {
    for seed in 0..<24 {
      let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
      let counts = try text.counts(order: 1 + seed % 4)
      for pruned in [[], [0, 1], [0, 0, 2]] where pruned.count <= counts.order {
        let model = try counts.model(method, pruned: pruned)
        for context in text.contexts(length: min(3, counts.order)) {
          let sum = model.distribution(after: context).reduce(0) { $0 + Double.exp(Double($1)) }
          #expect(abs(sum - 1) < 1e-5, "seed \(seed), pruned \(pruned), after \(context): \(sum)")
        }
      }
    }
  }

  @Test("Every probability is the one of the textbook", arguments: methods + [.stupidBackoff(factor: 0.4)])
  func textbook(method: NGramMethod) throws {
    for seed in 0..<24 {
      let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
      let order = 1 + seed % 4
      let model = try text.counts(order: order).model(method)
      let textbook = TextbookModel(text, order: order, method)
      for context in text.contexts(length: order - 1) {
        // Shorter ones do not occur before a token, but at the beginning of a stream.
        let found = model.distribution(after: context)
        for token in 0..<Int32(text.size) {
          let expected = Float(Double.log(textbook.probability(token, after: context)))
          #expect(abs(found[Int(token)] - expected) < 2e-5, "seed \(seed): \(token) after \(context)")
          #expect(abs(model.logProbability(of: token, after: context) - expected) < 2e-5)
        }
      }
    }
  }

  @Test("Add-one of a bigram, by hand")
  func addOne() throws {
    // "a b </s> a a </s>" with </s> = 0, a = 1, b = 2
    let model = try NGramCounts([1, 2, 0, 1, 1, 0], order: 2, vocabularySize: 3, sentenceEnd: 0).model(.addK(1))
    func p(_ token: Int32, _ context: Int32) -> Double {
      .exp(Double(model.logProbability(of: token, after: [context])))
    }
    #expect(abs(p(1, 3) - 3 / 5) < 1e-6)
    #expect(abs(p(0, 3) - 1 / 5) < 1e-6)
    #expect(abs(p(2, 1) - 2 / 6) < 1e-6)
    #expect(abs(p(0, 2) - 2 / 4) < 1e-6)
  }

  @Test("Kneser-Ney of a bigram, by hand")
  func kneserNey() throws {
    // "a b a b a c": the pairs ab 2, ba 2, ac 1, so that n1 = 1, n2 = 2 and D = 1/5.
    let model = try NGramCounts([0, 1, 0, 1, 0, 2], order: 2, vocabularySize: 4).model(.kneserNey())
    func p(_ token: Int32, _ context: [Int32]) -> Double {
      .exp(Double(model.logProbability(of: token, after: context)))
    }
    // Different tokens before a: b and the beginning; before b: a; before c: a. n1 = 2, n2 = 1: D = 2/4.
    let below = [(2 - 0.5) / 4, (1 - 0.5) / 4, (1 - 0.5) / 4, 0].map { $0 + 1.5 / 4 / 4 }
    for token in 0..<4 { #expect(abs(p(Int32(token), []) - below[token]) < 1e-6) }
    #expect(abs(p(1, [0]) - ((2 - 0.2) / 3 + 0.4 / 3 * below[1])) < 1e-6)
    #expect(abs(p(3, [0]) - 0.4 / 3 * below[3]) < 1e-6)
    #expect(abs(p(0, [1]) - ((2 - 0.2) / 2 + 0.2 / 2 * below[0])) < 1e-6)
    #expect(abs(p(0, [2]) - below[0]) < 1e-6)
    #expect(
      model.description.discounts == [
        .init(values: [0.5, 0.5, 0.5], areFallback: false), .init(values: [0.2, 0.2, 0.2], areFallback: false),
      ])
  }

  @Test("Discounts that the counts leave undefined are replaced, and said to be")
  func fallback() throws {
    let counts = try NGramCounts([0, 1, 2, 3, 0, 1], order: 2, vocabularySize: 4)
    let modified = try counts.model(.modifiedKneserNey()).description
    #expect(modified.discounts?.map(\.values) == [[0.5, 1, 1.5], [0.5, 1, 1.5]])
    #expect(modified.fallbackOrders == [1, 2])
    #expect(try counts.model(.absoluteDiscounting()).description.fallbackOrders == [])
    let single = try NGramCounts([0, 1, 2], order: 1, vocabularySize: 4).model(.absoluteDiscounting()).description
    #expect(single.discounts?.map(\.values) == [[0.75, 0.75, 0.75]])
    #expect(single.fallbackOrders == [1])
  }

  @Test("Pruning leaves out what is rare, and keeps every context of what is left")
  func pruning() throws {
    for seed in 0..<20 {
      let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
      let model = try text.counts(order: 3).model(.modifiedKneserNey(), pruned: [0, 1, 2])
      let size = text.size + (text.sentenceEnd == nil ? 0 : 1)
      #expect(model.count(order: 1) == size)
      #expect(model.count(order: 2) == text.occurrences(order: 2).values.count { $0 > 1 })
      #expect(model.count(order: 3) == text.occurrences(order: 3).values.count { $0 > 2 })
      #expect(model.description.prunedCounts == [0, 1, 2])
    }
  }

  @Test("Methods refuse numbers that are none")
  func parameters() throws {
    let counts = try NGramCounts([0, 1], order: 2, vocabularySize: 2)
    for method in [.addK(0), .addK(.nan), .addK(.infinity), .stupidBackoff(factor: 0), .stupidBackoff(factor: 1.5)]
      as [NGramMethod]
    {
      #expect(throws: NGramError.self) { try counts.model(method) }
    }
    for pruned in [[1], [0, 2, 3], [0, -1]] {
      #expect(throws: NGramError.self) { try counts.model(.kneserNey(), pruned: pruned) }
    }
  }
}
