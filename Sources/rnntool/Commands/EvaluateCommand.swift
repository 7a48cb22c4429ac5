import ArgumentParser
import Kernels
import RNNEvaluation
import RNNFormat
import RNNModel

/// `rnntool evaluate`
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Score text: perplexity, bits per character and per byte.",
    discussion: """
      A number means something only with the protocol that it was measured under; docs/EVALUATION.md defines each by its parameters, which can be changed one by
      one. Without --protocol it is the model's own, which its training stored, else 'stream': the whole text is one stream, the state is zero before its first symbol and
      carried to its end; the first symbol is context, every later one is scored given all before it. The standard error is that of a block bootstrap.

      Symbols that the model has no token for become its unknown token; a model without one leaves them out (they are counted), or refuses the text with
      --unknown refuse.

      Taggers and classifiers are scored on texts with labels, as 'rnntool train' reads them: accuracy, precision, recall and F1.

      Without --text the first file is the model and the others are texts; with --text all files are models, and what they give is a table. Models with different vocabularies
      compare by bits per byte.

      Examples:
        rnntool evaluate book.h5 held-out.txt
        rnntool evaluate book.h5 a.txt b.txt --json
        rnntool evaluate words.h5 wiki.test.txt --protocol word-language-model --receipt
        rnntool evaluate small.h5 large.h5 --text valid.txt --text test.txt
        rnntool evaluate words.h5 wiki.test.txt --cache 2000 --cache-theta 0.3 --cache-lambda 0.1
        rnntool evaluate words.h5 wiki.test.txt --dynamic rms --dynamic-statistics wiki.train.txt
        rnntool evaluate words.h5 wiki.test.txt --mix other.h5 --mix-fit wiki.valid.txt
        rnntool evaluate book.h5 held-out.txt --per-token losses.tsv
        rnntool evaluate tagger.h5 names.test.tsv
      """)

  @Argument(
    help: "The model file and the texts to score, each for itself, plain or compressed by gzip; '-' for standard input."
  )
  var files: [String]

  @Option(help: "A text to score; all files are models then. Can be repeated.")
  var text: [String] = []

  @OptionGroup(title: "Protocol") var rules: ProtocolOptions

  @OptionGroup(title: "Adaptation") var adaptation: AdaptationOptions

  @Option(
    help: "Symbols of each stream that are computed at once; it changes the speed and the memory, not the result.")
  var length: Int?

  @Option(help: "Threads to compute with. Default: as many as there are processors.")
  var threads: Int?

  @Flag(help: "Keep protocol, text and numbers in the model file, which stays the same model.")
  var receipt = false

  @Option(
    help:
      "Write token, log-probability, rank and entropy of each token of a text to this file: .h5, else tab-separated.")
  var perToken: String?

  @Flag(help: "Replace the file of --per-token if it exists.")
  var force = false

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: OutputOptions

  var models: [String] { text.isEmpty ? Array(files.prefix(1)) : files }
  var texts: [String] { text.isEmpty ? Array(files.dropFirst()) : text }

  func validate() throws {
    if texts.isEmpty || models.isEmpty { throw ValidationError("name a model and at least one text to score.") }
    if let threads, !(1...ThreadTeam.mostThreads).contains(threads) {
      throw ValidationError("--threads has to be between 1 and \(ThreadTeam.mostThreads).")
    }
    if let length, !(1...1_000_000).contains(length) {
      throw ValidationError("--length has to be between 1 and 1,000,000.")
    }
    let inputs = texts + [adaptation.mixFit, adaptation.dynamicStatistics].compactMap(\.self)
    try require(
      inputs.count { $0 == "-" } <= 1 && (models.count == 1 || !inputs.contains("-")),
      "standard input can be read once: give it as one text of one model.")
    try require(
      perToken == nil || models.count == 1 && texts.count == 1, "--per-token is for one model and one text.")
    try require(!receipt || !trust.untrusted, "--receipt writes the file anew, which --untrusted does not believe.")
  }

  func run() throws {
    if let threads { ThreadTeam.threadCount = threads }
    if models.count == 1, try answersLabels(models[0]) { return }
    if let perToken {
      try Input.check(
        perToken, isNoneOf: files + text + adaptation.parts.map(\.path))
      try Input.check(perToken, mayReplace: force)
      try AtomicFile.checkWritable(perToken)
    }
    var (results, reports): ([JSONValue], [EvaluationReport]) = ([], [])
    var worst: Int32 = 0
    func fail(_ error: any Error, _ members: [String: JSONValue]) throws {
      // The others still get their answer.
      guard let failure = Failure(error) else { throw error }
      worst = max(worst, failure.code)
      Terminal.error(failure.message)
      results.append(.object(members.merging(["error": .string(failure.message)], uniquingKeysWith: { $1 })))
    }
    for path in models {
      var mixture: EvaluatedMixture
      do {
        mixture = try EvaluatedMixture(path, through: trust.quarantine, adaptation, isQuiet: speech.quiet)
        try fitWeights(&mixture)
      } catch {
        guard models.count > 1 else { throw error }
        try fail(error, ["model": .string(path)])
        continue
      }
      var receipts: [JSONValue] = []
      for text in texts {
        do {
          let report = try evaluate(text, mixture)
          if receipt, report.result.nats.isFinite { receipts.append(try report.receipt()) }
          reports.append(report)
          results.append(try report.json())
          guard !speech.json, models.count == 1 else { continue }
          if text != texts.first { try Terminal.print("") }
          try Terminal.print(report.block)
        } catch {
          try fail(error, models.count > 1 ? ["model": .string(path), "text": .string(text)] : ["text": .string(text)])
        }
      }
      if !receipts.isEmpty, let signature = try StoredReceipts.add(receipts, to: path) {
        Terminal.note("'\(signature.printable)' does not hold for the file with the receipt: sign it again")
      }
    }
    if speech.json {
      try Terminal.print(.array(results))
    } else if models.count > 1, !reports.isEmpty {
      try Terminal.print(EvaluationReport.table(reports))
    }
    if worst != 0 { throw ExitCode(worst) }
  }

  private func fitWeights(_ mixture: inout EvaluatedMixture) throws {
    guard let path = adaptation.mixFit else { return }
    let rules = try rules.rules(own: mixture.first.ownProtocol)
    let fitted = try mixture.fit(try Input.texts([path]), rules, length)
    guard !speech.quiet else { return }
    let weights = fitted.weights.map { Format.number($0, 4) }.joined(separator: ", ")
    Terminal.note(
      "weights fitted on '\(path.printable)': \(weights); \(Format.number(fitted.meanNats, 4)) nats per token there")
  }

  private func evaluate(_ path: String, _ mixture: EvaluatedMixture) throws -> EvaluationReport {
    let bytes = try Input.texts([path])
    let own = try rules.rules(own: mixture.first.ownProtocol)
    do {
      return try evaluate(bytes, path, mixture, own)
    } catch EvaluationError.tooShortForStreams(let cause) where rules.areOpen && own != .stream {
      Terminal.note("the model's own protocol is '\(own.name.printable)', but \(cause): scored as 'stream'")
      var stream = EvaluationProtocol.stream
      stream.unknown = own.unknown
      return try evaluate(bytes, path, mixture, stream)
    }
  }

  private func evaluate(
    _ bytes: [UInt8], _ path: String, _ mixture: EvaluatedMixture, _ rules: EvaluationProtocol
  ) throws -> EvaluationReport {
    let clock = ContinuousClock()
    let start = clock.now
    func seconds() -> Double { (clock.now - start) / .seconds(1) }
    var bar = ProgressBar(isQuiet: speech.quiet)
    defer { bar.clear() }
    func show(_ fraction: Double) { bar.update(fraction, seconds: seconds(), [.init("scoring")]) }
    let width = adaptation.dynamic == nil ? self.rules.width : self.rules.batch ?? 1
    let evaluation = Evaluation(rules, vocabulary: mixture.first.vocabulary, width: width)
    let model: (Int) throws -> any LanguageModel = { try mixture.languageModel(streams: $0, length: length) }
    var scores: TokenScores?
    let result: EvaluationResult
    if perToken == nil {
      result = try evaluation.run(bytes, progress: show, model)
    } else {
      let described = try evaluation.describe(bytes, progress: show, model)
      (result, scores) = (described.0, described.1)
    }
    let report = EvaluationReport(
      model: mixture.first.path, modelID: mixture.first.modelID, text: path, corpusSHA256: Hash.sha256(bytes),
      kind: mixture.first.vocabulary.kind, rules: rules, result: result, seconds: seconds(),
      adaptation: try adaptation.json(mixture: mixture.parts))
    if let scores, let perToken {
      try PerTokenFile.write(scores, report, mixture.first.vocabulary, to: perToken)
    }
    return report
  }
}
