import ArgumentParser
import RNNEvaluation
import RNNFormat
import RNNModel
import RNNText

extension EvaluateCommand {
  /// How well a tagger or a classifier has labelled a text.
  private struct Labelling {
    var labels = LabelCounts()
    /// Of labels that mark spans.
    var spans: SpanCounts?
    var sequences = 0
    var nats = 0.0
    var scored = 0
    var unknown = 0
    var seconds = 0.0
  }

  /// Scores the texts if the model is one of labels; whether it is.
  func answersLabels(_ path: String) throws -> Bool {
    let file = try Input.model(path, through: trust.quarantine)
    guard file.document.labels != nil else { return false }
    try refuseFlagsOfLanguage(path)
    try evaluateLabels(file.loadModel(), file.header.modelID)
    return true
  }

  /// Refuses flags that say nothing of labels.
  private func refuseFlagsOfLanguage(_ path: String) throws {
    let isGiven = [
      rules.name != nil, rules.window != nil, rules.stride != nil, rules.context != nil, rules.part != nil,
      rules.start != nil, rules.unknown != nil, rules.divisor != nil, rules.blankLines != nil, length != nil, receipt,
      perToken != nil, adaptation.dynamic != nil, adaptation.cache != nil, !adaptation.mix.isEmpty,
    ]
    guard !isGiven.contains(true) else {
      throw Failure(
        "'\(path.printable)' gives labels: protocols, adaptation, --length, --receipt and --per-token are for language models",
        code: 64)
    }
  }

  /// Scores texts with labels, each for itself.
  private func evaluateLabels(_ model: Model, _ identity: String) throws {
    guard let vocabulary = model.vocabulary else { throw EvaluationError.noVocabulary }
    let labeller = try Labeller(model, batch: rules.batch ?? Labeller.usualBatch)
    var results: [JSONValue] = []
    var worst: Int32 = 0
    for path in texts {
      do {
        let bytes = try Input.texts([path])
        let result = try evaluate(bytes, path, labeller, vocabulary, model)
        if speech.json {
          results.append(json(path, Hash.sha256(bytes), result, identity))
        } else {
          if path != texts.first { try Terminal.print("") }
          try Terminal.print(table(path, result, labeller.form))
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
    _ bytes: [UInt8], _ path: String, _ labeller: Labeller, _ vocabulary: Vocabulary, _ model: Model
  ) throws -> Labelling {
    let sequences = try labeller.form.sequences(bytes, path: path)
    let encoded = try EncodedSequences(
      sequences, labeller.form, vocabulary: vocabulary, labels: labeller.labels, path: path)
    try Memory.check(
      model.architecture, batch: Labeller.usualBatch, steps: encoded.inputs.reduce(1) { max($0, $1.count) })
    let clock = ContinuousClock()
    let start = clock.now
    func seconds() -> Double { (clock.now - start) / .seconds(1) }
    var bar = ProgressBar(isQuiet: speech.quiet)
    let answers = try labeller.answers(to: encoded) { bar.update($0, seconds: seconds(), [.init("labelling")]) }
    bar.clear()
    var result = Labelling()
    (result.nats, result.scored, result.unknown) = (answers.nats, answers.count, encoded.unknownCount)
    (result.seconds, result.sequences) = (seconds(), sequences.count)
    let marks =
      labeller.form == .tokens && Span.isMarking(labeller.labels.names)
      && sequences.allSatisfy { sequence in sequence.labels.allSatisfy { $0 == [0x4F] || Span.isMarking([$0]) } }
    if marks { result.spans = SpanCounts() }
    for (sequence, answers) in zip(sequences, answers.answers) {
      let predicted = answers.map { labeller.labels.names[Int($0.label)] }
      for (expected, predicted) in zip(sequence.labels, predicted) {
        result.labels.add(expected: expected, predicted: predicted)
      }
      result.spans?.add(expected: sequence.labels, predicted: predicted)
    }
    return result
  }

  // MARK: The answer

  private func table(_ path: String, _ result: Labelling, _ form: LabelledForm) -> String {
    let counts = result.labels
    let speed = Double(counts.total) / max(result.seconds, 1e-9)
    var rows = [
      ["text", path.printable],
      [
        "labelled",
        form == .tokens
          ? "\(Format.count(counts.total, "token")) of \(Format.count(result.sequences, "sequence"))"
          : Format.count(counts.total, "text"),
      ],
      [
        "accuracy",
        "\(Self.percent(counts.accuracy)) (\(Format.count(counts.correct)) of \(Format.count(counts.total)))",
      ],
      ["F1", "macro \(Self.percent(counts.macroF1)), micro \(Self.percent(counts.microF1))"],
    ]
    if let spans = result.spans?.all {
      rows.append([
        "spans",
        "F1 \(Self.percent(spans.f1)), precision \(Self.percent(spans.precision)), recall \(Self.percent(spans.recall)) of \(Format.count(spans.expected))",
      ])
    }
    rows.append(["loss", "\(Format.number(result.nats / Double(max(1, result.scored)), 4)) nats per label"])
    rows.append(["unknown", "\(Format.count(result.unknown)) symbols without a token"])
    rows.append(["speed", "\(Format.count(speed)) labels/s"])
    let types = (result.spans?.types ?? [:]).map { (key: $0.key, value: $0.value) }
    return Format.table(rows) + "\n\n" + Self.table("label", counts.scores.map { (key: $0.key, value: $0.value) })
      + (types.isEmpty ? "" : "\n\n" + Self.table("span", types))
  }

  private static func percent(_ part: Double) -> String { Format.number(part * 100, 2) + "%" }

  private static func table(_ what: String, _ scores: [(key: [UInt8], value: LabelScore)]) -> String {
    let rows = scores.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { name, score in
      [
        String(decoding: name, as: UTF8.self).printable, percent(score.precision), percent(score.recall),
        percent(score.f1), Format.count(score.expected),
      ]
    }
    return Format.table([[what, "precision", "recall", "F1", "in the text"]] + rows, right: [1, 2, 3, 4])
  }

  private func json(_ path: String, _ hash: String, _ result: Labelling, _ identity: String) -> JSONValue {
    let counts = result.labels
    return .object([
      "text": .string(path), "corpus_sha256": .string(hash), "model_id": .string(identity),
      "protocol": ["name": "labels"], "sequences": .integer(result.sequences), "labels": .integer(counts.total),
      "correct": .integer(counts.correct), "accuracy": .number(counts.accuracy), "macro_f1": .number(counts.macroF1),
      "micro_f1": .number(counts.microF1), "nats": .number(result.nats),
      "nats_per_label": .number(result.nats / Double(max(1, result.scored))), "unknown": .integer(result.unknown),
      "by_label": .object(Self.named(counts.scores)),
      "spans": result.spans.map { spans in
        var all = Self.json(spans.all).object ?? [:]
        all["by_type"] = .object(Self.named(spans.types))
        return .object(all)
      } ?? .null,
      "seconds": .number(result.seconds),
    ])
  }

  private static func named(_ scores: [[UInt8]: LabelScore]) -> [String: JSONValue] {
    Dictionary(
      scores.map { (String(decoding: $0.key, as: UTF8.self), json($0.value)) }, uniquingKeysWith: { first, _ in first })
  }

  private static func json(_ score: LabelScore) -> JSONValue {
    .object([
      "precision": .number(score.precision), "recall": .number(score.recall), "f1": .number(score.f1),
      "expected": .integer(score.expected), "predicted": .integer(score.predicted), "correct": .integer(score.correct),
    ])
  }
}
