import ArgumentParser
import Foundation
import Kernels
import RNNEvaluation
import RNNFormat
import RNNModel
import RNNText

/// `rnntool label`
struct LabelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "label", abstract: "Label text: each word with a tagger, each line with a classifier.",
    discussion: """
      Each line of the text is a sequence of its own. A tagger takes the line's words, and writes one on each line, a tab and its label, with an empty
      line after each sequence; a classifier writes the label, a tab and the line: what 'rnntool train' and 'rnntool evaluate' read. Empty lines are left
      out.

      Examples:
        rnntool label tagger.h5 sentences.txt
        echo 'what a film' | rnntool label classifier.h5 -
        rnntool label classifier.h5 reviews.txt --json
      """)

  @Argument(help: "The model file: a tagger or a classifier.")
  var model: String

  @Argument(help: "The text, plain or compressed by gzip; '-' for standard input.")
  var text: String

  @Option(help: "Threads to compute with. Default: as many as there are processors.")
  var threads: Int?

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: OutputOptions

  func validate() throws {
    if let threads, !(1...ThreadTeam.mostThreads).contains(threads) {
      throw ValidationError("--threads has to be between 1 and \(ThreadTeam.mostThreads).")
    }
  }

  func run() throws {
    if let threads { ThreadTeam.threadCount = threads }
    let file = try Input.model(model, through: trust.quarantine)
    let loaded = try file.loadModel()
    guard let vocabulary = loaded.vocabulary else { throw EvaluationError.noVocabulary }
    let labeller = try Labeller(loaded)
    let sequences = Self.sequences(of: try Input.texts([text]), labeller.form)
    let encoded = try EncodedSequences(
      sequences, labeller.form, vocabulary: vocabulary, labels: labeller.labels, path: text)
    let longest = encoded.inputs.reduce(1) { max($0, $1.count) }
    try Memory.check(loaded.architecture, batch: Labeller.usualBatch, steps: longest)
    let answers = try labeller.answers(to: encoded).answers
    for (sequence, answers) in zip(sequences, answers) {
      if speech.json {
        try Terminal.print(Self.json(sequence, answers, labeller.labels).canonical)
      } else {
        try Terminal.show(Self.lines(sequence, answers, labeller.labels, labeller.form))
      }
    }
  }

  /// The lines that hold something; of a tagger, their words.
  private static func sequences(of bytes: [UInt8], _ form: LabelledForm) -> [LabelledSequence] {
    var sequences: [LabelledSequence] = []
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let words = line.split { $0 == 0x20 || (9...13).contains($0) }.map { Array($0) }
      guard !words.isEmpty else { continue }
      let parts = form == .tokens ? words : [Array(line.last == 0x0D ? line.dropLast() : line)]
      // What they should get is not known.
      sequences.append(LabelledSequence(parts: parts, labels: parts.map { _ in [] }, line: index + 1))
    }
    return sequences
  }

  private static func lines(
    _ sequence: LabelledSequence, _ answers: [Labeller.Answer], _ labels: Labels, _ form: LabelledForm
  ) -> [UInt8] {
    var lines: [UInt8] = []
    for (part, answer) in zip(sequence.parts, answers) {
      let label = labels.names[Int(answer.label)]
      lines += form == .tokens ? part + [0x09] + label : label + [0x09] + part
      lines.append(0x0A)
    }
    return form == .tokens ? lines + [0x0A] : lines
  }

  private static func json(
    _ sequence: LabelledSequence, _ answers: [Labeller.Answer], _ labels: Labels
  ) -> JSONValue {
    .object([
      "line": .integer(sequence.line),
      "labels": .array(
        zip(sequence.parts, answers).map { part, answer in
          .object([
            "text": .string(String(decoding: part, as: UTF8.self)),
            "label": .string(String(decoding: labels.names[Int(answer.label)], as: UTF8.self)),
            "probability": .number(exp(answer.logProbability)),
          ])
        }),
    ])
  }
}
