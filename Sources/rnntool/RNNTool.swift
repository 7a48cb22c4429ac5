import ArgumentParser
import Foundation
import Kernels
import RNNFormat

/// The program: its commands, and how a run ends.
@main
struct RNNTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: Generator.name,
    abstract: "Trains, evaluates, samples, inspects and converts recurrent language models.",
    discussion: """
      A model is one HDF5 file: parameters, vocabulary, where it comes from, and the proof that it is read right.

      Examples:
        rnntool train book.txt -o book.h5 --minutes 2
        rnntool evaluate book.h5 other.txt
        rnntool sample book.h5 --prompt 'In the beginning' --top-p 0.95
        rnntool inspect book.h5
        rnntool validate book.h5
        rnntool diff book.h5 other.h5
        rnntool convert book.h5 book.safetensors

      Help about: \(HelpTopic.all.map(\.name).joined(separator: ", ")), as in 'rnntool help \(HelpTopic.all[0].name)'.
      --generate-completion-script bash, zsh or fish prints what makes the shell complete commands and flags.

      Exit codes: 0 done; 1 the answer is no (invalid, different, refused); 2 could not be done (missing file, disk full); 64 wrong \
      usage; 130 after Ctrl-C.
      """,
    version: Generator.text,
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, SampleCommand.self, LabelCommand.self, GenerationsCommand.self,
      CompareDecodingCommand.self, InspectCommand.self, DiffCommand.self, AnalyzeCommand.self, ConvertCommand.self,
      ValidateCommand.self, RunCommand.self, TensorCommand.self, MigrateCommand.self, SignCommand.self,
      VerifyCommand.self, CardCommand.self,
    ])

  static func main() {
    // First of all: that process must have one thread, and lose its rights before it does anything.
    if let status = Quarantine.serve(Array(CommandLine.arguments.dropFirst())) { Foundation.exit(status) }
    Interrupt.install()
    if let name = KernelLevel.refusedEnvironmentValue {
      Terminal.error("RNNTOOL_KERNELS is '\(name)', which is not a kernel level that this processor has")
      exit(withError: ExitCode(64))
    }
    do {
      if try answerHelp(Array(CommandLine.arguments.dropFirst())) { return }
      var command = try parseAsRoot()
      try command.run()
    } catch {
      guard let failure = Failure(error) else { exit(withError: error) }
      Terminal.error(failure.message)
      exit(withError: ExitCode(failure.code))
    }
  }

  /// Prints a page of help about a topic.
  ///
  /// - Returns: whether that was asked for.
  /// - Throws: ``Failure`` for a command or topic that does not exist.
  private static func answerHelp(_ words: [String]) throws -> Bool {
    let commands = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    if let first = words.first, !first.hasPrefix("-"), !commands.contains(first) {
      throw unknown("command", first, among: commands, "--help")
    }
    guard words.count == 2, words[0] == "help", !words[1].hasPrefix("-"), !commands.contains(words[1]) else {
      return false
    }
    guard let topic = HelpTopic.all.first(where: { $0.name == words[1] }) else {
      throw unknown("command or topic", words[1], among: commands + HelpTopic.all.map(\.name), "help")
    }
    try Terminal.print("\(topic.summary)\n\n\(topic.text)")
    return true
  }

  private static func unknown(_ what: String, _ word: String, among names: [String], _ help: String) -> Failure {
    Failure(
      "there is no \(what) '\(word)'\(Suggestion.remark(on: word, among: names)): 'rnntool \(help)' lists all", code: 64
    )
  }
}
