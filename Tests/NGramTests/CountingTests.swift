import Testing

@testable import NGram

@Suite("Counting n-grams")
struct CountingTests {
  @Test("A random text has the n-grams that counting one by one finds", arguments: 0..<60)
  func naive(seed: Int) throws {
    let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
    let order = 1 + seed % 6
    let counts = try text.counts(order: order)
    for length in 1...order {
      let expected = text.occurrences(order: length)
      for (ngram, count) in expected { #expect(counts.count(ngram) == count) }
      let sentences = length == 1 && text.sentenceEnd != nil ? 1 : 0
      #expect(counts.distinctCount(order: length) == expected.count - sentences)
    }
    #expect(counts.count(Array(repeating: Int32(text.size - 1), count: order)) == 0)
    #expect(counts.tokenCount == text.tokens.count)
    #expect(counts.sentenceCount == (text.sentenceEnd == nil ? 0 : text.sentences.count))
  }

  @Test("Lower orders count the different tokens before an n-gram", arguments: 0..<40)
  func continuations(seed: Int) throws {
    let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
    let counts = try text.counts(order: 4)
    for length in 1...4 {
      let found = counts.continuationCounts(order: length)
      var index = 0
      let level = counts.levels[length - 1]
      for (ngram, count) in text.occurrences(order: length).sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
        // Tokens that do not occur have a place of their own among the single ones.
        while length == 1 && Int32(level.tokens[index]) != ngram[0] {
          #expect(found[index] == 0)
          index += 1
        }
        var expected = count
        if length < 4 && ngram[0] != Int32(text.size) {
          expected = text.occurrences(order: length + 1).keys.count { $0.dropFirst().elementsEqual(ngram) }
          // The beginning of a text without sentences is a context, too.
          if text.sentenceEnd == nil && text.tokens.starts(with: ngram) { expected += 1 }
        }
        #expect(found[index] == expected)
        index += 1
      }
    }
  }

  @Test("No n-gram goes beyond the end of a sentence")
  func sentences() throws {
    // "0 2 </s> 2 0" with </s> = 1
    let counts = try NGramCounts([0, 2, 1, 2, 0], order: 3, vocabularySize: 3, sentenceEnd: 1)
    #expect(counts.count([3]) == 2)
    #expect(counts.count([3, 0]) == 1)
    #expect(counts.count([3, 2, 0]) == 1)
    #expect(counts.count([2, 1]) == 1)
    #expect(counts.count([1, 2]) == 0)
    #expect(counts.count([2, 0]) == 1)
    #expect(counts.count([1]) == 1)
  }

  @Test("A text that is shorter than the order has no n-grams of that order")
  func shortText() throws {
    let counts = try NGramCounts([1, 0], order: 5, vocabularySize: 2)
    #expect((1...5).map { counts.distinctCount(order: $0) } == [2, 1, 0, 0, 0])
    let model = try counts.model(.modifiedKneserNey())
    #expect(model.order == 5)
  }

  @Test("What cannot be counted is refused")
  func refusals() {
    func refuse(
      _ error: NGramError, _ text: [Int32], order: Int = 2, size: Int = 3, end: Int32? = nil, limit: Int = .max
    ) {
      #expect(throws: error) {
        try NGramCounts(text, order: order, vocabularySize: size, sentenceEnd: end, memoryLimit: limit)
      }
    }
    refuse(.noTokens, [])
    refuse(.order(0), [1], order: 0)
    refuse(.order(11), [1], order: 11)
    refuse(.token(3, position: 1, vocabularySize: 3), [0, 3])
    refuse(.token(-1, position: 0, vocabularySize: 3), [-1])
    refuse(.vocabulary(size: 0, sentenceEnd: nil), [0], size: 0)
    refuse(.vocabulary(size: .max, sentenceEnd: nil), [0], size: .max)
    refuse(.vocabulary(size: 3, sentenceEnd: 3), [0], end: 3)
    refuse(.vocabulary(size: 3, sentenceEnd: -1), [0], end: -1)
    let needed = NGramCounts.memoryEstimate(tokens: 3, order: 2, vocabularySize: 3)
    refuse(.memory(needed: needed, limit: needed - 1, order: 2), [0, 1, 2], limit: needed - 1)
  }

  @Test("The estimate of memory says what is needed, and does not overflow")
  func memory() {
    // 20 bytes for each of 1000 positions, 52 for each of 11 single tokens, 121 pairs, 1000 triples.
    #expect(NGramCounts.memoryEstimate(tokens: 1000, order: 3, vocabularySize: 10) == 20_000 + 52 * (11 + 121 + 1000))
    #expect(NGramCounts.memoryEstimate(tokens: .max / 4, order: 10, vocabularySize: 1 << 30) == .max)
    #expect(NGramError.memory(needed: 3_000_001, limit: 1_000_000, order: 5).description.contains("4 MB"))
  }
}
