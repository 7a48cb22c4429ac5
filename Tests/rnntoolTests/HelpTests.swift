import Foundation
import RNNFormat
import Testing

/// What the program says about itself, and to those who have mistyped something.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct HelpTests {
  private static let folder = Samples.repository.appending(path: "fixtures/help").path

  /// `tools/help-pages` writes these pages anew after a change of the flags.
  private static var pages: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".txt") }.sorted()
  }

  /// The commands that the overview lists.
  private static func commands() throws -> [String] {
    let lines = try Program.run(["--help"]).text.split(separator: "\n")
    let start = try #require(lines.firstIndex(of: "SUBCOMMANDS:"))
    // Names begin after two spaces; what goes on with a line further to the right; "See" with a capital letter.
    return lines[(start + 1)...].filter { $0.hasPrefix("  ") && $0.dropFirst(2).first?.isLowercase == true }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
  }

  @Test func everyCommandHasAPage() throws {
    #expect(Self.pages == (try Self.commands() + ["rnntool"]).map { $0 + ".txt" }.sorted())
  }

  @Test(arguments: HelpTests.pages)
  func helpIsWhatWasLookedAt(page: String) throws {
    let name = String(page.dropLast(4))
    let run = try Program.run(name == "rnntool" ? ["--help"] : [name, "--help"])
    let expected = try String(contentsOfFile: "\(Self.folder)/\(page)", encoding: .utf8)
    #expect(run.code == 0 && run.text == expected, "run tools/help-pages and look at what has changed")
  }

  @Test(arguments: ["formats", "vocabularies", "presets", "statistics", "environment", "exit-codes"])
  func topicsAreExplained(topic: String) throws {
    let run = try Program.run(["help", topic])
    #expect(run.code == 0 && run.errors.isEmpty && run.text.split(separator: "\n").count > 4)
    #expect(try Program.run(["--help"]).text.contains(topic))
  }

  @Test func formatsAreThoseOfTheProgram() throws {
    let text = try Program.run(["help", "formats"]).text
    for name in ["rnn-h5", "safetensors", "npz", "keras-h5", "pytorch", "onnx", "torch7", ".safetensors"] {
      #expect(text.contains(name))
    }
  }

  @Test(arguments: [
    (["inspct", "m.h5"], "(did you mean 'inspect'?)"), (["sampel"], "(did you mean 'sample'?)"),
    (["help", "format"], "(did you mean 'formats'?)"), (["Train"], "(did you mean 'train'?)"),
    (["xyzzy"], "there is no command 'xyzzy': "), (["help", "xyzzy"], "there is no command or topic 'xyzzy': "),
  ])
  func mistypedCommandsAreGuessed(arguments: [String], says: String) throws {
    let run = try Program.run(arguments)
    #expect(run.code == 64)
    expectOneSentence(run)
    #expect(run.errors.contains(says), "\(run.errors)")
  }

  @Test func mistypedTensorsFlagsAndValuesAreGuessed() throws {
    let model = Samples.golden("lstm.h5")
    let path = try #require(
      try Program.run(["inspect", model, "--json"]).json["tensors"]?.array?.first?["path"]?.string)
    let tensor = try Program.run(["tensor", model, path + "x"])
    #expect(tensor.code == 1 && tensor.errors.contains("did you mean '\(path)'?"))
    expectOneSentence(tensor)
    let flag = try Program.run(["inspect", model, "--tensor"])
    #expect(flag.code == 64 && flag.errors.contains("--tensors"), "\(flag.errors)")
    let preset = try Program.run(["train", "t", "-o", "m", "--preset", "char-rn"])
    #expect(preset.code == 64 && preset.errors.contains("char-rnn"), "\(preset.errors)")
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func shellsCanComplete(shell: String) throws {
    let run = try Program.run(["--generate-completion-script", shell])
    #expect(run.code == 0)
    for command in try Self.commands() { #expect(run.text.contains(command), "\(command)") }
    #expect(run.text.contains("statistics") && run.text.contains("tolerance"))
  }
}
