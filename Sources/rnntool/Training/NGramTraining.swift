import Foundation
import NGram
import RNNEvaluation
import RNNFormat
import RNNModel
import RNNText

/// Counts the n-grams of a text, and writes the model that they make.
struct NGramTraining {
  let text: Recipe.Text
  let options: NGramOptions
  let output: String
  let created: String?
  let speech: OutputOptions

  func run() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let texts = try TrainingTexts(text, plan: Corpus.Plan(text), isQuiet: speech.quiet)
    let tokens = try texts.texts.text.tokens.all.tokens()
    if !speech.quiet {
      Terminal.note(
        "\(Format.count(tokens.count)) \(text.vocabulary.rawValue) to count, \(Format.count(texts.vocabulary.count, "token"))"
      )
      for note in texts.notes { Terminal.note(note) }
    }
    let model = try count(tokens, texts.vocabulary)
    let seconds = (clock.now - start) / .seconds(1)
    let identity = try write(model, texts, tokenCount: tokens.count)
    let source = NGramLanguageSource(model, vocabulary: texts.vocabulary)
    let valid = try texts.texts.validation.map { try score($0, source) }
    let test = try texts.texts.test.map { try score($0, source) }
    try report(model, texts, identity, tokens: tokens.count, seconds: seconds, valid: valid, test: test)
  }

  private func count(_ tokens: [Int32], _ vocabulary: Vocabulary) throws -> NGramModel {
    var bar = ProgressBar(isQuiet: speech.quiet)
    defer { bar.clear() }
    bar.update("counting n-grams up to order \(options.highestOrder)")
    let counts = try NGramCounts(
      tokens, order: options.highestOrder, vocabularySize: vocabulary.count,
      sentenceEnd: vocabulary.lineEnd.map { Int32($0) })
    bar.update("smoothing: \(options.method.name)")
    let model = try counts.model(options.method, pruned: options.prunedCounts())
    guard let threshold = options.pruneEntropy else { return model }
    bar.update("pruning")
    return try model.pruned(byEntropy: threshold)
  }

  private func write(_ model: NGramModel, _ texts: TrainingTexts, tokenCount: Int) throws -> String {
    let tensors = model.tensors
    var document = ModelDocument(
      architecture: tensors.architecture, vocabulary: texts.vocabulary,
      metadata: try metadata(model, texts, tokenCount: tokenCount),
      lineage: [["event": "trained", "by": .string(Generator.text)]])
    document.proof = try Proof(architecture: tensors.architecture, tensors: tensors)
    return try ModelWriter().write(document, tensors: tensors, to: output)
  }

  private func metadata(_ model: NGramModel, _ texts: TrainingTexts, tokenCount: Int) throws -> JSONValue {
    .object(omittingNil: [
      "created": created.map { .string($0) },
      "corpus": texts.metadata(training: tokenCount, validation: 0),
      "command_line": .array(CommandLine.arguments.dropFirst().map { .string($0.printable) }),
      "hyper_parameters": .object([ModelDocument.ngramKey: try JSONValue(encoding: model.description)]),
      "software": ["name": .string(Generator.name), "version": .string(Generator.version)],
      // Sentences are scored from their beginning, as the losses of this program are.
      "evaluation": [
        "protocol": try JSONValue(encoding: model.sentenceEnd == nil ? EvaluationProtocol.stream : .sentence)
      ],
      "extra": texts.unknownSymbols.map { ["unknown_symbols": $0] },
    ])
  }

  /// Nats per token of a text, from its beginning: of sentences, all tokens are scored; of a stream, all but the first.
  private func score(_ text: EncodedText, _ source: NGramLanguageSource) throws -> Double {
    let tokens = try text.tokens.all.tokens()
    let scored = source.model.sentenceEnd == nil ? 1 : 0
    guard tokens.count > scored else { throw EvaluationError.tooShort(tokens: tokens.count) }
    let logProbabilities = source.model.logProbabilities(of: tokens).dropFirst(scored)
    return -logProbabilities.reduce(0) { $0 + Double($1) } / Double(logProbabilities.count)
  }

  private func report(
    _ model: NGramModel, _ texts: TrainingTexts, _ identity: String, tokens: Int, seconds: Double, valid: Double?,
    test: Double?
  ) throws {
    let counts = (1...model.order).map { model.count(order: $0) }
    for order in model.description.fallbackOrders where !speech.quiet {
      Terminal.note(
        "order \(order): too few n-grams occur once, twice, three or four times to estimate discounts; \(fixedDiscounts(model, order)) stand in their place"
      )
    }
    if speech.json {
      return try Terminal.print(
        .object(omittingNil: [
          "file": .string(output), "model_id": .string(identity), "end": "finished", "seconds": .number(seconds),
          "tokens_per_second": .number(Double(tokens) / max(seconds, 1e-9)),
          "ngrams": .array(counts.map { .integer($0) }), "valid_loss": valid.map { .number($0) },
          "test_loss": test.map { .number($0) }, "unknown_symbols": texts.unknownSymbols,
        ]))
    }
    func described(_ loss: Double) -> String {
      "\(Format.number(loss, 4)) nats per token, perplexity \(Format.number(Foundation.exp(loss), 2))"
    }
    var rows = [
      ["model", output.printable], ["identity", identity],
      ["n-grams", counts.map(Format.count).joined(separator: " + ") + ", \(model.description.method)"],
    ]
    if let valid { rows.append(["held-out loss", described(valid)]) }
    if let test { rows.append(["test loss", described(test)]) }
    rows.append(["counted", "\(Format.count(tokens, "token")) in \(Format.duration(seconds))"])
    try Terminal.print(Format.table(rows))
  }

  private func fixedDiscounts(_ model: NGramModel, _ order: Int) -> String {
    (model.description.discounts?[order - 1].values ?? []).map(Format.short).joined(separator: ", ")
  }
}
