import RNNFormat
import RNNModel
import RNNTraining

/// The texts of a training, read once for the vocabulary and once for the tokens, and what the model file says about them.
struct TrainingCorpus {
  let corpus: Corpus
  /// The names of the files, without their folders.
  let name: String
  /// The hash of the text that is learned, after decompression.
  let sha256: String

  var vocabulary: Vocabulary { corpus.vocabulary }
  var parts: TextParts { corpus.parts }
  /// How many symbols of a separate validation text have no token of their own.
  var validationUnknown: Int { corpus.validation?.unknownCount ?? 0 }

  /// Reads the texts of a recipe.
  ///
  /// - Parameters:
  ///   - recipe: which texts, and how they become tokens and streams.
  ///   - vocabulary: that of a training that is resumed; nil to collect it.
  init(_ recipe: Recipe, vocabulary: Vocabulary? = nil) throws {
    let text = recipe.text
    let plan = Corpus.Plan(
      kind: text.vocabulary, normalisation: text.normalisation, minimumCount: text.minimumCount,
      maximumSize: text.maximumSize ?? (text.vocabulary == .bpe ? 4096 : nil), isClosed: text.isClosed,
      vocabulary: vocabulary, layout: text.layout,
      batch: recipe.plan.batch, length: recipe.plan.length, validationFraction: text.validationFraction)
    var hash = Hash.Stream()
    corpus = try Corpus(
      TextSource(text.files), validation: text.validation.map { TextSource([$0]) },
      test: text.test.map { TextSource([$0]) }, plan: plan, observe: { hash.update($0) })
    sha256 = hash.finish()
    name = text.files.map { $0.split(separator: "/").last.map(String.init) ?? $0 }.joined(separator: " + ")
  }

  /// What is worth a note before the training begins.
  var notes: [String] {
    var notes: [String] = []
    if validationUnknown > 0 {
      notes.append("\(Format.count(validationUnknown)) symbols of the validation text have no token")
    }
    if corpus.forgottenCount > 0 {
      notes.append(
        "the text has more different symbols than can be counted: some that had occurred at most "
          + "\(Format.count(corpus.forgottenCount)) times were forgotten")
    }
    return notes
  }

  /// The corpus of the metadata.
  var metadata: JSONValue {
    .object([
      "name": .string(name), "sha256": .string(sha256), "bytes": .integer(corpus.text.counts.bytes),
      "tokens": .integer(parts.trainingCount + parts.validationCount),
      "training_tokens": .integer(parts.trainingCount), "validation_tokens": .integer(parts.validationCount),
    ])
  }
}
