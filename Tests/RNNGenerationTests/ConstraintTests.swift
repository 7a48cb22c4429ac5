import RNNModel
import Testing

@testable import RNNGeneration

@Suite struct ConstraintTests {
  private func matches(_ automaton: Automaton, _ text: String) -> Bool {
    automaton.accepts(text.utf8.reduce(automaton.start) { automaton.advance($0, by: $1) })
  }

  private static let patterns: [(pattern: String, yes: [String], no: [String])] = [
    ("abc", ["abc"], ["", "ab", "abcd"]), ("a|bc|", ["a", "bc", ""], ["b", "ab"]),
    ("(ab)*", ["", "ab", "abab"], ["a", "aba"]), ("a+b?", ["a", "aaab"], ["", "b", "abb"]),
    ("a{2,3}", ["aa", "aaa"], ["a", "aaaa"]), ("a{2}", ["aa"], ["a", "aaa"]), ("a{2,}", ["aa", "aaaaa"], ["a"]),
    ("[a-cx]+", ["abcx"], ["d", ""]), ("[^a-c]", ["d", "é", "😀"], ["a", "dd"]), ("[]a]", ["]", "a"], ["b"]),
    ("[a-]", ["a", "-"], ["b"]), (".*", ["", "xé😀"], ["a\nb"]), ("\\d+\\.\\d{2}", ["12.50"], ["12.5", "12,50"]),
    ("[α-ω]+", ["λόγος".filter { $0 != "ό" }], ["logos"]), ("\\w\\s\\S", ["a b"], ["a  ", "-a"]),
    ("^a$", ["a"], ["^a$"]), ("\\^\\$", ["^$"], ["a"]), ("\\x41\\u{1F600}", ["A😀"], ["A"]),
    ("(?:a|b(c|d))+", ["abcbd"], ["b"]), ("[\\d-]", ["5", "-"], ["e"]), ("(a*)*b", ["b", "aaab"], ["a"]),
    ("[\u{80}-\u{10FFFF}]", ["\u{80}", "ÿ", "\u{7FF}", "\u{800}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}"], ["\u{7F}"]),
  ]

  @Test(arguments: patterns.indices) func knowsWhatMatches(index: Int) throws {
    let (pattern, yes, no) = Self.patterns[index]
    let automaton = try Automaton(pattern: pattern)
    for text in yes { #expect(matches(automaton, text), "\(pattern) on \(text)") }
    for text in no { #expect(!matches(automaton, text), "\(pattern) on \(text)") }
  }

  @Test(arguments: [
    "(", ")", "a)", "[", "[a", "a{", "a{2", "a{3,2}", "*", "a|*", "\\", "\\q", "\\u{}", "\\u{110000}", "\\xZ", "(?=a)",
    "a^b",
    "a{1001}", "[\\d-f]", "[b-a]", "\\1",
  ]) func refusesWhatItDoesNotUnderstand(pattern: String) {
    #expect(throws: PatternError.self) { try Automaton(pattern: pattern) }
  }

  @Test func hostilePatternsAreRefused() {
    for pattern in [
      String(repeating: "(", count: 100_000), "a" + String(repeating: "*", count: 100_000), "((a{1000}){1000}){1000}",
      "(((){1000}){1000}){1000}", String(repeating: "[^a]", count: 100_000),
    ] { #expect(throws: PatternError.self) { try Automaton(pattern: pattern) } }
  }

  @Test func everyRangeOfScalarsIsWrittenWhole() {
    // Ends at all places where UTF-8 changes.
    let ends: [UInt32] = [0, 0x41, 0x7F, 0x80, 0xBF, 0x7FF, 0x800, 0xFFF, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF]
    for low in ends {
      for high in ends where low <= high {
        let sequences = ScalarRanges([low...high]).byteSequences
        for value in Set(ends.flatMap { [$0 &- 1, $0, $0 + 1] }) {
          guard let scalar = Unicode.Scalar(value) else { continue }
          let bytes = Array(String(Character(scalar)).utf8)
          let isIn = sequences.contains { $0.count == bytes.count && zip($0, bytes).allSatisfy { $0.contains($1) } }
          #expect(isIn == (low...high).contains(value), "\(value) in \(low)...\(high)")
        }
      }
    }
  }

  private func text(_ pattern: TextPattern, _ vocabulary: Vocabulary, seed: UInt64) throws -> String {
    let values = [Float](repeating: -1, count: vocabulary.count)
    var (tokens, sampler): ([Int32], Sampler) = ([], Sampler(strategies: [PatternConstraint(pattern)], seed: seed))
    try sampler.sample(40, after: [0], from: ConstantModel(values)) {
      tokens.append($0.token)
      return true
    }
    return String(decoding: vocabulary.decode(tokens), as: UTF8.self)
  }

  @Test func whatIsDrawnMatches() throws {
    let characters = try Vocabulary(kind: .characters, text: Array("abc 0123456789-é\n".utf8))
    let pattern = try TextPattern(matching: "[0-9]{4}-[01][0-9] (é|ab)c?", for: characters)
    for seed in 0..<30 {
      let text = try text(pattern, characters, seed: UInt64(seed))
      #expect(text.wholeMatch(of: /[0-9]{4}-[01][0-9] (é|ab)c?/) != nil, "\(text)")
    }
  }

  @Test func wordsAreJoinedAsTheDecoderDoes() throws {
    let words = try Vocabulary(kind: .words, normalisation: .whitespace, text: Array("one two three , . four\n".utf8))
    let pattern = try TextPattern(words: ["one", "four", "fou"].map { Array($0.utf8) }, for: words)
    for seed in 0..<10 {
      let text = try text(pattern, words, seed: UInt64(seed))
      #expect(text.allSatisfy { "onefur ,.\n".contains($0) } && !text.contains("two"))
      #expect(text.split { " ,.\n".contains($0) }.allSatisfy { $0 == "one" || $0 == "four" })
    }
    #expect(throws: PatternError.noWords) { try TextPattern(words: [[]], for: words) }
  }
}
