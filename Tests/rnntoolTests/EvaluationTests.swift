import Foundation
import RNNFormat
import Testing

/// `evaluate`, run as people and scripts run it.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct EvaluationTests {
  private let scratch: Scratch
  private let text: String
  private let model: String

  init() throws {
    scratch = try Scratch()
    text = try scratch.file("text", Samples.text)
    model = scratch.path("model.h5")
    let words = ["--vocabulary", "words", "--normalisation", "whitespace", "--keep-state"]
    try #require(try Program.run(["train", text, "-o", model] + words + Samples.brief).code == 0)
  }

  private func first(_ arguments: [String]) throws -> JSONValue {
    let run = try Program.run(["evaluate"] + arguments + ["--json"])
    #expect(run.code == 0, "\(run.errors)")
    return try #require(run.json.array?.first)
  }

  @Test func protocolsAreChosenByNameAndChangedByFlags() throws {
    let own = try first([model, text])
    #expect(own["protocol"]?["name"] == "stream" && own["tokens"] == 399)
    let sentences = try first([model, text, "--protocol", "sentence"])
    #expect(sentences["tokens"] == 400 && sentences["line_ends"] == 40 && sentences["context_tokens"] == 0)
    #expect(sentences["protocol"]?["cut"] == "lines" && sentences["protocol"]?["start"] == "line-end")
    let ppl1 = try first([model, text, "--protocol", "srilm", "--divisor", "without-line-ends"])
    #expect(ppl1["divisor"] == 360 && ppl1["perplexity"] == sentences["perplexity_without_line_ends"])
    let rest = try first([model, text, "--protocol", "word-language-model", "--batch", "7"])
    #expect(rest["tokens"] == 392 && rest["dropped_tokens"] == 1 && rest["context_tokens"] == 7)
    let windows = try first([model, text, "--protocol", "window", "--window", "8", "--stride", "8", "--context", "4"])
    #expect(windows["tokens"] == 200)
  }

  @Test func unknownWordsAreCountedOrNot() throws {
    let other = try scratch.file("other", Array("The quick zebra jumps\nThe lazy dog.\n".utf8))
    let scored = try first([model, other, "--protocol", "kenlm"])
    let excluded = try first([model, other, "--protocol", "srilm"])
    #expect(scored["unknown"] == 1 && scored["tokens"] == 9 && excluded["tokens"] == 8)
    let (with, without) = (scored["perplexity_with_unknown"]?.number, excluded["perplexity_with_unknown"]?.number)
    #expect(abs(try #require(with) - #require(without)) < 1e-9)
    let shown = try Program.run(["evaluate", model, other, "--protocol", "srilm"]).text
    #expect(shown.contains("not counted") && shown.contains("with unknown tokens"))
  }

  @Test func whatContradictsItselfIsRefused() throws {
    for arguments in [
      ["--protocol", "perplexity"], ["--protocol", "window", "--stride", "500"],
      ["--protocol", "sentence", "--part", "test"],
      ["--batch", "0"], ["--divisor", "all"], ["--part", "training"], ["--dynamic", "rms"], ["--dynamic-rate", "1"],
      ["--dynamic", "sgd", "--dynamic-rate", "-1"], ["--cache", "0"], ["--cache-theta", "1"],
      ["--cache", "10", "--cache-lambda", "1"], ["--cache", "5", "--dynamic", "sgd"], ["--mix", model],
      ["--mix", "\(model)=1"], ["--mix", "\(model)=0.5", "--mix", "\(model)=0.5"], ["--mix", "\(model)=0"],
      ["--mix-fit", text], ["--mix", "\(model)=0.5", "--mix-fit", text], ["--receipt", "--untrusted"],
    ] { #expect(try Program.run(["evaluate", model, text] + arguments).code == 64, "\(arguments)") }
    let run = try Program.run(["evaluate", model, text, "--window", "0"])
    #expect(run.code == 1 && run.errors.contains("window"))
  }

  @Test func severalModelsAndTextsMakeATable() throws {
    let other = scratch.path("characters.h5")
    #expect(try Program.run(["train", text, "-o", other] + Samples.brief).code == 0)
    let arguments = [
      "evaluate", model, other, "--text", text, "--text", try scratch.file("b", Samples.text.suffix(90)),
    ]
    let run = try Program.run(arguments + ["--json"])
    let results = try #require(run.json.array)
    #expect(results.map { $0["model"]?.string } == [model, model, other, other])
    #expect(results.map { $0["bytes"]?.integer } == [1797, 87, 1799, 89])
    let table = try Program.run(arguments).text
    #expect(table.split(separator: "\n").count == 5 && table.contains("bits/byte"))
    let missing = try Program.run(["evaluate", model, scratch.path("none"), "--text", text, "--json"])
    #expect(missing.code == 2 && missing.json.array?.count == 2 && missing.json.array?.last?["error"] != nil)
  }

  @Test func receiptsAreKeptInTheFile() throws {
    let before = try Program.run(["inspect", model, "--json"]).json
    try scratch.file("model.h5.sig", [])
    let run = try Program.run(["evaluate", model, text, "--receipt", "--json"])
    #expect(run.code == 0 && run.errors.contains("sign it again"))
    #expect(try Program.run(["evaluate", model, text, "--receipt", "--json"]).code == 0)
    #expect(try Program.run(["evaluate", model, text, "--receipt", "--protocol", "kenlm", "--cache", "50"]).code == 0)
    let after = try Program.run(["inspect", model, "--json"]).json
    #expect(after["model_id"] == before["model_id"] && after["content_id"] != before["content_id"])
    #expect(after["unfinished"] == before["unfinished"] && after["unfinished"] != .null)
    let receipts = try #require(after["metadata"]?["evaluation"]?["receipts"]?.array)
    #expect(receipts.count == 2)
    #expect(receipts[0]["corpus_sha256"]?.string == Hash.sha256(Samples.text))
    #expect(receipts[0]["nats"] == run.json.array?.first?["nats"] && receipts[0]["tokens"] == 399)
    #expect(receipts[1]["adaptation"]?["cache"]?["size"] == 50)
    #expect(receipts.allSatisfy { $0["seconds"] == nil })
    #expect(try Program.run(["validate", model]).code == 0)
    #expect(try Program.run(["inspect", model]).text.contains("by kenlm with cache"))
    #expect(try Program.run(["card", model]).text.contains("| kenlm with cache |"))
  }

  @Test func eachTokenIsWritten() throws {
    let file = scratch.path("tokens.tsv")
    let result = try first([model, text, "--per-token", file])
    let lines = String(decoding: try scratch.bytes("tokens.tsv"), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 401 && lines[0] == "token\tid\tlog_probability\trank\tentropy")
    #expect(lines[1].hasPrefix("The\t") && lines[1].hasSuffix("\t\t\t"))
    var nats = 0.0
    for line in lines.dropFirst(2) {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      nats -= try #require(Double(fields[2]))
      let (rank, entropy) = (try #require(Int(fields[3])), try #require(Double(fields[4])))
      #expect(fields.count == 5 && (1...11).contains(rank) && entropy > 0 && entropy < log(11))
    }
    #expect(abs(nats - (try #require(result["nats"]?.number))) < 1e-2)
    #expect(try Program.run(["evaluate", model, text, "--per-token", file]).code == 1)
    #expect(try Program.run(["evaluate", model, text, "--per-token", file, "--force"]).code == 0)
    #expect(try Program.run(["evaluate", model, text, "--per-token", scratch.path("tokens.h5")]).code == 0)
    #expect(try scratch.bytes("tokens.h5").starts(with: [0x89, 0x48, 0x44, 0x46]))
    #expect(try Program.run(["evaluate", model, text, "--per-token", text]).code == 64)
    #expect(try Program.run(["evaluate", model, text, text, "--per-token", file, "--force"]).code == 64)
  }

  @Test func mixturesNeedTheSameVocabulary() throws {
    let plain = try #require(try first([model, text])["nats"]?.number)
    let mixed = try first([model, text, "--mix", "\(model)=0.25"])
    #expect(abs(try #require(mixed["nats"]?.number) - plain) < 1e-6 * plain)
    #expect(mixed["adaptation"]?["mixture"]?.array?.first?["weight"] == 0.25)
    let words = scratch.path("words.h5")
    let flags = ["--vocabulary", "words", "--normalisation", "whitespace", "--seed", "2"]
    #expect(try Program.run(["train", text, "-o", words] + flags + Samples.brief).code == 0)
    let fitted = try first([model, text, "--mix", words, "--mix-fit", text])
    // Fitted on the text itself, a mixture is at least as good as each of its parts.
    let other = try #require(try first([words, text])["nats"]?.number)
    #expect(try #require(fitted["nats"]?.number) < min(plain, other) + 1e-6)
    let characters = scratch.path("characters.h5")
    #expect(try Program.run(["train", text, "-o", characters] + Samples.brief).code == 0)
    let refused = try Program.run(["evaluate", model, text, "--mix", "\(characters)=0.5"])
    #expect(refused.code == 1 && refused.errors.contains("vocabulary") && refused.errors.contains("bits per byte"))
  }

  @Test func modelsAdaptWhileTheyAreScored() throws {
    // The text repeats itself: who learns or remembers is better.
    let plain = try #require(try first([model, text])["nats"]?.number)
    for flags in [
      ["--dynamic", "sgd", "--dynamic-rate", "1"],
      ["--dynamic", "rms", "--dynamic-statistics", text, "--dynamic-rate", "0.01"],
      // The states of a model that has hardly learned are almost alike.
      ["--cache", "100", "--cache-lambda", "0.3", "--cache-theta", "1000"],
    ] {
      let adapted = try first([model, text] + flags)
      #expect(try #require(adapted["nats"]?.number) < 0.97 * plain, "\(flags)")
      #expect(adapted["adaptation"] != nil)
    }
    #expect(try first([model, text])["nats"]?.number == plain)
  }

  @Test func theProtocolOfAPresetIsTheModelsOwn() throws {
    let small = scratch.path("char-rnn.h5")
    let flags = [
      "--preset", "char-rnn", "--hidden", "4", "--layers", "1", "--batch", "3", "--length", "10", "--epochs", "1",
    ]
    #expect(try Program.run(["train", text, "-o", small, "--quiet"] + flags).code == 0)
    let loss = try Program.run(["inspect", small, "--json"]).json["history"]?["valid_loss"]?.array?.last?.number
    let held = try first([small, text, "--part", "validation"])
    #expect(held["protocol"]?["name"] == "char-rnn" && held["protocol"]?["streams"] == 3)
    #expect(abs(try #require(held["nats_per_token"]?.number) - #require(loss)) < 1e-5)
    let short = try Program.run(["evaluate", small, scratch.file("short", Array(Samples.text.prefix(20))), "--json"])
    #expect(short.code == 0 && short.errors.contains("scored as 'stream'"))
    #expect(short.json.array?.first?["protocol"]?["name"] == "stream")
  }
}
