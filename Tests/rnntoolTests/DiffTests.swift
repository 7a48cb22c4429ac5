import Foundation
import RNNFormat
import Testing

/// What `diff` says of models whose difference is known.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct DiffTests {
  private func train(_ scratch: Scratch, _ name: String, _ flags: [String] = []) throws -> String {
    let text = try scratch.file("text", Samples.text)
    let run = try Program.run(["train", text, "-o", scratch.path(name), "--force"] + Samples.brief + flags)
    #expect(run.code == 0, "\(run.errors)")
    return scratch.path(name)
  }

  @Test func aModelIsTheSameAsItself() throws {
    let scratch = try Scratch()
    let model = try train(scratch, "a.h5")
    let run = try Program.run(["diff", model, model, "--text", scratch.path("text"), "--json"])
    #expect(run.code == 0, "\(run.errors)")
    #expect(
      (run.json.object ?? [:]).keys.sorted() == [
        "architecture", "documents", "first", "model_only", "outputs", "same", "second", "tensors", "tolerance",
        "vocabulary",
      ])
    #expect(run.json["same"] == true && run.json["documents"] == [])
    #expect(run.json["tensors"]?.array?.allSatisfy { $0["outcome"] == "identical" } == true)
    #expect(run.json["outputs"]?["largest"] == 0 && run.json["outputs"]?["agreement"] == 1)
    #expect(try Program.run(["diff", model, model]).text.hasSuffix("the same\n"))
    #expect(try Program.run(["diff", model, model, "--quiet"]).output.isEmpty)
  }

  @Test func anotherSeedGivesOtherNumbers() throws {
    let scratch = try Scratch()
    let (first, second) = (try train(scratch, "a.h5", ["--seed", "1"]), try train(scratch, "b.h5", ["--seed", "2"]))
    let run = try Program.run(["diff", first, second, "--text", scratch.path("text"), "--json"])
    #expect(run.code == 1 && run.errors.isEmpty)
    #expect(run.json["same"] == false && run.json["architecture"]?["keys"] == [])
    let tensor = try #require(run.json["tensors"]?.array?.first { $0["path"] == "output/weights" })
    func values(_ model: String) throws -> [Double] {
      try #require(Program.run(["tensor", model, "output/weights", "--json"]).json["values"]?.array).compactMap(
        \.number)
    }
    let differences = zip(try values(first), try values(second)).map { $1 - $0 }
    let largest = try #require(tensor["largest"]?.number)
    #expect(abs(largest - (differences.map(abs).max() ?? 0)) < 1e-12)
    let place = try #require(tensor["place"]?.integer)
    #expect(abs(abs(differences[place]) - largest) < 1e-12)
    let squares = differences.reduce(0) { $0 + $1 * $1 }
    #expect(
      abs(try #require(tensor["root_mean_square"]?.number) - (squares / Double(differences.count)).squareRoot()) < 1e-9)
    let outputs = try #require(run.json["outputs"])
    #expect(try #require(outputs["divergence_of_second"]?.number) > 0)
    #expect(outputs["predictions"]?.integer == Samples.text.count - 1)
    // The losses are those of 'evaluate'.
    for (model, key) in [(first, "first_loss"), (second, "second_loss")] {
      let score = try Program.run(["evaluate", model, scratch.path("text"), "--json"]).json.array?.first
      #expect(
        abs(try #require(outputs[key]?.number) - (try #require(score?["nats_per_token"]?.number))) < 1e-5)
    }
    // A tolerance that is larger than every difference.
    #expect(try Program.run(["diff", first, second, "--tolerance", "100", "--model-only", "--quiet"]).code == 0)
    let shown = try Program.run(["diff", first, second])
    #expect(shown.code == 1 && shown.text.contains(" tensors identical"))
    #expect(shown.text.contains("output/weights") && shown.text.hasSuffix("different\n"))
  }

  @Test func otherShapesAndLayersAreNamed() throws {
    let scratch = try Scratch()
    let first = try train(scratch, "a.h5")
    let second = try train(scratch, "b.h5", ["--hidden", "6", "--layers", "2"])
    let run = try Program.run(["diff", first, second])
    #expect(run.code == 1)
    #expect(run.text.contains("layer lstm_2: only in the second") && run.text.contains("layers/lstm_1/outputs: 8 -> 6"))
    #expect(run.text.contains("lstm_1/recurrent_weights: shape [4, 8, 8] -> [4, 6, 6]"))
    let text = try Program.run(["diff", first, second, "--text", scratch.path("text"), "--json"])
    #expect(text.code == 1 && text.json["outputs"]?["predictions"]?.integer == Samples.text.count - 1)
  }

  @Test func vocabulariesAreCompared() throws {
    let scratch = try Scratch()
    let first = try train(scratch, "a.h5")
    let text = try scratch.file(
      "other", Array(String(decoding: Samples.text, as: UTF8.self).replacing("q", with: "ö").utf8))
    let run = try Program.run(["train", text, "-o", scratch.path("b.h5")] + Samples.brief)
    #expect(run.code == 0)
    let found = try Program.run(["diff", first, scratch.path("b.h5"), "--model-only"])
    #expect(found.code == 1 && found.text.contains("1 token only in the first: 'q'"))
    #expect(found.text.contains("1 token only in the second: 'ö'") && found.text.contains("with other ids"))
    let refused = try Program.run(["diff", first, scratch.path("b.h5"), "--text", text])
    #expect(refused.code == 1)
    expectOneSentence(refused)
  }

  @Test(arguments: ["b.onnx", "b.keras", "b.safetensors", "b.npz"])
  func aModelIsTheSameInAnotherFormat(name: String) throws {
    let scratch = try Scratch()
    let model = try train(scratch, "a.h5")
    #expect(try Program.run(["convert", model, scratch.path(name)]).code == 0)
    let run = try Program.run([
      "diff", model, scratch.path(name), "--model-only", "--tolerance", "1e-6", "--text", scratch.path("text"),
      "--json",
    ])
    #expect(run.code == 0, "\(run.text)\(run.errors)")
    #expect(run.json["tensors"]?.array?.isEmpty == false)
    #expect(run.json["outputs"]?["predictions"]?.integer == Samples.text.count - 1)
  }

  /// PyTorch's layers have two biases, of which the second one is zero: other parameters, and the same predictions.
  @Test func aSecondBiasIsNamedAndChangesNothing() throws {
    let scratch = try Scratch()
    let model = try train(scratch, "a.h5")
    #expect(try Program.run(["convert", model, scratch.path("b.pt")]).code == 0)
    let run = try Program.run(["diff", model, scratch.path("b.pt"), "--text", scratch.path("text"), "--json"])
    #expect(run.code == 1 && run.json["documents"] == .null)
    #expect(run.json["architecture"]?["keys"]?.array?.contains { $0["second"] == true } == true)
    #expect(run.json["tensors"]?.array?.contains { $0["outcome"] == "only_second" } == true)
    #expect(try #require(run.json["outputs"]?["largest"]?.number) < 1e-5)
    #expect(run.json["second"]?["assumed"]?.array?.isEmpty == false)
  }

  @Test func roundedNumbersDifferALittle() throws {
    let scratch = try Scratch()
    let model = try train(scratch, "a.h5")
    #expect(try Program.run(["convert", model, scratch.path("half.h5"), "--dtype", "float16"]).code == 0)
    let run = try Program.run(["diff", model, scratch.path("half.h5"), "--model-only", "--json"])
    #expect(run.code == 1)
    let largest = (run.json["tensors"]?.array ?? []).compactMap { $0["largest"]?.number }.max() ?? 0
    #expect(largest > 0 && largest < 2e-3)
    #expect(try Program.run(["diff", model, scratch.path("half.h5"), "--model-only", "--tolerance", "2e-3"]).code == 0)
  }

  @Test func whatIsNoModelIsRefused() throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    let refused = try Program.run(["diff", Samples.golden("lstm.h5"), text])
    #expect(refused.code == 1)
    expectOneSentence(refused)
    let missing = try Program.run(["diff", Samples.golden("lstm.h5"), scratch.path("none.h5")])
    #expect(missing.code == 2)
    expectOneSentence(missing)
    #expect(try Program.run(["diff", text, text, "--tolerance=-1"]).code == 64)
  }
}
