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
      The protocol 'stream': the whole text is one stream, the state is zero before its first symbol and carried to its end; the first symbol is context, every
      later one is scored given all before it. With --batch the text is cut into so many streams, which is faster and loses context at their beginnings. The standard error comes from the means of blocks of the text.

      Symbols that the model has no token for become its unknown token; a model without one leaves them out (they are counted), or refuses the text with
      --unknown refuse.

      Taggers and classifiers are scored on texts with labels, as 'rnntool train' reads them: accuracy, precision, recall and F1.

      Examples:
        rnntool evaluate book.h5 held-out.txt
        rnntool evaluate book.h5 a.txt b.txt --json
        rnntool evaluate words.h5 wiki.test.txt --batch 10
        rnntool evaluate tagger.h5 names.test.tsv
      """)

  @Argument(help: "The model file.")
  var model: String

  @Argument(help: "The texts to score, each for itself, plain or compressed by gzip; '-' for standard input.")
  var texts: [String]

  @Option(help: "What to do with symbols that the model has no token for: skip or refuse.")
  var unknown = Vocabulary.UnknownSymbols.skip

  @Option(help: "Streams that the text is cut into, read side by side.")
  var batch = 1

  @Option(
    help: "Symbols of each stream that are computed at once; it changes the speed and the memory, not the result.")
  var length: Int?

  @Option(help: "Threads to compute with. Default: as many as there are processors.")
  var threads: Int?

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: OutputOptions

  func validate() throws {
    if texts.isEmpty { throw ValidationError("name at least one text to score.") }
    if let threads, !(1...ThreadTeam.mostThreads).contains(threads) {
      throw ValidationError("--threads has to be between 1 and \(ThreadTeam.mostThreads).")
    }
    if !(1...100_000).contains(batch) { throw ValidationError("--batch has to be between 1 and 100,000.") }
    if let length, !(1...1_000_000).contains(length) {
      throw ValidationError("--length has to be between 1 and 1,000,000.")
    }
  }

  func run() throws {
    if let threads { ThreadTeam.threadCount = threads }
    let file = try Input.model(model, through: trust.quarantine)
    if file.document.labels != nil { return try evaluateLabels(file.loadModel(), file.header.modelID) }
    let loaded = try file.loadLanguageModel()
    guard let vocabulary = loaded.vocabulary else { throw EvaluationError.noVocabulary }
    let window = length ?? max(1, 256 / batch)
    try Memory.check(file.document.architecture, batch: batch, steps: window)
    let network = try loaded.languageModel(streams: batch, longestWindow: window)
    var results: [JSONValue] = []
    var worst: Int32 = 0
    for path in texts {
      do {
        let (result, hash, seconds) = try evaluate(path, network, vocabulary)
        if speech.json {
          results.append(json(path, hash, result, seconds: seconds, file.header.modelID))
        } else {
          if path != texts.first { try Terminal.print("") }
          try Terminal.print(table(path, result, seconds: seconds, vocabulary.kind))
        }
      } catch {
        // The other texts still get their answer.
        guard let failure = Failure(error) else { throw error }
        worst = max(worst, failure.code)
        Terminal.error(failure.message)
        results.append(["text": .string(path), "error": .string(failure.message)])
      }
    }
    if speech.json { try Terminal.print(.array(results)) }
    if worst != 0 { throw ExitCode(worst) }
  }

  private func evaluate(
    _ path: String, _ network: any LanguageModel, _ vocabulary: Vocabulary
  ) throws -> (EvaluationResult, sha256: String, seconds: Double) {
    let bytes = try Input.texts([path])
    let clock = ContinuousClock()
    let start = clock.now
    func seconds() -> Double { (clock.now - start) / .seconds(1) }
    var bar = ProgressBar(isQuiet: speech.quiet)
    let result = try StreamEvaluation.evaluate(bytes, network, vocabulary: vocabulary, unknown: unknown) {
      bar.update($0, seconds: seconds(), [.init("scoring")])
    }
    bar.clear()
    return (result, Hash.sha256(bytes), seconds())
  }

  private func table(_ path: String, _ result: EvaluationResult, seconds: Double, _ kind: Vocabulary.Kind) -> String {
    let error = result.standardError.map { " ± \(Format.number($0, 4))" } ?? ""
    var rows = [
      ["text", path.printable],
      [
        "scored",
        "\(Format.count(result.tokens)) \(kind.rawValue), protocol stream\(batch > 1 ? ", \(batch) streams" : "")",
      ],
      [
        "loss", "\(Format.number(result.meanNats, 4))\(error) nats per token (\(Format.number(result.nats, 1)) in all)",
      ],
      ["perplexity", Format.number(result.perplexity, 4)],
      [
        "bits",
        "\(Format.number(result.bitsPerToken, 4)) per token, \(Format.number(result.bitsPerCharacter, 4)) per character, \(Format.number(result.bitsPerByte, 4)) per byte",
      ],
    ]
    if result.unknown > 0 {
      let what = result.skipped > 0 ? "left out" : "scored as the unknown token"
      rows.append(["unknown", "\(Format.count(result.unknown)) symbols without a token, \(what)"])
    } else {
      rows.append(["unknown", "0"])
    }
    rows.append(["speed", "\(Format.count(Int(Double(result.tokens) / max(seconds, 1e-9)))) tokens/s"])
    return Format.table(rows)
  }

  private func json(
    _ path: String, _ hash: String, _ result: EvaluationResult, seconds: Double, _ identity: String
  ) -> JSONValue {
    .object([
      "text": .string(path), "corpus_sha256": .string(hash), "model_id": .string(identity),
      "protocol": ["name": .string(StreamEvaluation.name), "streams": .integer(batch)],
      "tokens": .integer(result.tokens),
      "nats": .number(result.nats), "nats_per_token": .number(result.meanNats),
      "standard_error": result.standardError.map { .number($0) } ?? .null,
      "perplexity": .number(result.perplexity), "bits_per_token": .number(result.bitsPerToken),
      "bits_per_character": .number(result.bitsPerCharacter), "bits_per_byte": .number(result.bitsPerByte),
      "characters": .integer(result.characters), "bytes": .integer(result.bytes),
      "unknown": .integer(result.unknown), "skipped": .integer(result.skipped), "seconds": .number(seconds),
    ])
  }
}
