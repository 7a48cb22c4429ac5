import ArgumentParser
import RNNFormat
import RNNModel

/// `rnntool card`
struct CardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "card", abstract: "Write a model card: a page of Markdown for people, from what the file says.",
    discussion: """
      The page has a header of YAML as model hubs read it, and says what the model is, what it was trained on and how, how it scores, where it comes from, and how to use and check it. Everything in it comes
      from the file; what the file does not say is left out, and listed at the end.

      Examples:
        rnntool card book.h5
        rnntool card book.h5 --output README.md
      """)

  @Argument(help: "The model file.")
  var model: String

  @Option(name: .shortAndLong, help: "Where the page goes. Default: it is printed.")
  var output: String?

  @Flag(help: "Replace the output if it exists.")
  var force = false

  @OptionGroup(title: "Trust") var trust: TrustOptions

  func run() throws {
    if let output {
      try Input.check(output, isNoneOf: [model])
      try Input.check(output, mayReplace: force)
    }
    let file = try Input.model(model, through: trust.quarantine)
    let name = String(model.split(separator: "/").last ?? "model.h5")
    let text = ModelCard(file, name: name).markdown
    if let output {
      try AtomicFile.write(Array(text.utf8), to: output)
    } else {
      try Terminal.write(Array(text.utf8))
    }
  }
}
