import Foundation
import RNNFormat
import Testing

/// `sample` and what measures it, from outside.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
final class SamplingTests {
  private let scratch: Scratch
  private let model: String

  init() throws {
    scratch = try Scratch()
    model = scratch.path("model.h5")
    let text = try scratch.file("text", Samples.text)
    let flags = ["--hidden", "32", "--batch", "4", "--length", "16", "--steps", "150", "--quiet", "--seed", "1"]
    let trained = try Program.run(["train", text, "-o", model] + flags)
    try #require(trained.code == 0, "\(trained.errors)")
  }

  private func sample(_ arguments: [String], input: [UInt8] = []) throws -> Program.Run {
    let run = try Program.run(["sample", model] + arguments, input: input)
    try #require(run.code == 0, "\(arguments): \(run.errors)")
    return run
  }

  private func texts(_ run: Program.Run) -> [String] {
    run.json["texts"]?.array?.map { $0["text"]?.string ?? "" } ?? []
  }

  @Test func aSeedGivesTheSameTextsWhateverTheBatchAndTheThreads() throws {
    let flags = ["--prompt", "The ", "--count", "7", "--length", "40", "--seed", "5", "--json"]
    let first = texts(try sample(flags))
    #expect(first.count == 7 && Set(first).count == 7)
    for more in [["--batch", "1"], ["--batch", "3"], ["--threads", "1"], ["--threads", "2", "--batch", "5"]] {
      #expect(texts(try sample(flags + more)) == first)
    }
    // The first of several is the only one of one.
    #expect(
      try sample(["--prompt", "The ", "--length", "40", "--seed", "5", "--json"]).json["text"]?.string == first[0])
    #expect(texts(try sample(flags.map { $0 == "7" ? "3" : $0 })) == Array(first.prefix(3)))
  }

  @Test func textsAreSetApart() throws {
    let run = try sample(["--prompt", "The ", "--count", "2", "--length", "5", "--seed", "1"])
    let lines = run.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first == "--- 1 of 2 ---" && lines.contains("--- 2 of 2 ---"))
  }

  @Test func everyTokenSaysHowProbableItWas() throws {
    let json = try sample(["--length", "6", "--top-k", "2", "--seed", "2", "--json", "--prompt", "T"]).json
    let tokens = try #require(json["tokens"]?.array)
    for token in tokens {
      #expect(token.object?.keys.sorted() == ["entropy", "id", "log_probability", "probability"])
      #expect(token["probability"]?.number ?? 2 <= 1 && token["entropy"]?.number ?? -1 >= 0)
    }
    #expect(json["end"] == "length")
    let table = try sample(["--length", "6", "--show-probabilities", "--seed", "2"]).text.split(separator: "\n")
    #expect(table.count == 7 && table[0].hasSuffix("token") && table[1].hasSuffix("'"))
  }

  @Test func endsBeforeAStop() throws {
    let flags = ["--greedy", "--prompt", "The quick ", "--length", "60"]
    let whole = try sample(flags + ["--json"]).json["text"]?.string ?? ""
    let stop = String(whole.dropFirst(10).prefix(3))
    let run = try sample(flags + ["--stop", stop, "--json"]).json
    #expect(run["end"] == "stop")
    #expect(
      run["text"]?.string == whole.prefix(upTo: whole.firstRange(of: stop)?.lowerBound ?? whole.startIndex).description)
    let plain = try sample(flags + ["--stop", stop]).text
    #expect(plain == "The quick " + (run["text"]?.string ?? "?") + "\n")
    let line = try sample(["--prompt", "The ", "--until-line-end", "--seed", "1", "--length", "2000"]).text
    #expect(line.filter { $0 == "\n" }.count == 1)
  }

  @Test func searchesGiveTheMostProbableTexts() throws {
    let flags = ["--prompt", "The ", "--length", "12", "--json"]
    let beams = try sample(flags + ["--beams", "8", "--count", "3"]).json
    let found = try #require(beams["texts"]?.array)
    let values = found.compactMap { $0["log_probability"]?.number }
    #expect(values.count == 3 && values == values.sorted(by: >) && beams["seed"] == .null)
    let sum = found[0]["tokens"]?.array?.compactMap { $0["log_probability"]?.number }.reduce(0, +)
    #expect(abs((sum ?? 0) - values[0]) < 1e-4)
    let greedy = try sample(flags + ["--greedy"]).json["tokens"]?.array?.compactMap { $0["log_probability"]?.number }
    #expect(values[0] >= (greedy?.reduce(0, +) ?? 0) - 1e-4)
    let stochastic = texts(try sample(flags + ["--beams", "8", "--stochastic-beams", "--count", "8", "--seed", "1"]))
    #expect(Set(stochastic).count == 8)
    let diverse = try sample(
      flags + ["--beams", "4", "--beam-groups", "4", "--diversity-penalty", "50", "--count", "4"])
    #expect(Set(texts(diverse).map { $0.first }).count == 4)
    #expect(try sample(flags + ["--penalty-alpha", "0.5"]).json["text"]?.string?.isEmpty == false)
  }

  @Test func infillsBetweenTwoTexts() throws {
    let run = try sample(["--prompt", "The quick b", "--suffix", "n fox", "--length", "6", "--seed", "1", "--json"])
    #expect(run.json["text"]?.string?.isEmpty == false && run.json["suffix"] == "n fox")
    let plain = try sample(["--prompt", "The quick b", "--suffix", "n fox", "--length", "6", "--seed", "1"]).text
    #expect(plain == "The quick b" + (run.json["text"]?.string ?? "?") + "n fox\n")
  }

  @Test func aPatternIsMatched() throws {
    for seed in 1...5 {
      let run = try sample(["--regex", "[a-z]{3} (fox|dog)\\.", "--seed", "\(seed)", "--json"]).json
      #expect(run["text"]?.string?.wholeMatch(of: /[a-z]{3} (fox|dog)\./) != nil && run["complete"] == true)
      #expect(run["end"] == "exhausted")
    }
    let words = try scratch.file("words", Array("fox\r\ndog\n".utf8))
    let text =
      try sample(["--word-list", words, "--length", "50", "--seed", "1", "--json"]).json["text"]?.string ?? "?"
    let written = text.split { !$0.isLetter }.dropLast()
    #expect(written.allSatisfy { $0 == "fox" || $0 == "dog" })
  }

  @Test func unknownSymbolsAreAllNamedSkippedOrMapped() throws {
    let refused = try Program.run(["sample", model, "--prompt", "T€hé€"])
    #expect(refused.code == 1 && refused.errors.contains("'€' (byte 1)") && refused.errors.contains("'é' (byte 5)"))
    let skipped = try sample(["--prompt", "T€hé€", "--unknown", "skip", "--greedy", "--length", "9", "--json"]).json
    let plain = try sample(["--prompt", "Th", "--greedy", "--length", "9", "--json"]).json
    #expect(skipped["text"] == plain["text"])
    let mapped = try sample(["--prompt", "T€", "--map-unknown", "h", "--greedy", "--length", "9", "--json"]).json
    #expect(mapped["text"] == plain["text"])
    #expect(try Program.run(["sample", model, "--prompt", "T€", "--map-unknown", "€"]).code == 1)
  }

  @Test func aPersonTypesAndChooses() throws {
    let run = try sample(
      ["--interactive", "--prompt", "The ", "--length", "5", "--seed", "1"],
      input: Array("quick\n\n:1\n:99\n€\n:undo\n:quit\n".utf8))
    #expect(run.errors.contains("1 '") && run.errors.contains("no choice 99") && run.errors.contains("'€'"))
    #expect(run.text.hasPrefix("The quick"))
    // The end of the input is the end.
    #expect(try sample(["--interactive"], input: []).text.hasSuffix("\n"))
  }

  @Test func halfACharacterIsNeverWritten() throws {
    let text = try scratch.file("emoji", Array(String(repeating: "😀漢é", count: 300).utf8))
    let bytes = scratch.path("bytes.h5")
    let flags = [
      "--vocabulary", "bytes", "--hidden", "16", "--batch", "4", "--length", "16", "--steps", "200", "--quiet",
    ]
    try #require(try Program.run(["train", text, "-o", bytes] + flags).code == 0)
    // The pattern keeps the text in UTF-8, and some of these lengths end within a character.
    for length in 20..<26 {
      for count in ["1", "2"] {
        let run = try Program.run([
          "sample", bytes, "--regex", "(😀|漢|é)+", "--length", "\(length)", "--count", count, "--seed", "1",
        ])
        #expect(run.code == 0 && String(validating: run.output, as: UTF8.self) != nil)
      }
    }
  }

  @Test func generationsAreMeasured() throws {
    let flags = ["--prompt", "The ", "--count", "12", "--length", "40", "--json"]
    let written = try scratch.file("written.json", sample(flags + ["--seed", "1"]).output)
    let people = try scratch.file("people.txt", Samples.text)
    let run = try Program.run(["generations", model, written, people, "--json"])
    #expect(run.code == 0, "\(run.errors)")
    let results = try #require(run.json.array)
    #expect(
      results[0].object?.keys.sorted() == [
        "distinct", "file", "length_deviation", "mean_length", "model_id", "perplexity", "repetition", "self_bleu_4",
        "texts", "tokens", "vocabulary_share", "zipf",
      ])
    #expect(results[0]["texts"] == 12 && results[0]["mean_length"] == 40 && results[1]["texts"] == 40)
    // Forty times the same line.
    #expect(results[1]["self_bleu_4"] == 1)
    let table = try Program.run(["generations", model, written])
    #expect(table.code == 0 && table.text.contains("self-BLEU4"))
    for (name, text) in [("list", "[[[1]]]"), ("ids", "[{\"tokens\": [99999]}]"), ("empty", ""), ("lines", "\"a\"\n{")]
    {
      let file = try scratch.file(name, Array(text.utf8))
      let refused = try Program.run(["generations", model, file])
      #expect(refused.code == 1 && refused.errors.hasPrefix("rnntool: "), "\(name): \(refused.errors)")
    }
  }

  @Test func strategiesAreComparedWithPeople() throws {
    let text = try scratch.file("held-out", Samples.text)
    let flags = ["--passages", "6", "--context", "10", "--length", "20", "--quiet"]
    let plot = scratch.path("plot.svg")
    let run = try Program.run(["compare-decoding", model, text, "--json", "--plot", plot] + flags)
    #expect(run.code == 0, "\(run.errors)")
    let rows = try #require(run.json["strategies"]?.array)
    #expect(rows.count == 16 && rows[0]["strategy"] == "text by people" && rows[1]["strategy"] == "greedy")
    #expect(rows.allSatisfy { $0["tokens"] == 120 })
    // The table of the same seed is the same.
    let again = try Program.run(["compare-decoding", model, text, "--json", "--batch", "4"] + flags)
    #expect(again.json["strategies"]?.array?.map { $0["example"] } == rows.map { $0["example"] })
    let svg = String(decoding: try scratch.bytes("plot.svg"), as: UTF8.self)
    #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n") && svg.components(separatedBy: "<polyline").count == 31)
    #expect(try Program.run(["compare-decoding", model, text, "--plot", plot] + flags).code == 1)
    let chosen = try Program.run(["compare-decoding", model, text, "--strategy", "top-k 3, temperature 0.5"] + flags)
    #expect(chosen.code == 0 && chosen.text.contains("top-k 3, temperature 0.5"))
    #expect(try Program.run(["compare-decoding", model, text, "--passages", "100000"]).code == 1)
    #expect(try Program.run(["compare-decoding", model, text, "--strategy", "top-q 3"]).code == 64)
  }

  private static let contradictions: [[String]] = [
    ["--greedy", "--top-p", "0.5"], ["--greedy", "--seed", "1"], ["--mirostat", "2", "--top-k", "3"],
    ["--mirostat", "3"],
    ["--beams", "4", "--temperature", "0.5"], ["--beams", "4", "--greedy"], ["--beams", "4", "--count", "5"],
    ["--beams", "4", "--beam-groups", "3", "--diversity-penalty", "1"], ["--stochastic-beams"],
    ["--beams", "4", "--beam-groups", "2"], ["--beams", "0"], ["--penalty-alpha", "0.5", "--beams", "2"],
    ["--penalty-alpha", "2"], ["--regex", "a", "--word-list", "b"],
    ["--temperature", "1", "--temperature-schedule", "0=1"],
    ["--temperature-schedule", "5=1,2=1"], ["--temperature-schedule", "x"], ["--schedule-by-line"],
    ["--order", "top-k,nonsense"], ["--force", "x"], ["--min-p", "2"], ["--typical-p", "0"], ["--eta-cutoff", "1"],
    ["--no-repeat-ngram-size", "0"], ["--repetition-penalty", "0"], ["--dry-base", "0.5"], ["--top-n-sigma", "nan"],
    ["--count", "0"], ["--length", "100000000000"], ["--unknown", "skip", "--map-unknown", "a"], ["--stop", ""],
    ["--interactive", "--json"], ["--suffix", "a", "--interactive"], ["--batch", "0"],
  ]

  @Test(arguments: contradictions.indices) func contradictionsAreRefused(index: Int) throws {
    let run = try Program.run(["sample", "m.h5"] + Self.contradictions[index])
    #expect(run.code == 64 && run.errors.hasPrefix("Error: "), "\(Self.contradictions[index]): \(run.errors)")
  }

  @Test func aClosedPipeIsAQuietEnd() throws {
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    let errors = try scratch.file("errors", [])
    shell.arguments = [
      "-c", "\"$0\" sample \"$1\" --length 200000 --seed 1 2>\"$2\" | head -c 100 >/dev/null", Program.path ?? "",
      model, errors,
    ]
    try shell.run()
    shell.waitUntilExit()
    #expect(try scratch.bytes("errors").isEmpty)
  }

  @Test func hostilePatternsAreRefusedInOneSentence() throws {
    for pattern in ["(", "a{1000}{1000}{1000}", "[", "(?=a)"] {
      let run = try Program.run(["sample", model, "--regex", pattern])
      #expect(run.code == 1 && run.errors.hasPrefix("rnntool: ") && run.errors.filter { $0 == "\n" }.count == 1)
    }
  }
}
