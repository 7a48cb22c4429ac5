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

  /// Reads the texts.
  ///
  /// - Parameters:
  ///   - texts: what to learn, one after another; `-` for standard input.
  ///   - validation: a text held out for validation.
  ///   - test: a text held out for the test.
  ///   - plan: how they become tokens and streams.
  init(texts: [String], validation: String? = nil, test: String? = nil, plan: Corpus.Plan) throws {
    var hash = Hash.Stream()
    corpus = try Corpus(
      TextSource(texts), validation: validation.map { TextSource([$0]) }, test: test.map { TextSource([$0]) },
      plan: plan, observe: { hash.update($0) })
    sha256 = hash.finish()
    name = texts.map { $0.split(separator: "/").last.map(String.init) ?? $0 }.joined(separator: " + ")
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
