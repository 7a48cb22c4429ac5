import ArgumentParser
import Foundation
import RNNConversion
import RNNFormat

/// `rnntool migrate`
struct MigrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Write model files of older versions of the format anew.",
    discussion: """
      Files of every version stay readable, so nothing has to be migrated. What is gets the specification and the schemas of the present version, the same model_id, and an event in its
      lineage. Nothing is written for a file that has the present version. docs/VERSIONS.md says what versions promise.

      Examples:
        rnntool migrate old.h5 --output new.h5
        rnntool migrate --in-place archive/*.h5
      """)

  @Argument(help: "The model files.")
  var models: [String]

  @Option(name: .shortAndLong, help: "Where the new file goes, for one model.")
  var output: String?

  @Flag(help: "Replace each file by the new one, all at once.")
  var inPlace = false

  @Flag(help: "Replace the output if it exists, or a file that has a signature, which is void then.")
  var force = false

  @OptionGroup(title: "Output") var speech: OutputOptions

  func validate() throws {
    if models.isEmpty { throw ValidationError("name at least one model file.") }
    if (output != nil) == inPlace { throw ValidationError("say either --output FILE or --in-place.") }
    if output != nil && models.count > 1 { throw ValidationError("--output is for one model.") }
  }

  /// A new file has another content, for which the old signature says nothing.
  private func checkSignature(of model: String) throws {
    let signature = SignCommand.signaturePath(of: model)
    if !force, FileManager.default.fileExists(atPath: signature) {
      throw Failure(
        "'\(model.printable)' has a signature, '\(signature.printable)', which would be void: write a new file with --output, or say --force and sign again",
        code: Failure.refused)
    }
  }

  func run() throws {
    if let output {
      try Input.check(output, isNoneOf: models)
      try Input.check(output, mayReplace: force)
    }
    var results: [JSONValue] = []
    var worst: Int32 = 0
    for model in models {
      do {
        if inPlace { try checkSignature(of: model) }
        let report = try LongWork.announce("migrating \(model)", isQuiet: speech.quiet) {
          try Migration.run(model, to: output ?? model)
        }
        let isDone = report.from != report.to
        results.append([
          "file": .string(model), "from": .string(report.from), "to": .string(report.to), "written": .bool(isDone),
          "model_id": .string(report.modelID),
        ])
        if !speech.json && !speech.quiet {
          let what = isDone ? "from \(report.from) to \(report.to), the same model" : "has version \(report.to) already"
          try Terminal.print("\(model.printable): \(what)")
        }
      } catch {
        // The other files still get their turn.
        guard let failure = Failure(error) else { throw error }
        worst = max(worst, failure.code)
        Terminal.error(failure.message)
        results.append(["file": .string(model), "error": .string(failure.message)])
      }
    }
    if speech.json { try Terminal.print(.array(results)) }
    if worst != 0 { throw ExitCode(worst) }
  }
}
