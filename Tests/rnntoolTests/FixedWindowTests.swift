import RNNFormat
import Testing

/// `rnntool train --model fixed-window`.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct FixedWindowTests {
  private static let flags = ["--model", "fixed-window", "--batch", "4", "--length", "8", "--steps", "60", "--quiet"]

  @Test func isTrainedEvaluatedSampledAndGoneOnWith() throws {
    let scratch = try Scratch()
    let (text, model) = (try scratch.file("text", Samples.text), scratch.path("model.h5"))
    let sizes = ["--window", "3", "--embedding", "4", "--hidden", "6", "--direct", "--keep-state"]
    #expect(try Program.run(["train", text, "-o", model] + Self.flags + sizes).code == 0)
    let file = try Program.run(["inspect", model, "--json"]).json
    let kinds = file["architecture"]?["layers"]?.array?.compactMap { $0["kind"]?.string }
    #expect(kinds == ["embedding", "delay", "linear", "activation", "concatenation", "linear"])
    #expect(try Program.run(["inspect", model]).text.contains("3 steps side by side"))
    #expect(try Program.run(["validate", model, "--level", "proof"]).code == 0)
    // With less than its vocabulary to choose from, a model that has learned something is not lost.
    let whole = try Program.run(["evaluate", model, text, "--json"]).json.array?[0]
    let tokens = file["vocabulary"]?["tokens"]?.number ?? 0
    #expect(whole?["perplexity"]?.number ?? .infinity < tokens)
    // What is read in pieces gives the same.
    let pieces = try Program.run(["evaluate", model, text, "--json", "--length", "5"]).json.array?[0]
    #expect(abs((whole?["nats"]?.number ?? 0) - (pieces?["nats"]?.number ?? 1)) < 1e-2)
    #expect(try Program.run(["sample", model, "--length", "20", "--seed", "1"]).code == 0)
    let more = try Program.run(
      ["train", "--resume", model, "--steps", "80", "--quiet", "--window", "3", "--keep-state"])
    #expect(more.code == 0, "\(more.errors)")
    let other = try Program.run(["train", "--resume", model, "--steps", "90", "--quiet", "--model", "rnn"])
    #expect(other.code == 64)
  }

  @Test(arguments: [
    ["--cell", "gru"], ["--layers", "2"], ["--tied"], ["--peepholes"], ["--embedding", "0"], ["--window", "0"],
    ["--window", "5000"], ["--locked-dropout"], ["--residual"], ["--forget-bias", "2"], ["--architecture", "a.json"],
  ])
  func refusesFlagsOfRecurrentLayers(flags: [String]) throws {
    let run = try Program.run(["train", "text", "-o", "model.h5"] + Self.flags + flags)
    #expect(run.code == 64, "\(run.errors)")
  }

  @Test(arguments: [["--window", "3"], ["--direct"]])
  func recurrentLayersHaveNoWindow(flags: [String]) throws {
    let run = try Program.run(["train", "text", "-o", "model.h5"] + flags)
    #expect(run.code == 64 && run.errors.contains("fixed-window"), "\(run.errors)")
  }
}
