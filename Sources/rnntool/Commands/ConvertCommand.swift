import ArgumentParser
import RNNConversion
import RNNFormat

/// `rnntool convert`
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Move a model to another file format, with proof.",
    discussion: """
      Formats: rnn-h5 (.h5), safetensors (.safetensors), npz (.npz). The source's format is found from its content, the destination's from its
      name. Every tensor arrives bit for bit, with vocabulary, metadata, history and proof; what was written is read back before it takes the destination's place,
      and has the same model_id.

      Examples:
        rnntool convert book.h5 book.safetensors
        rnntool convert book.npz book.h5 --compress
        rnntool convert book.h5 book.npz --dry-run
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

  @Flag(help: "Replace the destination if it exists.")
  var force = false

  @Flag(help: "Show what would become of each tensor, and write nothing.")
  var dryRun = false

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: OutputOptions

  func validate() throws {
    if to == nil && ModelFormat(fileName: destination) == nil {
      throw ValidationError(
        "the name of '\(destination)' does not end in .h5, .safetensors or .npz, the formats that rnntool writes: name it so, or say --to."
      )
    }
    let format = to ?? ModelFormat(fileName: destination)
    if compress, let format, format != .rnnH5 {
      throw ValidationError("--compress is for rnn-h5 files, not for \(format.rawValue).")
    }
  }

  func run() throws {
    if !dryRun {
      try Input.check(destination, isNoneOf: [source])
      try Input.check(destination, mayReplace: force)
      try AtomicFile.checkWritable(destination)
    }
    let report = try Converter(
      from: from, to: to, writer: ModelWriter(compresses: compress), isDryRun: dryRun, quarantine: trust.quarantine
    )
    .convert(source, to: destination)
    if speech.json {
      return try Terminal.print(
        .object([
          "source": .string(source), "destination": .string(destination), "from": .string(report.from.rawValue),
          "to": .string(report.to.rawValue), "model_id": .string(report.modelID), "written": .bool(!dryRun),
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
  }
}

extension ModelFormat: ExpressibleByArgument {}
