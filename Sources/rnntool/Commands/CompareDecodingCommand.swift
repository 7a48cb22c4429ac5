import ArgumentParser
import Foundation
import Kernels
import RNNEvaluation
import RNNFormat
import RNNGeneration
import RNNModel

/// `rnntool compare-decoding`
struct CompareDecodingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare-decoding", abstract: "Compare strategies of decoding with text by people.",
    discussion: """
      Takes passages from a text that the model has not learnt, lets each strategy go on from their beginnings, and measures what it writes beside what people wrote: table 1 of Holtzman et al. (2020) for this model. A strategy is a list of the flags of
      'rnntool sample', without the hyphens: 'top-k 40, temperature 0.7'; 'beams 16'; 'greedy'; 'pure' for none. docs/SAMPLING.md defines the columns.

      Examples:
        rnntool compare-decoding book.h5 held-out.txt
        rnntool compare-decoding book.h5 held-out.txt --passages 1000 --plot decoding.svg --json > decoding.json
        rnntool compare-decoding book.h5 held-out.txt --strategy 'top-p 0.9' --strategy 'min-p 0.1, temperature 1.5'
      """)

  @Argument(help: "The model file.")
  var model: String

  @Argument(help: "A text that the model has not learnt; '-' for standard input.")
  var text: String

  @Option(
    parsing: .singleValue,
    help: "A strategy; may be given several times. Default: those of Holtzman et al., and newer ones.")
  var strategy: [String] = []

  @Option(help: "How many passages.")
  var passages = 200

  @Option(help: "How many tokens of each passage are given.")
  var context = 100

  @Option(help: "How many tokens are written.")
  var length = 200

  @Option(help: "The seed of chance.")
  var seed: UInt64 = 1

  @Option(help: "Texts that are written side by side; it changes the speed, not the texts.")
  var batch = 32

  @Option(help: "A file for a plot (SVG) of p of each token of one passage, by people and by each strategy.")
  var plot: String?

  @Option(help: "The passage that is plotted.")
  var plotPassage = 1

  @Flag(help: "Replace the plot if it exists.")
  var force = false

  @Option(help: "Threads to compute with. Default: as many as there are processors.")
  var threads: Int?

  @OptionGroup(title: "Trust") var trust: TrustOptions
  @OptionGroup(title: "Output") var speech: OutputOptions

  /// Those of table 1, and what came later.
  static let customary = [
    "greedy", "beams 16", "beams 16, stochastic-beams", "pure", "temperature 0.9", "top-k 40", "top-k 640",
    "top-k 40, temperature 0.7", "top-p 0.95", "typical-p 0.95", "min-p 0.05", "eta-cutoff 0.002", "top-n-sigma 1",
    "mirostat 2, mirostat-ent 3", "penalty-alpha 0.6, top-k 4",
  ]

  private var strategies: [String] { strategy.isEmpty ? Self.customary : strategy }

  func validate() throws {
    for (flag, value, most) in [
      ("--passages", passages, 1_000_000), ("--length", length, 100_000), ("--batch", batch, SearchOptions.mostBeams),
      ("--plot-passage", plotPassage, passages),
    ] where !(1...most).contains(value) {
      throw ValidationError("\(flag) has to be between 1 and \(Format.count(most)).")
    }
    if !(1...100_000).contains(context) { throw ValidationError("--context has to be between 1 and 100,000.") }
    if seed >= 1 << 53 { throw ValidationError("--seed has to be below 2^53.") }
    if let threads, !(1...ThreadTeam.mostThreads).contains(threads) {
      throw ValidationError("--threads has to be between 1 and \(ThreadTeam.mostThreads).")
    }
    for strategy in strategies { _ = try MethodArguments(strategy) }
  }

  func run() throws {
    if let threads { ThreadTeam.threadCount = threads }
    if let plot {
      try Input.check(plot, isNoneOf: [model, text])
      try Input.check(plot, mayReplace: force)
    }
    let file = try Input.model(model, through: trust.quarantine)
    let loaded = try file.loadLanguageModel()
    guard let vocabulary = loaded.vocabulary else { throw EvaluationError.noVocabulary }
    let bytes = try Input.text(text)
    let (contexts, human) = try cut(try vocabulary.encode(bytes, unknown: .skip).tokens)
    let window = max(1, 256 / batch)
    try Memory.check(file.document.architecture, batch: max(batch, 16), steps: window)
    let scorer = try loaded.languageModel(streams: batch, longestWindow: window)
    var rows = [["strategy"] + MetricsReport.columns]
    var results: [JSONValue] = []
    var lines: [ProbabilityPlot.Line] = []
    var humanLine: [Double] = []
    for (number, name) in (["text by people"] + strategies).enumerated() {
      let clock = ContinuousClock()
      let start = clock.now
      func seconds() -> Double { (clock.now - start) / .seconds(1) }
      var texts = human
      if number > 0 {
        var bar = ProgressBar(isQuiet: speech.quiet)
        let method = try MethodArguments(name).method(for: vocabulary)
        texts = try method.texts(length, after: contexts, from: loaded, seed: seed, batch: batch) {
          bar.update($0, seconds: seconds(), [.init("\(name) (\(number) of \(strategies.count))")])
        }
        bar.clear()
      }
      let spent = seconds()
      let scores = try TextScores.logProbabilities(of: texts, after: contexts, scorer)
      let metrics = GenerationMetrics(texts, logProbabilities: scores, vocabularySize: vocabulary.count)
      rows.append([name.printable] + MetricsReport.row(metrics))
      var object = MetricsReport.json(metrics)
      object["strategy"] = .string(name)
      object["seconds"] = .number(spent)
      object["example"] = .string(String(decoding: vocabulary.decode(texts[plotPassage - 1]), as: UTF8.self))
      results.append(.object(object))
      let line = scores[plotPassage - 1].map { Double.exp($0) }
      if number == 0 { humanLine = line } else { lines.append(.init(name: name, probabilities: line)) }
    }
    if let plot {
      let title = "Probability of each token under the model, passage \(plotPassage), \(length) tokens after \(context)"
      let svg = ProbabilityPlot(title: title, human: humanLine, lines: lines).svg
      try AtomicFile.write(Array(svg.utf8), to: plot)
    }
    if speech.json {
      try Terminal.print(
        .object([
          "model_id": .string(file.header.modelID), "text": .string(text), "corpus_sha256": .string(Hash.sha256(bytes)),
          "passages": .integer(passages), "context": .integer(context), "length": .integer(length),
          "seed": .integer(seed), "strategies": .array(results),
        ]))
    } else {
      try Terminal.print(Format.table(rows, right: Set(1...MetricsReport.columns.count)))
    }
  }

  /// Passages at even distances.
  private func cut(_ tokens: [Int32]) throws -> (contexts: [[Int32]], continuations: [[Int32]]) {
    let whole = context + length
    let room = tokens.count - whole
    guard room >= passages - 1 else {
      throw Failure(
        "'\(text)' has \(Format.count(tokens.count, "token")), too few for \(Format.count(passages, "passage")) of \(Format.count(whole))",
        code: Failure.refused)
    }
    let starts = (0..<passages).map { passages == 1 ? 0 : $0 * room / (passages - 1) }
    return (
      starts.map { Array(tokens[$0..<($0 + context)]) }, starts.map { Array(tokens[($0 + context)..<($0 + whole)]) }
    )
  }
}
