import RNNModel
import Testing

@testable import NGram

@Suite("ARPA files")
struct ARPATests {
  static func words(_ count: Int) -> [[UInt8]] { (0..<count).map { Array("w\($0)".utf8) } }

  static func written(_ model: NGramModel, unknown: Int32? = nil) throws -> [UInt8] {
    var writer = try ARPAWriter(model, words: words(model.vocabularySize), unknown: unknown)
    var bytes: [UInt8] = []
    writer.write { bytes += $0 }
    return bytes
  }

  /// The same n-grams, and numbers as near as rounding lets them be.
  static func expectSame(_ found: NGramForm, _ expected: NGramForm) {
    #expect(found.vocabularySize == expected.vocabularySize)
    #expect(found.sentenceEnd == expected.sentenceEnd)
    #expect(found.levels.map(\.tokens) == expected.levels.map(\.tokens))
    #expect(found.levels.map(\.childOffsets) == expected.levels.map(\.childOffsets))
    for (found, expected) in zip(found.levels, expected.levels) {
      #expect(zip(found.logProbabilities, expected.logProbabilities).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(zip(found.backoffs, expected.backoffs).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  @Test("What is written is read, compressed or not", arguments: 0..<20)
  func roundTrip(seed: Int) throws {
    let scratch = try Scratch()
    let text = DrawnText(seed: UInt64(seed), hasSentences: seed % 2 == 0)
    let method = SmoothingTests.methods[seed % SmoothingTests.methods.count]
    let model = try text.counts(order: 1 + seed % 5).model(method)
    let bytes = try Self.written(model, unknown: 0)
    let paths = try [scratch.file(bytes), scratch.file(gzip(bytes))]
    for path in paths {
      let read = try ARPAReader.read(path)
      Self.expectSame(read.model.form, model.form)
      #expect(read.unknown == 0)
      #expect(read.ignoredCount == 0)
      var words = Self.words(text.size)
      words[0] = Array("<unk>".utf8)
      if text.sentenceEnd != nil { words[1] = Array("</s>".utf8) }
      #expect(read.words == words)
      #expect(try read.vocabulary().lineEnd == text.sentenceEnd)
      let tokens = text.tokens
      let (found, expected) = (read.model.logProbabilities(of: tokens), model.logProbabilities(of: tokens))
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  static let sound = """
    a comment

    \\data\\
    ngram 1 = 4
    ngram 2=3
    ngram 3=2

    \\1-grams:
    -1.0 </s>
    -99\t<s> -0.5
    -0.5\ta\t-0.25
    -7e-1 \\b -.125

    \\2-grams:
    -0.3 a \\b\t1e-1
    -0.2 <s> a -0.75
    -0.1 \\b a

    \\3-grams:
    -0.05 <s> a \\b
    -0.5 a \\b a

    \\end\\
    """

  @Test("N-grams may come in any order, fields be separated by blanks or tabs, and lines end as in Windows")
  func unsorted() throws {
    let scratch = try Scratch()
    for text in [Self.sound, Self.sound.replacing("\n", with: "\r\n"), Self.sound + "\n\nmore"] {
      let read = try ARPAReader.read(scratch.file(text))
      #expect(read.words == ["</s>", "a", "\\b"].map { Array($0.utf8) })
      #expect(read.unknown == nil)
      let tokens = try read.vocabulary().encode(Array("a \\b a\n".utf8)).tokens
      let found = read.model.logProbabilities(of: tokens)
      let expected: [Float] = [-0.2, -0.05, -0.5, -0.25 - 1]
      for (found, expected) in zip(found, expected) { #expect(abs(found / 2.302585 - expected) < 1e-6) }
      #expect(read.model.form.levels[1].tokens == [2, 1, 1])
    }
  }

  @Test("What no text can reach is left out")
  func unreachable() throws {
    let scratch = try Scratch()
    let text = Self.sound.replacing("ngram 2=3", with: "ngram 2=5").replacing("ngram 3=2", with: "ngram 3=3")
      .replacing("\\2-grams:\n", with: "\\2-grams:\n-1 </s> <s> -0.5\n-1 a <s>\n")
      .replacing("\\3-grams:\n", with: "\\3-grams:\n-1 </s> <s> a\n")
    let read = try ARPAReader.read(scratch.file(text))
    #expect(read.ignoredCount == 3)
    Self.expectSame(read.model.form, try ARPAReader.read(scratch.file(Self.sound)).model.form)
  }

  /// What is replaced, by what, and the line and a part of the error.
  static let damages: [(String, String, Int, String)] = [
    ("\\data\\", "\\date\\", 23, "no ARPA file"),
    ("ngram 1 = 4", "ngram 1 = x", 4, "expected 'ngram 1='"),
    ("ngram 1 = 4\n", "", 4, "expected 'ngram 1='"),
    ("ngram 1 = 4", "ngram 1 = -4", 4, "expected 'ngram 1='"),
    ("ngram 1 = 4", "ngram 1 = 99999999999999999999", 4, "expected 'ngram 1='"),
    ("ngram 3=2", "ngram 4=2", 6, "expected 'ngram 3='"),
    ("ngram 3=2", "ngram 3=2=3", 6, "expected 'ngram 3='"),
    ("ngram 3=2", (3...11).map { "ngram \($0)=2\n" }.joined(), 14, "order from 1 to 10"),
    ("ngram 1 = 4", "ngram 1 = 5", 14, "there are 4, but the file announces 5"),
    ("ngram 1 = 4", "ngram 1 = 9223372036854775807", 14, "announces 9223372036854775807"),
    ("ngram 1 = 4", "ngram 1 = 3", 12, "more 1-grams than the 3"),
    ("ngram 2=3", "ngram 2=2", 17, "more 2-grams than the 2"),
    ("ngram 3=2", "ngram 3=0", 20, "more 3-grams than the 0"),
    ("\n\\2-grams:", "\n\\3-grams:", 14, "expected \\2-grams:"),
    ("-0.5\ta\t-0.25", "-0.5\t<s>", 11, "'<s>' occurs twice"),
    ("-0.5\ta\t-0.25", "nan\ta\t-0.25", 11, "'nan' is not a finite number"),
    ("-0.5\ta\t-0.25", "-inf\ta\t-0.25", 11, "'-inf' is not a finite number"),
    ("-0.5\ta\t-0.25", "0x1p-3\ta\t-0.25", 11, "'0x1p-3' is not a finite number"),
    ("-0.5\ta\t-0.25", "\ta\t-0.25", 11, "'a' is not a finite number"),
    ("-0.5\ta\t-0.25", "0.5\ta\t-0.25", 11, "is positive"),
    ("-0.5\ta\t-0.25", "-0.5\ta\tNaN", 11, "the backoff 'NaN'"),
    ("-0.5\ta\t-0.25", "-0.5\ta\t1e999", 11, "the backoff '1e999'"),
    ("-0.5\ta\t-0.25", "-0.5\ta\t-0.25 1", 11, "are 4 fields"),
    ("-0.5\ta\t-0.25", "-0.5", 11, "is 1 field"),
    ("-99\t<s> -0.5", "-99\tc -0.5", 14, "</s> but no <s>"),
    ("-1.0 </s>", "-1.0 c", 14, "<s> but no </s>"),
    ("-0.3 a \\b", "-0.3 a c", 15, "'c' is not among the 1-grams"),
    ("-0.1 \\b a", "-0.1 a \\b", 17, "the 2-gram occurs twice"),
    ("-0.5 a \\b a", "-0.5 <s> a \\b", 21, "the 3-gram occurs twice"),
    ("-0.5 a \\b a", "-0.5 a a a", 21, "the context 'a a' is not among the 2-grams"),
    ("\\end\\", "\\End\\", 23, "expected \\end\\"),
    ("\\end\\", "", 22, "ends before \\end\\"),
    ("a comment", String(repeating: "c", count: 70_000), 1, "longer than"),
  ]

  @Test("Broken files are refused with the number of the line", arguments: damages.indices)
  func refusals(index: Int) throws {
    let (part, replacement, line, reason) = Self.damages[index]
    let scratch = try Scratch()
    let path = try scratch.file(Self.sound.replacing(part, with: replacement, maxReplacements: 1))
    do {
      _ = try ARPAReader.read(path)
      Issue.record("read with '\(replacement)' for '\(part)'")
    } catch NGramError.arpa(_, let foundLine, let foundReason) {
      #expect(foundLine == line, "\(foundReason)")
      #expect(foundReason.contains(reason), "\(foundReason)")
    }
  }

  @Test("A file that is cut anywhere is refused")
  func truncated() throws {
    let scratch = try Scratch()
    let bytes = Array(Self.sound.utf8)
    for length in 0..<bytes.count {
      #expect(throws: (any Error).self, "\(length) bytes") { try ARPAReader.read(scratch.file(bytes.prefix(length))) }
    }
    let compressed = try gzip(bytes)
    for length in 0..<compressed.count {
      #expect(throws: (any Error).self, "\(length) bytes") {
        try ARPAReader.read(scratch.file(compressed.prefix(length)))
      }
    }
  }

  @Test("A file with one byte changed is read or refused, and does not end the program")
  func flipped() throws {
    let scratch = try Scratch()
    let bytes = Array(Self.sound.utf8)
    for index in bytes.indices {
      for mask in [1, 2, 16, 128] as [UInt8] {
        var damaged = bytes
        damaged[index] ^= mask
        _ = try? ARPAReader.read(scratch.file(damaged))
      }
    }
  }

  @Test("What ARPA files cannot hold is not written")
  func notWritten() throws {
    let counts = try NGramCounts([0, 1, 2, 0], order: 2, vocabularySize: 3, sentenceEnd: 2)
    let model = try counts.model(.kneserNey())
    for words in [
      ["a", "b"], ["a", "a", "c"], ["a b", "b", "c"], ["", "b", "c"], ["<s>", "b", "c"], ["</s>", "b", "c"],
      ["a\n", "b", "c"],
    ] {
      #expect(throws: NGramError.self, "\(words)") { try ARPAWriter(model, words: words.map { Array($0.utf8) }) }
    }
    let stupid = try counts.model(.stupidBackoff(factor: 0.4))
    #expect(throws: NGramError.self) { try ARPAWriter(stupid, words: Self.words(3)) }
  }

  @Test("Tokens with white space become words and come back")
  func escapes() {
    for token in [[0x20], [0x0A, 0x5C], [0x5C, 0x78, 0x32, 0x30], [0xC3, 0xA9], [0], [0x7F, 0x41]] as [[UInt8]] {
      let word = ARPAEscapes.escape(token)
      #expect(!word.contains { $0 <= 0x20 })
      #expect(ARPAEscapes.unescape(word) == token)
    }
    #expect(ARPAEscapes.unescape(Array("\\x2".utf8)) == Array("\\x2".utf8))
  }

  @Test(
    "Numbers are what their digits say",
    arguments: [
      "-1.5", "+2", "0", ".5", "-3.", "-99", "1e-3", "123456789012345678901234567890", "-0.1234567890123456789",
    ])
  func numbers(text: String) {
    let expected = Double(text.hasSuffix(".") ? text + "0" : text)
    #expect(ARPANumber.parse(Array(text.utf8)[...]) == expected)
  }

  @Test("What is no number is none", arguments: ["", "-", "+", ".", "1.2.3", "--1", "1-", "0x10", "1e", "a"])
  func noNumbers(text: String) { #expect(ARPANumber.parse(Array(text.utf8)[...]) == nil) }
}
