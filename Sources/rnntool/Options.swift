import ArgumentParser
import RNNModel

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

extension Vocabulary.Kind: ExpressibleByArgument {}
extension Vocabulary.Normalisation: ExpressibleByArgument {}
extension Vocabulary.UnknownSymbols: ExpressibleByArgument {}
