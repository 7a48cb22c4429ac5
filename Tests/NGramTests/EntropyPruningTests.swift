import RealModule
import Testing

@testable import NGram

@Suite("Pruning by entropy")
struct EntropyPruningTests {
  @Test("Probabilities sum to one after every context", arguments: 0..<20)
  func sums(seed: Int) throws {
    let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
    let method = SmoothingTests.methods[seed % SmoothingTests.methods.count]
    let whole = try text.counts(order: 1 + seed % 4).model(method)
    var last = Int.max
    for threshold in [0, 1e-4, 1e-2, 1e9] {
      let model = try whole.pruned(byEntropy: threshold)
      #expect(model.description.prunedEntropy == threshold)
      let size = (1...model.order).reduce(0) { $0 + model.count(order: $1) }
      #expect(size <= last)
      last = size
      for context in text.contexts(length: min(3, model.order)) {
        let sum = model.distribution(after: context).reduce(0) { $0 + Double.exp(Double($1)) }
        #expect(abs(sum - 1) < 2e-5, "threshold \(threshold) after \(context): \(sum)")
      }
    }
  }

  @Test("An n-gram goes if the distributions with and without it differ by less than the threshold", arguments: 0..<12)
  func relativeEntropy(seed: Int) throws {
    let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
    let model = try text.counts(order: 2).model(.absoluteDiscounting())
    let threshold = 3e-3
    let pruned = try model.pruned(byEntropy: threshold)
    let form = model.form
    let single = form.levels[0].logProbabilities.map { Double.exp(Double($0)) }
    for context in form.levels[0].tokens.map(Int32.init) {
      let before = model.distribution(after: [context]).map { Double.exp(Double($0)) }
      let listed = Int(form.levels[0].childOffsets[Int(context)])..<Int(form.levels[0].childOffsets[Int(context) + 1])
      let tokens = listed.map { Int(form.levels[1].tokens[$0]) }
      // Where all tokens are listed, none goes.
      guard tokens.count < text.size else { continue }
      let occurrence = Int(context) == text.size ? single[Int(text.sentenceEnd ?? 0)] : single[Int(context)]
      for token in tokens {
        let others = Set(tokens).subtracting([token])
        let left = 1 - others.reduce(0) { $0 + before[$1] }
        let below = 1 - others.reduce(0) { $0 + single[$1] }
        var entropy = 0.0
        for word in 0..<text.size where !others.contains(word) {
          entropy += before[word] * Double.log(before[word] / (left / below * single[word]))
        }
        let change = Double.expMinusOne(occurrence * entropy)
        // Not those that rounding decides about.
        guard abs(change - threshold) > 1e-6 else { continue }
        let isThere = pruned.contains([context, Int32(token)])
        #expect(isThere == (change >= threshold), "\(context) \(token): \(change)")
      }
    }
  }

  @Test("What begins a longer n-gram stays")
  func contextsStay() throws {
    for seed in 0..<12 {
      let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
      let model = try text.counts(order: 4).model(.modifiedKneserNey()).pruned(byEntropy: 1e-3)
      // The form's check would refuse anything else; the definition of backing off has to give the same numbers.
      let form = model.form
      for context in text.contexts(length: 2) {
        for token in 0..<Int32(text.size) {
          let expected = ModelTests.definition(form, token, after: context)
          #expect(abs(Double(model.logProbability(of: token, after: context)) - expected) < 1e-5)
        }
      }
    }
  }

  @Test("Thresholds that are none are refused, and so are scores")
  func refusals() throws {
    let counts = try NGramCounts([0, 1], order: 2, vocabularySize: 2)
    for threshold in [-1, Double.nan, .infinity] {
      #expect(throws: NGramError.self) { try counts.model(.addK(1)).pruned(byEntropy: threshold) }
    }
    #expect(throws: NGramError.self) { try counts.model(.stupidBackoff(factor: 0.4)).pruned(byEntropy: 0) }
  }
}

extension NGramModel {
  /// Whether a pair of tokens is in the model.
  fileprivate func contains(_ pair: [Int32]) -> Bool {
    let range = Int(childStarts[Int(pair[0])])..<Int(childStarts[Int(pair[0]) + 1])
    return Self.find(UInt32(pair[1]), in: tokens, range) != nil
  }
}
