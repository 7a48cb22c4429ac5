import Foundation
import RNNFormat
import Testing

/// The commands of who keeps models: tensor, convert --dtype, migrate, sign, verify, card.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct ArchiveTests {
  @Test func takesPartsOfATensor() throws {
    let model = Samples.golden("lstm.h5")
    let whole = try Program.run(["tensor", model, "lstm_1/recurrent_weights", "--json"]).json
    let shape = whole["shape"]?.array?.compactMap(\.integer) ?? []
    let values = whole["values"]?.array?.compactMap(\.number) ?? []
    #expect(shape.count == 3 && values.count == shape.reduce(1, *))
    func part(_ text: String) throws -> [Double]? {
      try Program.run(["tensor", model, "lstm_1/recurrent_weights", "--part", text, "--json"]).json["values"]?.array?
        .compactMap(\.number)
    }
    let (rows, columns) = (shape[1], shape[2])
    #expect(try part("1") == Array(values[(rows * columns)..<(2 * rows * columns)]))
    #expect(try part("2,1,:") == Array(values[((2 * rows + 1) * columns)..<((2 * rows + 2) * columns)]))
    #expect(try part("0,1:3,2") == [values[columns + 2], values[2 * columns + 2]])
    for wrong in ["4", "0,0,0,0", "1:1", "x", "-1", ":,:,\(columns)", "0:1:2"] {
      let run = try Program.run(["tensor", model, "lstm_1/recurrent_weights", "--part=\(wrong)"])
      #expect(run.code == 64 && run.errors.contains("--part"), "\(wrong): \(run.errors)")
    }
    let missing = try Program.run(["tensor", model, "lstm_9/bias"])
    #expect(missing.code == 1 && missing.errors.contains("lstm_1/bias"))
    let scratch = try Scratch()
    let file = scratch.path("a.npy")
    #expect(try Program.run(["tensor", model, "/parameters/output/bias", "-o", file]).code == 0)
    #expect(try scratch.bytes("a.npy").starts(with: [0x93] + Array("NUMPY".utf8)))
  }

  @Test func roundsAndSaysWhatItCost() throws {
    let scratch = try Scratch()
    let (text, model, half) = (try scratch.file("text", Samples.text), scratch.path("m.h5"), scratch.path("half.h5"))
    #expect(try Program.run(["train", text, "-o", model] + Samples.brief).code == 0)
    let run = try Program.run(["convert", model, half, "--dtype", "bfloat16", "--measure", text])
    #expect(run.code == 0 && run.text.contains("rounded to bfloat16") && run.text.contains("perplexity"), "\(run)")
    let before = try Program.run(["evaluate", model, text, "--json"]).json.array?.first?["nats"]?.number
    let after = try Program.run(["evaluate", half, text, "--json"]).json.array?.first?["nats"]?.number
    let lineage = try #require(try Program.run(["inspect", half, "--json"]).json["lineage"]?.array)
    let effect = try #require(lineage.first { $0["event"] == "quantised" }?["effect"])
    #expect(abs(try #require(effect["nats_before"]?.number) - (try #require(before))) < 1e-3)
    #expect(abs(try #require(effect["nats_after"]?.number) - (try #require(after))) < 1e-3)
    #expect(try Program.run(["convert", model, scratch.path("x.h5"), "--measure", text]).code == 64)
  }

  @Test func writesTheVocabularyBesideTheModel() throws {
    let scratch = try Scratch()
    let model = Samples.golden("lstm.h5")
    for name in ["tokens.json", "tokens.py"] {
      let written = try Program.run(
        ["convert", model, scratch.path("a.pt"), "--force", "--write-vocabulary", scratch.path(name), "--json"])
      #expect(written.code == 0 && written.json["vocabulary"]?.string == scratch.path(name), "\(written.errors)")
      // Read again in place of the vocabulary that the parameters have not.
      let read = try Program.run(
        ["convert", scratch.path("a.pt"), scratch.path("b.h5"), "--force", "--vocabulary", scratch.path(name)])
      #expect(read.code == 0, "\(read.errors)")
      let cards = try [model, scratch.path("b.h5")].map {
        try Program.run(["inspect", $0, "--json"]).json["vocabulary"]
      }
      #expect(cards[0]?["size"] == cards[1]?["size"])
    }
    let again = try Program.run(
      ["convert", model, scratch.path("c.pt"), "--write-vocabulary", scratch.path("tokens.py")])
    #expect(again.code == 1 && again.errors.contains("exists already"))
    let none = try Program.run(
      ["convert", scratch.path("a.pt"), scratch.path("c.pt"), "--write-vocabulary", scratch.path("none.json")])
    #expect(none.code == 1 && none.errors.contains("has no vocabulary"), "\(none.errors)")
    #expect(scratch.names == ["a.pt", "b.h5", "tokens.json", "tokens.py"])
  }

  @Test func signsAndVerifies() throws {
    let scratch = try Scratch()
    let (model, key) = (scratch.path("m.h5"), scratch.path("me.pem"))
    try scratch.file("m.h5", Array(try Data(contentsOf: URL(filePath: Samples.golden("lstm.h5")))))
    #expect(try Program.run(["sign", "--new-key", key]).code == 0)
    #expect(scratch.names == ["m.h5", "me.pem", "me.pub.pem"])
    let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try Program.run(["sign", "--new-key", key]).code == 1, "a key is never replaced")
    #expect(try Program.run(["sign", model, "--key", key]).code == 0)
    #expect(try Program.run(["sign", model, "--key", key]).code == 1)
    let arguments = ["verify", model, "--key", scratch.path("me.pub.pem")]
    #expect(try Program.run(arguments).code == 0)
    #expect(try Program.run(arguments + ["--untrusted", "--json"]).json["valid"] == true)
    // One bit of a weight: the signature does not hold any more, and nobody signs such a file.
    var bytes = try scratch.bytes("m.h5")
    let tensor = try Program.run(["inspect", model, "--json"]).json["tensors"]?.array?.first
    bytes[try #require(tensor?["offset"]?.integer) + 1] ^= 1
    try scratch.file("m.h5", bytes)
    let broken = try Program.run(arguments)
    #expect(broken.code == 1 && broken.errors.contains("does not hold"))
    #expect(try Program.run(["sign", model, "--key", key, "--force"]).code == 1)
    #expect(try Program.run(["verify", model, "--key", key]).code == 1)
    #expect(try Program.run(["verify", model, "--key", scratch.path("nobody.pem")]).code == 2)
    #expect(try Program.run(["verify", model]).code == 64)
  }

  @Test func migratesOnlyWhatIsOld() throws {
    let scratch = try Scratch()
    let old = try scratch.file(
      "old.h5", Array(try Data(contentsOf: URL(filePath: Samples.golden("gru_reset_after.h5")))))
    let before = try Program.run(["inspect", old, "--json"]).json
    try #require(before["format_version"] == "1.0")
    #expect(try Program.run(["migrate", old, "-o", old]).code == 64, "it would be written over")
    let run = try Program.run(["migrate", "--in-place", old, scratch.path("none.h5"), "--json"])
    #expect(run.code == 2)
    #expect(run.json.array?.first?["written"] == true)
    let after = try Program.run(["inspect", old, "--json"]).json
    #expect(after["format_version"] == "1.2" && after["model_id"] == before["model_id"])
    #expect(try Program.run(["migrate", "--in-place", old, "--json"]).json.array?.first?["written"] == false)
    #expect(scratch.names == ["old.h5"])
  }

  @Test func writesACardOfWhatTheFileSays() throws {
    let scratch = try Scratch()
    let model = Samples.golden("lstm.h5")
    let printed = try Program.run(["card", model])
    #expect(printed.code == 0)
    let identity = try #require(try Program.run(["inspect", model, "--json"]).json["model_id"]?.string)
    #expect(printed.text.hasPrefix("---\n") && printed.text.contains(identity))
    #expect(printed.text.contains("| output | linear |") && printed.text.contains("Not said by the file:"))
    #expect(try Program.run(["card", model, "-o", scratch.path("README.md")]).code == 0)
    #expect(try scratch.bytes("README.md") == printed.output)
    #expect(try Program.run(["card", model, "-o", scratch.path("README.md")]).code == 1)
  }
}
