import Foundation
import Kernels
import RNNModel
import Testing

/// Byte-pair encoding: `docs/FORMAT.md`, section 6.
@Suite struct BytePairTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// Texts over few bytes, so that pairs repeat and overlap, with runs longer than a piece.
  private static func text(_ seed: Int, length: Int = 300) -> [UInt8] {
    var generator = RandomGenerator(seed: UInt64(seed))
    let alphabet: [[UInt8]] = [
      [0x61], [0x61], [0x62], [0x63], [0x20], [0x20], [0x20, 0x20], [0x0A], [0x31], [0x2E], [0xC3, 0xA9], [0xFF], [0],
    ]
    var text: [UInt8] = []
    while text.count < length {
      switch Int.random(in: 0..<100, using: &generator) {
      case 0:
        let run = alphabet.randomElement(using: &generator) ?? []
        let times = Int.random(in: 250...520, using: &generator)
        for _ in 0..<times { text += run }
      case 1..<5: text.append(UInt8.random(in: 0...255, using: &generator))
      default: text += alphabet.randomElement(using: &generator) ?? []
      }
    }
    return text
  }

  /// The rule of the specification, written as it reads.
  private static func pieces(_ text: [UInt8]) -> [[UInt8]] {
    func kind(_ byte: UInt8) -> Int {
      switch byte {
      case 9...13, 32: 0
      case 0x41...0x5A, 0x61...0x7A, 128...255: 1
      case 0x30...0x39: 2
      default: 3
      }
    }
    var runs: [[UInt8]] = []
    for byte in text {
      if let last = runs.last?.last, kind(last) == kind(byte) {
        runs[runs.count - 1].append(byte)
      } else {
        runs.append([byte])
      }
    }
    for k in runs.indices.dropFirst() where runs[k - 1].last == 32 {
      runs[k - 1].removeLast()
      runs[k].insert(32, at: 0)
    }
    return runs.flatMap { run in
      stride(from: 0, to: run.count, by: 256).map { Array(run[$0..<min($0 + 256, run.count)]) }
    }
  }

  /// One merge after another, the smallest rank first, at its leftmost place.
  private static func encode(_ text: [UInt8], _ merges: [Vocabulary.Merge]) -> [Int32] {
    pieces(text).flatMap { piece in
      var word = piece.map { Int32($0) }
      while let (rank, place) = merges.enumerated().lazy.compactMap({ rank, merge in
        zip(word, word.dropFirst()).enumerated().first { $1 == (merge.first, merge.second) }.map { (rank, $0.0) }
      }).first {
        word.replaceSubrange(place...(place + 1), with: [Int32(256 + rank)])
      }
      return word
    }
  }

  /// All counts anew for each merge.
  private static func train(_ text: [UInt8], minimumCount: Int, size: Int) -> [Vocabulary.Merge] {
    var words = pieces(text).map { $0.map { Int32($0) } }
    var tokens: [[UInt8]] = (0..<256).map { [UInt8($0)] }
    var merges: [Vocabulary.Merge] = []
    while tokens.count < size {
      var counts: [Vocabulary.Merge: Int] = [:]
      for word in words {
        for (first, second) in zip(word, word.dropFirst()) { counts[.init(first, second), default: 0] += 1 }
      }
      counts = counts.filter { merge, count in
        let joined = tokens[Int(merge.first)] + tokens[Int(merge.second)]
        return count >= minimumCount && joined.count <= 256 && !tokens.contains(joined)
      }
      guard
        let best = counts.min(by: {
          ($1.value, $0.key.first, $0.key.second) < ($0.value, $1.key.first, $1.key.second)
        })?.key
      else { break }
      tokens.append(tokens[Int(best.first)] + tokens[Int(best.second)])
      merges.append(best)
      words = words.map { word in
        var result: [Int32] = []
        for token in word {
          // Never the token just made: it is the last one there is.
          if token == best.second, result.last == best.first, token < tokens.count - 1 {
            result[result.count - 1] = Int32(tokens.count - 1)
          } else {
            result.append(token)
          }
        }
        return result
      }
    }
    return merges
  }

  @Test func mergesTheTextbookExample() throws {
    let vocabulary = try Vocabulary(kind: .bpe, text: bytes("aaabdaaabac"))
    #expect(vocabulary.merges == [.init(97, 97), .init(97, 98), .init(256, 257)])
    #expect(Array(vocabulary[258]) == bytes("aaab"))
    #expect(try vocabulary.encode(bytes("aaabdaaabac")).tokens == [258, 100, 258, 97, 99])
    #expect(vocabulary.counts?[258] == 2 && vocabulary.counts?[256] == 0 && vocabulary.counts?.reduce(0, +) == 5)
  }

  @Test func mergesTheFirstPairsOfThePaper() throws {
    // Sennrich, Haddow & Birch 2016, section 3.2: low x5, lower x2, newest x6, widest x3, with the space for the end of a word.
    var text = ""
    for (word, count) in [("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)] {
      for _ in 0..<count { text += word + "\n" }
    }
    let vocabulary = try Vocabulary(kind: .bpe, text: bytes(text), maximumSize: 259)
    // "es" and "st" occur nine times each; here the smaller id decides, there the first one seen.
    #expect((256..<259).map { String(decoding: vocabulary[$0], as: UTF8.self) } == ["es", "est", "lo"])
  }

  @Test(arguments: 0..<60) func encodesLikeThePlainRule(seed: Int) throws {
    let vocabulary = try Vocabulary(kind: .bpe, text: Self.text(seed), maximumSize: 256 + seed)
    #expect(vocabulary.count <= 256 + seed)
    let other = Self.text(seed + 1000)
    #expect(try vocabulary.encode(other).tokens == Self.encode(other, vocabulary.merges))
  }

  @Test(arguments: 0..<40) func learnsLikeThePlainAlgorithm(seed: Int) throws {
    let text = Self.text(seed, length: 600)
    let minimum = 2 + seed % 4
    let vocabulary = try Vocabulary(kind: .bpe, text: text, minimumCount: minimum, maximumSize: 300)
    #expect(vocabulary.merges == Self.train(text, minimumCount: minimum, size: 300))
  }

  @Test(arguments: 0..<100) func losesNoByte(seed: Int) throws {
    var generator = RandomGenerator(seed: UInt64(seed))
    let vocabulary = try Vocabulary(kind: .bpe, text: Self.text(seed))
    let text = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let encoding = try vocabulary.encode(text)
    #expect(vocabulary.decode(encoding.tokens) == text)
    #expect(encoding.unknownCount == 0 && encoding.firstEnd == vocabulary[encoding.tokens[0]].count)
    #expect(try vocabulary.encode([]).tokens == [])
  }

  @Test(arguments: 0..<20) func countsAreThoseOfEncoding(seed: Int) throws {
    let text = Self.text(seed)
    let vocabulary = try Vocabulary(kind: .bpe, text: text, maximumSize: 280)
    var counts = [UInt64](repeating: 0, count: vocabulary.count)
    for token in try vocabulary.encode(text).tokens { counts[Int(token)] += 1 }
    #expect(vocabulary.counts == counts)
  }

  @Test func readsWhatItWrites() throws {
    let vocabulary = try Vocabulary(kind: .bpe, text: bytes("the cat sat on the mat; the cat sat on the hat"))
    #expect(vocabulary.merges.count > 5)
    #expect(try Vocabulary(merges: vocabulary.merges, counts: vocabulary.counts) == vocabulary)
    #expect(
      try Vocabulary(
        kind: .bpe, bytes: vocabulary.bytes, offsets: vocabulary.offsets, counts: vocabulary.counts,
        merges: vocabulary.merges) == vocabulary)
    #expect(try Vocabulary(merges: []).count == 256)
  }

  @Test func refusesImpossibleMerges() throws {
    #expect(throws: VocabularyError.merge(0)) { try Vocabulary(merges: [.init(256, 97)]) }
    #expect(throws: VocabularyError.merge(0)) { try Vocabulary(merges: [.init(97, -1)]) }
    #expect(throws: VocabularyError.duplicate(256, 257)) {
      try Vocabulary(merges: [.init(97, 97), .init(97, 97)])
    }
    // Doubling reaches 512 bytes with the ninth merge.
    let doubling = [Vocabulary.Merge(97, 97)] + (256..<264).map { Vocabulary.Merge($0, $0) }
    #expect(throws: VocabularyError.merge(8)) { try Vocabulary(merges: doubling) }
    #expect(try Vocabulary(merges: doubling.dropLast()).count == 264)
  }

  @Test func refusesTokensThatAreNotTheMerges() throws {
    let good = try Vocabulary(merges: [.init(97, 98)])
    func refusal(
      _ bytes: [UInt8], kind: Vocabulary.Kind = .bpe, unknown: Int32? = nil, merges: [Vocabulary.Merge]?
    ) -> VocabularyError? {
      do throws(VocabularyError) {
        _ = try Vocabulary(kind: kind, bytes: bytes, offsets: good.offsets, unknown: unknown, merges: merges)
        return nil
      } catch {
        return error
      }
    }
    let merges = good.merges
    #expect(refusal(good.bytes, merges: merges) == nil)
    #expect(refusal(good.bytes, merges: nil) == .merges(.bpe))
    #expect(refusal(good.bytes, kind: .words, merges: []) == .merges(.words))
    #expect(refusal(good.bytes, merges: []) == .mergeCount(expected: 1, found: 0))
    #expect(refusal(good.bytes, merges: [.init(98, 97)]) == .merge(0))
    #expect(refusal(good.bytes, merges: [.init(97, 256)]) == .merge(0))
    #expect(refusal(good.bytes, unknown: 3, merges: merges) == .special(3, count: 257))
    #expect(refusal([1, 0] + good.bytes.dropFirst(2), merges: merges) == .notASymbol(0, .bpe))
    #expect(throws: VocabularyError.mergeCount(expected: 0, found: 0)) {
      try Vocabulary(kind: .bpe, tokens: [[0]], merges: [])
    }
  }

  @Test func learnsTheSameFromParts() throws {
    let text = Self.text(7, length: 5000)
    var builder = Vocabulary.Builder(kind: .bpe)
    for start in stride(from: 0, to: text.count, by: 7) {
      try builder.add(Array(text[start..<min(start + 7, text.count)]))
    }
    #expect(try builder.finish(maximumSize: 400) == Vocabulary(kind: .bpe, text: text, maximumSize: 400))
  }
}
