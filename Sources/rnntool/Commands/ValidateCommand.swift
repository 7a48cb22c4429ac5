import ArgumentParser
import RNNFormat

/// `rnntool validate`
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check a model file: structure, hashes, proof.",
    discussion: """
      Reports everything that is wrong at once, each with the identifier of the rule that it breaks. Exit code 0: valid; 1: not valid; 2: the file could not be read.

      Examples:
        rnntool validate book.h5
        rnntool validate *.h5 --level hashes
        rnntool validate book.h5 --json
        rnntool validate --rules
      """)

  @Argument(help: "The model files.")
  var models: [String] = []

  @Option(help: "How much to check: structure, hashes or proof; each includes the ones before it.")
  var level = ValidationLevel.proof

  @Flag(help: "List the rules instead.")
  var rules = false

  @OptionGroup(title: "Trust") var trust: TrustOptions

  @OptionGroup(title: "Output") var speech: OutputOptions

  func validate() throws {
    if models.isEmpty && !rules { throw ValidationError("name at least one model file.") }
    if !models.isEmpty && rules { throw ValidationError("--rules takes no files.") }
  }

  func run() throws {
    if rules { return try listRules() }
    var worst: Int32 = 0
    var results: [JSONValue] = []
    for path in models {
      do {
        let report = try LongWork.announce("validating \(path)", isQuiet: speech.quiet) {
          try Validator.validate(path, level: level, through: trust.quarantine)
        }
        worst = max(worst, report.isValid ? 0 : Failure.refused)
        if speech.json { results.append(json(report)) } else { try show(report) }
      } catch let error as FormatError {
        // The other files still get their answer.
        worst = max(worst, Failure.impossible)
        Terminal.error("\(error)")
        results.append(["file": .string(path), "valid": .null, "error": .string("\(error)")])
      }
    }
    if speech.json { try Terminal.print(.array(results)) }
    if worst != 0 { throw ExitCode(worst) }
  }

  private func show(_ report: ValidationReport) throws {
    for finding in report.findings where !(speech.quiet && finding.severity == .warning) {
      try Terminal.print("\(finding.severity.rawValue)  \(finding)")
    }
    let verdict: String
    if report.isValid {
      let proof = report.proofDifference.map { ", proof met to \(Format.short($0)) nats" } ?? ""
      verdict = "valid (\(report.level.rawValue)\(proof))"
    } else {
      verdict = "NOT valid"
    }
    try Terminal.print("\(report.file.printable): \(verdict)")
  }

  private func json(_ report: ValidationReport) -> JSONValue {
    .object([
      "file": .string(report.file), "valid": .bool(report.isValid), "level": .string(report.level.rawValue),
      "model_id": report.header.map { .string($0.modelID) } ?? .null,
      "proof_difference": report.proofDifference.map { .number($0) } ?? .null,
      "findings": .array(
        report.findings.map {
          [
            "rule": .string($0.rule), "severity": .string($0.severity.rawValue), "place": .string($0.place),
            "message": .string($0.message),
          ]
        }),
    ])
  }

  private func listRules() throws {
    let sorted = Rules.all.sorted { $0.key < $1.key }
    if speech.json {
      return try Terminal.print(
        .object(
          Dictionary(
            uniqueKeysWithValues: sorted.map {
              ($0.key, ["severity": .string($0.value.severity.rawValue), "says": .string($0.value.says)])
            })))
    }
    try Terminal.print(Format.table(sorted.map { [$0.key, $0.value.severity.rawValue, $0.value.says] }))
  }
}

extension ValidationLevel: ExpressibleByArgument {}
