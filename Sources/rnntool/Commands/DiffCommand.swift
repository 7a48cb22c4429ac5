import ArgumentParser
import RNNConversion
import RNNEvaluation
import RNNFormat
import RNNInspection
import RNNModel

/// `rnntool diff`
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Say in what two models differ, of any formats that 'convert' reads.",
    discussion: """
      Compares the architectures layer by layer and key by key, the vocabularies, metadata, lineage, history, and the parameters by name. Tensors whose hashes in both files \
      are the same are not read. Where the numbers differ, three figures say how much: the largest difference, the root of the mean squared difference (rms), and \
      the norm of the difference relative to that of the first tensor.

      With --text both models read a text as one stream, and their predictions are compared: the largest and the mean difference of all tokens' log-probabilities, the \
      Kullback-Leibler divergences in both directions, the share of predictions with the same most likely token, and the losses.

      Layers are matched by name, and those without a partner by kind, in their order: so a model can be compared with what another framework has made of it. \
      What a format has no place for is not compared.

      Exit codes: 0 the same; 1 different, or a file is refused; 2 a file could not be read.

      Examples:
        rnntool diff monday.h5 tuesday.h5
        rnntool diff book.h5 half.h5 --text held-out.txt
        rnntool diff book.h5 book.onnx --model-only --tolerance 1e-6
        rnntool diff a.h5 b.h5 --model-only --quiet && echo the same
      """)

  @Argument(help: "A model file.")
  var first: String

  @Argument(help: "Another one.")
  var second: String

  @Option(help: "A text on which the predictions are compared, plain or compressed by gzip; '-' for standard input.")
  var text: String?

  @Option(help: "Numbers that differ by at most so much count as the same, parameters and log-probabilities.")
  var tolerance = 0.0

  @Flag(help: "Compare only what the models compute: not the names of layers, counts, metadata, lineage, history.")
  var modelOnly = false

  @OptionGroup(title: "Other frameworks") var foreign: ImportOptions

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: OutputOptions

  func validate() throws {
    try require(tolerance >= 0 && tolerance.isFinite, "--tolerance has to be a number that is not negative.")
  }

  func run() throws {
    let (left, right) = (
      try Input.anyModel(first, foreign, through: trust), try Input.anyModel(second, foreign, through: trust)
    )
    if left.isWhole, right.isWhole, !foreign.isEmpty { throw ImportOptions.notNeeded(for: first) }
    var bar = ProgressBar(isQuiet: speech.quiet)
    let clock = ContinuousClock()
    let start = clock.now
    func seconds() -> Double { (clock.now - start) / .seconds(1) }
    let difference = try ModelDifference(left, right) {
      bar.update($0, seconds: seconds(), [.init("comparing the parameters")])
    }
    var outputs: OutputDifference?
    if let text {
      outputs = try predictions(for: text, left, right) {
        bar.update($0, seconds: seconds(), [.init("comparing the predictions")])
      }
    }
    bar.clear()
    let report = DifferenceReport(
      first: left, second: right, difference: difference, outputs: outputs, tolerance: tolerance,
      isModelOnly: modelOnly)
    if speech.json {
      try Terminal.print(report.json)
    } else if !speech.quiet {
      try Terminal.print(report.text)
    }
    if !report.isSame { throw ExitCode(Failure.refused) }
  }

  /// Lets both models read a text.
  private func predictions(
    for path: String, _ first: OpenedModel, _ second: OpenedModel, progress: (Double) -> Void
  ) throws -> OutputDifference {
    guard let vocabulary = first.document.vocabulary ?? second.document.vocabulary else {
      throw EvaluationError.noVocabulary
    }
    func refusal(_ why: String) -> Failure {
      Failure("the predictions for a text cannot be compared: \(why)", code: Failure.refused)
    }
    if let left = first.document.vocabulary, let right = second.document.vocabulary,
      !VocabularyDifference(left, right).isNone
    {
      throw refusal("the models have different vocabularies")
    }
    for model in [first, second] {
      let architecture = model.document.architecture
      guard architecture.size == vocabulary.count else {
        throw refusal(
          "'\(model.path.printable)' has \(Format.count(architecture.size, "token")), not \(Format.count(vocabulary.count))"
        )
      }
      try Memory.check(architecture, batch: 1, steps: 1)
    }
    let tokens = try vocabulary.encode(try Input.texts([path]), unknown: .skip).tokens
    guard tokens.count > 1 else { throw EvaluationError.tooShort(tokens: tokens.count) }
    let models = try (
      first.loadLanguageModel().languageModel(longestWindow: 1),
      second.loadLanguageModel().languageModel(longestWindow: 1)
    )
    return OutputDifference(tokens, models.0, models.1, progress: progress)
  }
}
