import RNNFormat
import RNNModel
import RNNText

/// The texts of a training as tokens, and what the model file says about them.
struct TrainingTexts {
  let texts: TokenizedTexts
  /// The names of the files, without their folders.
  let name: String
  let hashes: TextHashes

  var vocabulary: Vocabulary { texts.vocabulary }

  /// Reads texts.
  ///
  /// - Parameters:
  ///   - text: which.
  ///   - plan: how they become tokens.
  ///   - isQuiet: whether to say nothing while it takes its time.
  init(_ text: Recipe.Text, plan: Corpus.Plan, isQuiet: Bool) throws {
    var hash: [TextLayout.Part: Hash.Stream] = [:]
    var bar = ProgressBar(isQuiet: isQuiet)
    defer { bar.clear() }
    texts = try TokenizedTexts(
      TextSource(text.files), validation: text.validation.map { TextSource([$0]) },
      test: text.test.map { TextSource([$0]) }, plan: plan,
      observe: { hash[$0, default: Hash.Stream()].update($1) }, progress: { bar.update($0.description) })
    hashes = TextHashes(
      training: hash[.training, default: Hash.Stream()].finish(), validation: hash[.validation]?.finish(),
      test: hash[.test]?.finish())
    name = text.files.map { $0.split(separator: "/").last.map(String.init) ?? $0 }.joined(separator: " + ")
  }

  /// Symbols without a token, by the text that they are in, for programs; nil where there are none.
  var unknownSymbols: JSONValue? {
    let counts = encoded.filter { $0.text.unknownCount > 0 }.map { ($0.name, JSONValue.integer($0.text.unknownCount)) }
    return counts.isEmpty ? nil : .object(Dictionary(counts, uniquingKeysWith: { $1 }))
  }

  private var encoded: [(name: String, text: EncodedText)] {
    [("training", texts.text)] + (texts.validation.map { [("validation", $0)] } ?? [])
      + (texts.test.map { [("test", $0)] } ?? [])
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
    if texts.forgottenCount > 0 {
      notes.append(
        "the text has more different symbols than can be counted: some that had occurred at most "
          + "\(Format.count(texts.forgottenCount, "time")) were forgotten")
    }
    return notes
  }

  /// The corpus of the metadata.
  ///
  /// - Parameters:
  ///   - training: how many tokens are learned from.
  ///   - validation: how many are held out.
  func metadata(training: Int, validation: Int) -> JSONValue {
    .object([
      "name": .string(name), "sha256": .string(hashes.training), "bytes": .integer(texts.text.byteCount),
      "tokens": .integer(training + validation),
      "training_tokens": .integer(training), "validation_tokens": .integer(validation),
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

extension Corpus.Plan {
  /// How the texts of a recipe become tokens.
  ///
  /// - Parameter vocabulary: nil to collect it.
  init(_ text: Recipe.Text, vocabulary: Vocabulary? = nil) {
    self.init(
      kind: text.vocabulary, normalisation: text.normalisation, minimumCount: text.minimumCount,
      maximumSize: text.maximumSize, isClosed: text.isClosed, vocabulary: vocabulary, layout: text.layout,
      validationFraction: text.validationFraction)
  }
}
