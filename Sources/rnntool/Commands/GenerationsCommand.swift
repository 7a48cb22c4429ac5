import ArgumentParser
import Kernels
import RNNEvaluation
import RNNFormat
import RNNModel

/// `rnntool generations`
struct GenerationsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generations",
    abstract: "Measure texts that were written: perplexity, self-BLEU, Zipf, repetition, distinct n-grams.",
    discussion: """
      The texts come from files: what 'rnntool sample --json' prints, JSON (a list, or a document on each line) with 'text' or 'tokens', or plain text with one text on each line. Perplexity is that of the model, given the prompt where the file has one.
      docs/SAMPLING.md defines each number; 'repetition' is given by the definition of Holtzman et al.'s paper and by that of their program.

      Examples:
        rnntool sample book.h5 --prompt 'And ' --count 200 --length 200 --json > texts.json
        rnntool generations book.h5 texts.json
        rnntool generations book.h5 human.txt greedy.json --json
      """)

  @Argument(help: "The model file.")
  var model: String

  @Argument(help: "Files of texts; '-' for standard input.")
  var files: [String]

  @Option(help: "Texts that are scored side by side.")
  var batch = 32

  @Option(help: "Threads to compute with. Default: as many as there are processors.")
  var threads: Int?

  @OptionGroup(title: "Trust") var trust: TrustOptions
  @OptionGroup(title: "Output") var speech: OutputOptions

  func validate() throws {
    if files.isEmpty { throw ValidationError("name at least one file of texts.") }
    if !(1...SearchOptions.mostBeams).contains(batch) {
      throw ValidationError("--batch has to be between 1 and \(Format.count(SearchOptions.mostBeams)).")
    }
    if let threads, !(1...ThreadTeam.mostThreads).contains(threads) {
      throw ValidationError("--threads has to be between 1 and \(ThreadTeam.mostThreads).")
    }
  }

  func run() throws {
    if let threads { ThreadTeam.threadCount = threads }
    let file = try Input.model(model, through: trust.quarantine)
    let loaded = try file.loadLanguageModel()
    guard let vocabulary = loaded.vocabulary else { throw EvaluationError.noVocabulary }
    let window = max(1, 256 / batch)
    try Memory.check(file.document.architecture, batch: batch, steps: window)
    let network = try loaded.languageModel(streams: batch, longestWindow: window)
    var rows = [["texts"] + MetricsReport.columns]
    var results: [JSONValue] = []
    for path in files {
      let texts = try GenerationFile(path, vocabulary)
      var bar = ProgressBar(isQuiet: speech.quiet)
      let clock = ContinuousClock()
      let start = clock.now
      let scores = try TextScores.logProbabilities(of: texts.texts, after: texts.contexts, network) {
        bar.update($0, seconds: (clock.now - start) / .seconds(1), [.init("scoring")])
      }
      bar.clear()
      let metrics = GenerationMetrics(texts.texts, logProbabilities: scores, vocabularySize: vocabulary.count)
      rows.append([path.printable] + MetricsReport.row(metrics))
      results.append(
        .object(
          MetricsReport.json(metrics).merging(["file": .string(path), "model_id": .string(file.header.modelID)]) { $1 })
      )
    }
    if speech.json {
      try Terminal.print(.array(results))
    } else {
      try Terminal.print(Format.table(rows, right: Set(1...MetricsReport.columns.count)))
    }
  }
}
