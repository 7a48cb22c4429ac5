import Foundation
import RNNFormat
import Testing

/// What `inspect` shows, held against what is in the files.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct InspectionTests {
  private func trained(_ scratch: Scratch, _ name: String = "m.h5", flags: [String] = []) throws -> String {
    let text = try scratch.file("text", Samples.text)
    let run = try Program.run(["train", text, "-o", scratch.path(name)] + Samples.brief + flags)
    #expect(run.code == 0, "\(run.errors)")
    return scratch.path(name)
  }

  @Test func oneScreenSaysWhatTheModelIs() throws {
    let scratch = try Scratch()
    let model = try trained(scratch)
    let run = try Program.run(["inspect", model])
    #expect(run.code == 0 && run.errors.isEmpty)
    let lines = run.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count < 40)
    for start in [
      "model ", "identity ", "format ", "size ", "vocabulary ", "corpus ", "training ", "lineage ", "proof ",
    ] {
      #expect(lines.contains { $0.hasPrefix(start) }, "\(start)")
    }
    // The most frequent tokens: the text has 8 spaces, 4 o and 3 e a line.
    #expect(run.text.contains("' ' 'o' 'e' "))
    #expect(run.text.contains("↻  lstm_1  lstm") && run.text.contains("│ 8\n"))
    #expect(run.text.contains("▼ softmax: the probability of each next token") && run.text.contains("validation loss"))
  }

  @Test func statisticsAreThoseOfTheNumbers() throws {
    let scratch = try Scratch()
    let model = try trained(scratch)
    let run = try Program.run(["inspect", model, "--statistics", "--json"])
    #expect(run.code == 0, "\(run.errors)")
    let tensors = try #require(run.json["tensors"]?.array)
    for tensor in tensors {
      let path = try #require(tensor["path"]?.string)
      let printed = try Program.run(["tensor", model, path, "--json"]).json
      let values = try #require(printed["values"]?.array).compactMap(\.number)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      let figures = try #require(tensor["statistics"])
      #expect(abs(try #require(figures["mean"]?.number) - mean) < 1e-9)
      #expect(abs(try #require(figures["deviation"]?.number) - variance.squareRoot()) < 1e-9)
      #expect(figures["minimum"]?.number == values.min() && figures["maximum"]?.number == values.max())
      #expect(figures["zeros"]?.integer == values.count { $0 == 0 } && figures["non_finite"] == 0)
      let counts = try #require(figures["histogram"]?["counts"]?.array).compactMap(\.integer)
      #expect(counts.reduce(0, +) == values.count)
      #expect(figures["histogram"]?["edges"]?.array?.count == counts.count + 1)
    }
    let recurrent = try #require(tensors.first { $0["path"] == "lstm_1/recurrent_weights" })
    #expect(recurrent["axes"] == ["gate", "hidden", "hidden"])
    #expect(recurrent["gates"] == ["input", "forget", "candidate", "output"])
    for gate in ["input", "forget", "candidate", "output"] {
      let norm = try #require(recurrent["statistics"]?["gates"]?[gate]?["spectral_norm"]?.number)
      #expect(norm > 0 && norm < 10)
    }
    let table = try Program.run(["inspect", model, "--statistics"]).text
    #expect(table.contains("lstm_1/recurrent_weights forget") && table.contains("not finite"))
  }

  @Test func tokensAreListedAndFound() throws {
    let scratch = try Scratch()
    let model = try trained(scratch)
    let all = try Program.run(["inspect", model, "--tokens", "--json"]).json["vocabulary"]
    let listing = try #require(all?["listing"]?.array)
    #expect(listing.count == all?["tokens"]?.integer)
    #expect(listing.map { $0["id"]?.integer } == Array(0..<listing.count))
    let space = try #require(listing.first { $0["token"] == " " })
    // The training part of the text; the rest of it is held out.
    let count = try #require(space["count"]?.integer)
    #expect(space["bytes"] == [32] && (200...320).contains(count))
    let found = try Program.run(["inspect", model, "--find", "q", "--json"]).json["vocabulary"]?["listing"]?.array
    #expect(found?.count == 1 && found?.first?["token"] == "q")
    #expect(try Program.run(["inspect", model, "--find", "Q"]).text.hasSuffix("no token\n"))
    #expect(try Program.run(["inspect", model, "--json"]).json["vocabulary"]?["listing"] == nil)
  }

  @Test func historyIsDrawn() throws {
    let scratch = try Scratch()
    let model = try trained(scratch)
    let text = try Program.run(["inspect", model, "--history"]).text
    let curve = try #require(text.split(separator: "\n").first { $0.hasPrefix("valid_loss ") && $0.contains("▕") })
    // The loss falls from the first validation to the last.
    #expect(curve.contains("▕█") && curve.contains("▁▏"))
  }

  @Test(arguments: ["b.pt", "b.onnx", "b.keras", "b.safetensors", "b.npz", "b.keras.h5"])
  func filesOfOtherFormatsAreShownAsWhatTheyBecome(name: String) throws {
    let scratch = try Scratch()
    let model = try trained(scratch)
    let other = scratch.path(name)
    let converted = try Program.run(["convert", model, other])
    #expect(converted.code == 0, "\(converted.errors)")
    let own = try Program.run(["inspect", model, "--json"]).json
    let run = try Program.run(["inspect", other, "--json"])
    #expect(run.code == 0, "\(run.errors)")
    // PyTorch's layers have a second bias.
    #expect(name == "b.pt" || run.json["parameters"] == own["parameters"])
    #expect(run.json["format"] != "rnn-h5")
    let isWhole = name.hasSuffix("safetensors") || name.hasSuffix("npz")
    #expect(run.json["model_id"] == (isWhole ? own["model_id"] : .null))
    // An ONNX file of ours says everything in its own way.
    let saysAll = isWhole || name == "b.onnx"
    #expect(saysAll == (run.json["assumed"]?.array?.isEmpty ?? true))
    #expect(run.json["tensors"]?.array?.allSatisfy { $0["source"]?.string != nil } == true)
    let shown = try Program.run(["inspect", other, "--tensors", "--statistics"])
    #expect(shown.code == 0 && shown.text.contains("lstm") && shown.text.contains("▕"))
    #expect(saysAll != shown.text.contains("assumed: "))
    // The numbers have been read, so that there is an identity.
    #expect(try Program.run(["inspect", other, "--statistics", "--json"]).json["model_id"]?.string?.count == 64)
  }

  @Test func optionsAreOnlyForFilesThatLeaveSomethingOpen() throws {
    let run = try Program.run(["inspect", Samples.golden("lstm.h5"), "--forget-bias", "1"])
    #expect(run.code == 64)
    expectOneSentence(run)
  }

  @Test func everyGoldenFileIsShown() throws {
    let folder = Samples.repository.appending(path: "fixtures/golden").path
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where name.hasSuffix(".h5") {
      let run = try Program.run(
        ["inspect", Samples.golden(name), "--tensors", "--statistics", "--history", "--tokens", "--metadata"])
      #expect(run.code == 0 && run.text.contains("▼ "), "\(name): \(run.errors)")
    }
  }

  /// Weights that are not numbers: the file is not valid, and still can be looked at.
  @Test func brokenNumbersAreCounted() throws {
    for name in ["parameter_nan.h5", "parameter_infinite.h5"] {
      let path = Samples.repository.appending(path: "fixtures/hostile/\(name)").path
      let run = try Program.run(["inspect", path, "--statistics", "--json"])
      #expect(run.code == 0, "\(run.errors)")
      let found = (run.json["tensors"]?.array ?? []).compactMap { $0["statistics"]?["non_finite"]?.integer }
      #expect(found.contains { $0 > 0 }, "\(name)")
    }
  }
}
