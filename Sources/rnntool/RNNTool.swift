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
        rnntool convert book.h5 book.safetensors

      Exit codes: 0 done; 1 the answer is no (invalid, refused); 2 could not be done (missing file, disk full); 64 wrong
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
      var command = try parseAsRoot()
      try command.run()
    } catch {
      guard let failure = Failure(error) else { exit(withError: error) }
      Terminal.error(failure.message)
      exit(withError: ExitCode(failure.code))
    }
  }
}
