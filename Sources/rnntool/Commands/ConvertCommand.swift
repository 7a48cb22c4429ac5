import ArgumentParser
import RNNConversion
import RNNEvaluation
import RNNFormat
import RNNModel

/// `rnntool convert`
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Move a model to another file format, with proof.",
    discussion: """
      The source's format is found from its content, the destination's from its name: rnn-h5 (.h5), safetensors, npz, Keras (.keras, .weights.h5, and
      .keras.h5 or --to keras-h5 for the older HDF5 files), PyTorch (.pt; its parameters alone as .torch.safetensors and .torch.npz), ONNX (.onnx), for
      n-grams ARPA (.arpa, .arpa.gz). Only read are Torch7 (.t7), checkpoints of TensorFlow (by what their files have in common, their .index or their folder), TensorFlow.js and ml5 (by their folder or
      .json), JSON of PyTorch's parameters, the HDF5 files of ELMo and the models of the RNNLM toolkit.

      What a file does not say is taken as is usual, printed, and kept in the lineage; the options under "Other frameworks" settle it. What was written is read
      back before it takes the destination's place, and both models are run on the same random input. rnn-h5, safetensors and npz hold whole models, with
      vocabulary, metadata, history and proof, and the same model_id.

      Examples:
        rnntool convert book.h5 book.safetensors
        rnntool convert book.npz book.h5 --compress
        rnntool convert book.h5 book.npz --dry-run
        rnntool convert book.h5 half.h5 --dtype float16 --measure held-out.txt
        rnntool convert generator.hdf5 generator.h5 --context window:40 --vocabulary chars.json
        rnntool convert save/model.ckpt-500 book.h5 --forget-bias 0 --vocabulary chars.json
        rnntool convert book.h5 book.onnx --lossless
        rnntool convert book.h5 book.pt --print-loader > book.py
        rnntool convert book.h5 book.torch.safetensors --write-vocabulary tokens.json
      """)

  @Argument(help: "The file to read.")
  var source: String

  @Argument(help: "The file to write.")
  var destination: String

  @Option(help: "The source's format.")
  var from: ModelFormat?

  @Option(help: "The destination's format.")
  var to: ModelFormat?

  @Flag(help: "Compress the tensors of an rnn-h5 file.")
  var compress = false

  @Option(
    help: """
      Store the parameters as float64, float32, float16 or bfloat16. What rounding changes is measured on the proof's numbers, printed, and recorded in the lineage.
      """)
  var dtype: TensorType?

  @Option(help: "A text on which to measure also the perplexity before and after --dtype.")
  var measure: String?

  @Flag(help: "Refuse a conversion that would lose anything: a vocabulary, a bit of a number.")
  var lossless = false

  @Flag(
    help: "Print only what loads the file: for PyTorch a Python program, for the weights of Keras the configuration.")
  var printLoader = false

  @Option(
    help: ArgumentHelp(
      "Write the tokens, in the order of their ids, to a file of their own as well: as a JSON list if its name ends in .json, else as a list of Python.",
      valueName: "file"))
  var writeVocabulary: String?

  @Flag(help: "Replace the destination if it exists.")
  var force = false

  @Flag(help: "Show what would become of each tensor, and write nothing.")
  var dryRun = false

  @OptionGroup(title: "Other frameworks") var foreign: ImportOptions

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: OutputOptions

  func validate() throws {
    if to == nil && ModelFormat(fileName: destination) == nil {
      throw ValidationError(
        "the name of '\(destination)' does not say what to write: let it end in .h5, .safetensors, .npz, .keras, .weights.h5, .pt or .onnx, or say --to."
      )
    }
    let format = to ?? ModelFormat(fileName: destination)
    if measure != nil && dtype == nil { throw ValidationError("--measure is for --dtype.") }
    if printLoader, let format, ![.pytorch, .torchSafetensors, .torchNPZ, .kerasWeights].contains(format) {
      throw ValidationError(
        "--print-loader is for pytorch, safetensors-torch, npz-torch and keras-weights: other files need nothing beside them."
      )
    }
    if compress, let format, format != .rnnH5 {
      throw ValidationError("--compress is for rnn-h5 files, not for \(format.rawValue).")
    }
  }

  func run() throws {
    if !dryRun {
      try Input.check(destination, isNoneOf: [source, measure].compactMap(\.self))
      try Input.check(destination, mayReplace: force)
      try AtomicFile.checkWritable(destination)
      if let writeVocabulary {
        try Input.check(writeVocabulary, isNoneOf: [source, destination, measure].compactMap(\.self))
        try Input.check(writeVocabulary, mayReplace: force)
        try AtomicFile.checkWritable(writeVocabulary)
      }
    }
    if trust.untrusted, let found = try from ?? ModelFormat(of: source, through: trust.quarantine) {
      try trust.check(source, found)
    }
    var converter = Converter(
      from: from, to: to, writer: ModelWriter(compresses: compress), isDryRun: dryRun, quarantine: trust.quarantine,
      type: dtype, score: try measure.map(Self.scorer))
    converter.choices = try foreign.choices()
    converter.isLossless = lossless
    if !foreign.isEmpty, try converter.isWhole(source) {
      throw ImportOptions.notNeeded(for: source)
    }
    converter.approve = { [source, writeVocabulary] report in
      guard let writeVocabulary else { return }
      guard let vocabulary = report.vocabulary else {
        throw Failure(
          "'\(source.printable)' has no vocabulary that could be written to '\(writeVocabulary.printable)': say it with --vocabulary",
          code: Failure.refused)
      }
      do { _ = try VocabularyWriter.text(of: vocabulary, forFile: writeVocabulary) } catch {
        throw Failure(
          "\(error): let the name of '\(writeVocabulary.printable)' end in something else", code: Failure.refused)
      }
    }
    let report = try LongWork.announce("converting \(source)", isQuiet: speech.quiet) {
      try converter.convert(source, to: destination)
    }
    if let writeVocabulary, let vocabulary = report.vocabulary, !dryRun {
      try VocabularyWriter.write(vocabulary, to: writeVocabulary)
    }
    if printLoader { return try Terminal.write(Array((report.loader ?? "").utf8)) }
    if speech.json {
      return try Terminal.print(
        .object([
          "source": .string(source), "destination": .string(destination), "from": .string(report.from.rawValue),
          "to": .string(report.to.rawValue), "model_id": .string(report.modelID), "written": .bool(!dryRun),
          "assumed": .array(report.assumptions.map { .string($0.text) }),
          "lost": .array(report.lost.map { .string($0) }),
          "largest_difference": report.difference.map { .number($0) } ?? .null,
          "vocabulary": dryRun ? .null : writeVocabulary.map { .string($0) } ?? .null,
          "rounding": report.rounding.map(Self.json) ?? .null,
          "tensors": .array(
            report.tensors.map { tensor in
              [
                "source": .string(tensor.source), "destination": .string(tensor.destination),
                "type": .string(tensor.description.type.rawValue),
                "shape": .array(tensor.description.shape.map { .integer($0) }),
              ]
            }),
        ]))
    }
    if dryRun {
      try Terminal.print(
        Format.table(
          report.tensors.map {
            [
              $0.source, "->", $0.destination, $0.description.type.rawValue,
              $0.description.shape.map(String.init).joined(separator: " x "),
            ]
          }))
    }
    guard !speech.quiet else { return }
    let verb = dryRun ? "would be converted" : "converted and read back"
    try Terminal.print(
      "\(verb) from \(report.from.rawValue) to \(report.to.rawValue): \(report.tensors.count) tensors, model_id \(report.modelID)"
    )
    if let difference = report.difference {
      try Terminal.print(
        "both run on \(OutputCheck.sequenceCount) random sequences: largest difference \(difference == 0 ? "0" : Format.short(difference))"
      )
    }
    for assumption in report.assumptions { try Terminal.print("assumed: \(assumption.text)") }
    for lost in report.lost { try Terminal.print("left behind: \(lost)") }
    if let rounding = report.rounding { try Terminal.print(Self.describe(rounding)) }
  }

  private static func describe(_ rounding: Rounding) -> String {
    var text = "rounded to \(rounding.type.rawValue):"
    if let difference = rounding.proofDifference {
      text += " the proof's log-probabilities differ by up to \(Format.short(difference)) nats"
    } else {
      text += " the model has no proof to compare"
    }
    if let before = rounding.before, let after = rounding.after {
      let change = after.perplexity / before.perplexity - 1
      text +=
        "; perplexity \(Format.number(before.perplexity, 4)) before, \(Format.number(after.perplexity, 4)) after "
        + "(\(change < 0 ? "" : "+")\(Format.number(100 * change, 3))%)"
    }
    return text
  }

  private static func json(_ rounding: Rounding) -> JSONValue {
    .object([
      "type": .string(rounding.type.rawValue),
      "proof_difference": rounding.proofDifference.map { .number($0) } ?? .null,
      "perplexity_before": rounding.before.map { .number($0.perplexity) } ?? .null,
      "perplexity_after": rounding.after.map { .number($0.perplexity) } ?? .null,
    ])
  }

  /// Scores models on a text, which is read now.
  private static func scorer(of path: String) throws -> @Sendable (Model) throws -> Score {
    let text = try Input.texts([path])
    let hash = Hash.sha256(text)
    return { model in
      guard let vocabulary = model.vocabulary else { throw EvaluationError.noVocabulary }
      let result = try Evaluation(vocabulary: vocabulary).run(text) { try model.languageModel(streams: $0) }
      return Score(corpusSHA256: hash, tokens: result.tokens, nats: result.nats)
    }
  }
}

extension ModelFormat: ExpressibleByArgument {}
extension TensorType: ExpressibleByArgument {
  /// Takes the name of a type that parameters of networks can have.
  public init?(argument: String) {
    guard let type = Self.reals.first(where: { $0.rawValue == argument }) else { return nil }
    self = type
  }

  /// Their names.
  public static var allValueStrings: [String] { reals.map(\.rawValue) }
}
