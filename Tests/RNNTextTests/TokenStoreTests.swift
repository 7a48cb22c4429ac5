import Foundation
import Kernels
import RNNModel
import RNNText
import Testing

/// Tokens in memory and in temporary files.
@Suite struct TokenStoreTests {
  @Test(arguments: [2, 256, 257, 65_536, 65_537, 1 << 24], [0, 100, 4096, 1 << 28])
  func keepsTokensOfAllWidths(vocabularySize: Int, memoryLimit: Int) throws {
    var generator = RandomGenerator(seed: UInt64(vocabularySize))
    let tokens = (0..<5000).map { _ in Int32.random(in: 0..<Int32(vocabularySize), using: &generator) }
    var writer = TokenStore.Writer(vocabularySize: vocabularySize, memoryLimit: memoryLimit)
    var start = 0
    while start < tokens.count {
      let end = min(tokens.count, start + Int.random(in: 0...700, using: &generator))
      try writer.append(Array(tokens[start..<end]))
      start = end
    }
    let store = writer.finish()
    #expect(store.count == tokens.count)
    // Up to a block more than the limit, which is a MiB or the limit itself.
    let width = vocabularySize <= 256 ? 1 : vocabularySize <= 65_536 ? 2 : 4
    #expect(store.isInMemory == (tokens.count * width < 2 * memoryLimit))
    #expect(try store.all.tokens() == tokens)
    for _ in 0..<200 {
      let (a, b) = (Int.random(in: 0...5000, using: &generator), Int.random(in: 0...5000, using: &generator))
      let range = min(a, b)..<max(a, b)
      #expect(try store.all[range].tokens() == Array(tokens[range]))
    }
  }

  @Test func cutsSlices() throws {
    let slice = TokenSlice((0..<10).map { Int32($0) })
    #expect(try slice[2..<8][1..<4].tokens() == [3, 4, 5])
    #expect(try slice.dropFirst(7).tokens() == [7, 8, 9])
    #expect(try slice.prefix(3).dropFirst(2).tokens() == [2])
    #expect(slice.prefix(30).count == 10 && slice.dropFirst(30).count == 0 && slice.prefix(-1).count == 0)
  }

  @Test(arguments: Vocabulary.Kind.allCases, [0, 1 << 28]) func encodesAsInMemory(
    kind: Vocabulary.Kind, memoryLimit: Int
  ) throws {
    var generator = RandomGenerator(seed: 3)
    let words = ["to", "be", "or ", "not", "\n", " ", "é", "漢", "12", "."].map { Array($0.utf8) }
    let text = (0..<400_000).flatMap { _ -> [UInt8] in
      (words.randomElement(using: &generator) ?? []) + (Bool.random(using: &generator) ? [0x20] : [])
    }
    let scratch = try Scratch()
    // Cut within a word; one part compressed.
    let source = TextSource([
      try scratch.file(Array(text.prefix(1_000_001))), try scratch.file(gzip(Array(text.dropFirst(1_000_001)))),
    ])
    let vocabulary = try Vocabulary(kind: kind, text: text, maximumSize: kind == .characters ? 9 : 300)
    var seen: [UInt8] = []
    let encoded = try EncodedText(source, vocabulary: vocabulary, memoryLimit: memoryLimit) { seen += $0 }
    let whole = try vocabulary.encode(text, unknown: .skip)
    #expect(try encoded.tokens.all.tokens() == whole.tokens)
    #expect(encoded.tokens.isInMemory == (memoryLimit > 0))
    #expect(encoded.unknownCount == whole.unknownCount && encoded.skippedCount == whole.skippedCount)
    #expect(encoded.tokenCounts == vocabulary.counts)
    #expect(seen == text && encoded.byteCount == text.count)
  }

  @Test func streamsAreTheSameFromAFile() throws {
    let tokens = (0..<3000).map { Int32($0 * 7 % 1000) }
    var writer = TokenStore.Writer(vocabularySize: 1000, memoryLimit: 64)
    try writer.append(tokens)
    let store = writer.finish()
    #expect(!store.isInMemory)
    for layout in TextLayout.allCases {
      let stored = try layout.parts(of: store.all, batch: 7, length: 9).training
      let inMemory = try layout.parts(of: TokenSlice(tokens), batch: 7, length: 9).training
      #expect(stored.length == inMemory.length)
      for window in 0..<stored.windowCount(steps: 11) {
        var (a, b): ([Int32], [Int32]) = ([], [])
        var (c, d): ([Int32], [Int32]) = ([], [])
        try stored.fill(window: window, steps: 11, inputs: &a, targets: &b)
        try inMemory.fill(window: window, steps: 11, inputs: &c, targets: &d)
        #expect(a == c && b == d)
      }
    }
  }
}
