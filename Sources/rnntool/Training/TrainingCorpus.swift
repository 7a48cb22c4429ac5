import RNNFormat
import RNNModel
import RNNText

/// The texts of a training, read once for the vocabulary and once for the tokens, and what the model file says about them.
struct TrainingCorpus {
  let corpus: Corpus
  /// The names of the files, without their folders.
  let name: String
  let hashes: TextHashes

  var vocabulary: Vocabulary { corpus.vocabulary }
  var parts: TextParts { corpus.parts }

  /// Reads the texts of a recipe.
  ///
  /// - Parameters:
  ///   - recipe: which texts, and how they become tokens and streams.
  ///   - vocabulary: that of a training that is resumed; nil to collect it.
  ///   - isQuiet: whether to say nothing while it takes its time.
  init(_ recipe: Recipe, vocabulary: Vocabulary? = nil, isQuiet: Bool) throws {
    let text = recipe.text
    let plan = Corpus.Plan(
      kind: text.vocabulary, normalisation: text.normalisation, minimumCount: text.minimumCount,
      maximumSize: text.maximumSize, isClosed: text.isClosed, vocabulary: vocabulary, layout: text.layout,
      batch: recipe.plan.batch, length: recipe.plan.length, validationFraction: text.validationFraction)
    var hash: [TextLayout.Part: Hash.Stream] = [:]
    var bar = ProgressBar(isQuiet: isQuiet)
    defer { bar.clear() }
    do {
      corpus = try Corpus(
        TextSource(text.files), validation: text.validation.map { TextSource([$0]) },
        test: text.test.map { TextSource([$0]) }, plan: plan,
        observe: { hash[$0, default: Hash.Stream()].update($1) }, progress: { bar.update($0.description) })
    } catch let failure as TextLayout.Failure {
      throw Failure("\(failure); \(Self.remedy(failure, text))", code: Failure.refused)
    }
    hashes = TextHashes(
      training: hash[.training, default: Hash.Stream()].finish(), validation: hash[.validation]?.finish(),
      test: hash[.test]?.finish())
    name = text.files.map { $0.split(separator: "/").last.map(String.init) ?? $0 }.joined(separator: " + ")
  }

  /// What helps where a text is too short.
  private static func remedy(_ failure: TextLayout.Failure, _ text: Recipe.Text) -> String {
    switch failure.part {
    case nil, .training: "give more text, or a smaller --batch or --length"
    case .validation where text.validation != nil: "give a longer text to --validation"
    case .test where text.test != nil: "give a longer text to --test"
    case .validation, .test: "give more text, or hold out more of it with --validation-fraction"
    }
  }

  /// Symbols without a token, by the text that they are in, for programs; nil where there are none.
  var unknownSymbols: JSONValue? {
    let counts = encoded.filter { $0.text.unknownCount > 0 }.map { ($0.name, JSONValue.integer($0.text.unknownCount)) }
    return counts.isEmpty ? nil : .object(Dictionary(counts, uniquingKeysWith: { $1 }))
  }

  private var encoded: [(name: String, text: EncodedText)] {
    [("training", corpus.text)] + (corpus.validation.map { [("validation", $0)] } ?? [])
      + (corpus.test.map { [("test", $0)] } ?? [])
  }

  /// What is worth a note before the training begins.
  var notes: [String] {
    var notes: [String] = []
    for (name, text) in encoded where text.unknownCount > 0 {
      let share = Double(text.unknownCount) / Double(text.tokens.count + text.skippedCount) * 100
      let fate = vocabulary.unknown.map { "read as \(Vocabulary.display(vocabulary[$0]))" } ?? "left out"
      notes.append(
        "\(Format.count(text.unknownCount, "symbol")) of the \(name) text (\(Format.short(share))%) without a token: \(fate)"
      )
    }
    if corpus.forgottenCount > 0 {
      notes.append(
        "the text has more different symbols than can be counted: some that had occurred at most "
          + "\(Format.count(corpus.forgottenCount, "time")) were forgotten")
    }
    return notes
  }

  /// The corpus of the metadata.
  var metadata: JSONValue {
    .object([
      "name": .string(name), "sha256": .string(hashes.training), "bytes": .integer(corpus.text.byteCount),
      "tokens": .integer(parts.trainingCount + parts.validationCount),
      "training_tokens": .integer(parts.trainingCount), "validation_tokens": .integer(parts.validationCount),
    ])
  }
}

extension Corpus.Work {
  /// What is being done, for somebody who waits.
  fileprivate var description: String {
    switch self {
    case .collecting(let bytes): "counting symbols: \(Format.bytes(bytes))"
    case .merging(let part): "merging byte pairs:\(Format.percent(part))"
    case .encoding(let bytes): "reading: \(Format.bytes(bytes))"
    }
  }
}
