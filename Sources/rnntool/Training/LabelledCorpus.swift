import RNNFormat
import RNNModel
import RNNText

/// The texts of a training with labels: each sequence is read whole.
struct LabelledCorpus: TrainingMaterial {
  let vocabulary: Vocabulary
  let labels: Labels?
  let training: any WindowSource
  let validation: any WindowSource
  let test: (any WindowSource)?
  let trainingCount: Int
  let validationCount: Int
  let hashes: TextHashes
  let notes: [String]
  let metadata: JSONValue
  let unknownSymbols: JSONValue?

  /// One text, whole in memory.
  private struct Part {
    var sequences: [LabelledSequence] = []
    var bytes = 0
    var sha256 = ""
    let path: String

    init(_ paths: [String], _ form: LabelledForm) throws {
      path = paths.first ?? ""
      var hash = Hash.Stream()
      for path in paths {
        let bytes = try Input.text(path)
        hash.update(bytes)
        self.bytes += bytes.count
        sequences += try form.sequences(bytes, path: path)
      }
      sha256 = hash.finish()
    }
  }

  /// Reads the texts of a recipe.
  ///
  /// - Parameters:
  ///   - recipe: which texts, and how they become tokens.
  ///   - form: what is labelled.
  ///   - vocabulary: that of a training that is resumed; nil to collect it.
  ///   - labels: those of a training that is resumed; nil to collect them.
  init(_ recipe: Recipe, _ form: LabelledForm, vocabulary: Vocabulary?, labels: Labels?) throws {
    let text = recipe.text
    let learned = try Part(text.files, form)
    let held = try text.validation.map { try Part([$0], form) }
    let tested = try text.test.map { try Part([$0], form) }
    let known = text.isClosed ? [learned] + [held, tested].compactMap(\.self) : [learned]
    let tokens = try vocabulary ?? Self.vocabulary(of: known.flatMap(\.sequences), text)
    let names =
      try labels ?? Labels(Set(learned.sequences.flatMap(\.labels)).sorted { $0.lexicographicallyPrecedes($1) })
    guard names.count > 1 else {
      throw Failure("there is only one label: there is nothing to learn", code: Failure.refused)
    }
    func encode(_ part: Part) throws -> EncodedSequences {
      try EncodedSequences(part.sequences, form, vocabulary: tokens, labels: names, path: part.path)
    }
    let all = try encode(learned)
    let others = (validation: try held.map(encode), test: try tested.map(encode))
    let parts: (rest: EncodedSequences, held: EncodedSequences)
    if let validation = others.validation {
      parts = (all, validation)
    } else if let split = all.holdingOut(text.validationFraction ?? 0.05) {
      parts = split
    } else {
      throw Failure("there is only one sequence, and none to hold out: give more of them", code: Failure.refused)
    }
    let batch = recipe.plan.batch
    self.vocabulary = vocabulary == nil ? try tokens.with(counts: all.tokenCounts) : tokens
    self.labels = names
    training = SequenceBatches(parts.rest, batch: batch, seed: recipe.seed)
    validation = SequenceBatches(parts.held, batch: min(batch, parts.held.inputs.count), seed: nil)
    test = others.test.map { SequenceBatches($0, batch: min(batch, $0.inputs.count), seed: nil) }
    (trainingCount, validationCount) = (parts.rest.labelCount, parts.held.labelCount)
    hashes = TextHashes(training: learned.sha256, validation: held?.sha256, test: tested?.sha256)
    let encoded =
      [("training", all)]
      + [("validation", others.validation), ("test", others.test)].compactMap { name, part in
        part.map { (name, $0) }
      }
    notes = Self.notes(encoded)
    let unknown = encoded.filter { $0.1.unknownCount > 0 }.map { ($0.0, JSONValue.integer($0.1.unknownCount)) }
    unknownSymbols = unknown.isEmpty ? nil : .object(Dictionary(unknown, uniquingKeysWith: { $1 }))
    func count(_ part: EncodedSequences) -> Int { part.inputs.reduce(0) { $0 + $1.count } }
    metadata = .object([
      "name": .string(text.files.map { $0.split(separator: "/").last.map(String.init) ?? $0 }.joined(separator: " + ")),
      "sha256": .string(learned.sha256), "bytes": .integer(learned.bytes),
      "tokens": .integer(count(parts.rest) + count(parts.held)), "training_tokens": .integer(count(parts.rest)),
      "validation_tokens": .integer(count(parts.held)),
    ])
  }

  private static func vocabulary(of sequences: [LabelledSequence], _ text: Recipe.Text) throws -> Vocabulary {
    var builder = Vocabulary.Builder(kind: text.vocabulary, normalisation: text.normalisation)
    for sequence in sequences {
      try builder.add(Array(sequence.parts.joined(separator: [0x20])))
      try builder.endText()
    }
    // What occurs once is unknown, so that a model learns what to make of that.
    let least: Int? =
      switch text.vocabulary {
      case .words: 2
      case .bytes: 0
      case .characters, .bpe: nil
      }
    return try builder.finish(minimumCount: text.minimumCount ?? least, maximumSize: text.maximumSize)
  }

  private static func notes(_ encoded: [(name: String, text: EncodedSequences)]) -> [String] {
    encoded.flatMap { name, text -> [String] in
      let what = "of the \(name) text"
      return [
        text.unknownCount > 0 ? "\(Format.count(text.unknownCount, "symbol")) \(what) without a token" : nil,
        text.unknownLabelCount > 0
          ? "\(Format.count(text.unknownLabelCount, "label")) \(what) that no training text has: they do not count"
          : nil,
      ].compactMap(\.self)
    }
  }
}
