import ArgumentParser
import RNNFormat
import RNNGeneration
import RNNModel

/// What the text has to be like, and where it ends.
struct ConstraintOptions: ParsableArguments {
  @Option(help: "A regular expression that the text has to match.")
  var regex: String?

  @Option(help: "A file of words, one a line: no others may be written.")
  var wordList: String?

  @Option(parsing: .singleValue, help: "End before this text; may be given several times.")
  var stop: [String] = []

  @Flag(help: "End before the end of the line.")
  var untilLineEnd = false

  func validate() throws {
    if regex != nil && wordList != nil {
      throw ValidationError("--regex and --word-list contradict each other: give one of them.")
    }
    if stop.contains("") { throw ValidationError("--stop needs a text.") }
  }

  func pattern(for vocabulary: Vocabulary) throws -> TextPattern? {
    if let regex { return try TextPattern(matching: regex, for: vocabulary) }
    guard let wordList else { return nil }
    let words = try Input.text(wordList).split { $0 == 0x0A || $0 == 0x0D }.map { Array($0) }
    return try TextPattern(words: words, for: vocabulary)
  }

  var end: TextEnd { TextEnd(before: stop.map { Array($0.utf8) } + (untilLineEnd ? [[0x0A]] : [])) }
}
