import ArgumentParser
import Foundation
import RNNConversion
import RNNFormat
import RNNModel
import Synchronization

/// How a command answers.
struct AnswerOptions: ParsableArguments {
  @Flag(help: "Print JSON with stable keys, for programs.")
  var json = false
}

/// How a command that takes its time speaks.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON with stable keys, for programs.")
  var json = false

  @Flag(name: .shortAndLong, help: "Say nothing but the result.")
  var quiet = false
}

/// How much a command believes of its files.
struct TrustOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Read HDF5 files in a process that has given up all its rights; for files of strangers.",
      discussion: "What it is protected by is said on standard error. See docs/SECURITY.md."))
  var untrusted = false

  /// What reads the files, if they are not trusted.
  var quarantine: Quarantine? {
    guard untrusted else { return nil }
    #if os(Linux)
      // This very program, also if it has been moved or replaced meanwhile.
      let program = "/proc/self/exe"
    #else
      let program = Bundle.main.executablePath ?? CommandLine.arguments[0]
    #endif
    return Quarantine(program: program) { Self.announce($0) }
  }

  /// Refuses to read a stranger's file in this process.
  func check(_ path: String, _ format: ModelFormat) throws(Failure) {
    guard untrusted, ![.rnnH5, .kerasH5, .keras, .kerasWeights, .elmo].contains(format) else { return }
    throw Failure(
      "--untrusted is for HDF5 files, and '\(path.printable)' is a file of the format \(format.rawValue), which this process would read itself",
      code: 64)
  }

  private static let isAnnounced = Atomic(false)

  /// Says once what the reading is protected by.
  private static func announce(_ report: Quarantine.Report) {
    guard !isAnnounced.exchange(true, ordering: .relaxed) else { return }
    let layers = [
      (Quarantine.Protection.limits, "at most \(report.memory >> 20) MB and \(report.seconds) s"),
      (.landlock, "no file or network (Landlock)"), (.seccomp, "few system calls (seccomp)"),
    ].filter { report.protection.contains($0.0) }.map(\.1)
    Terminal.note("read in a process of its own: \(layers.joined(separator: ", "))")
  }
}

extension Vocabulary.Kind: ExpressibleByArgument {}
extension Vocabulary.Normalisation: ExpressibleByArgument {}
extension Vocabulary.UnknownSymbols: ExpressibleByArgument {}
