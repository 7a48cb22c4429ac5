import Foundation
import RNNFormat
import Testing

/// The binary, run from outside as people and scripts run it.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct CommandTests {
  private let commands = [
    "train", "evaluate", "sample", "generations", "compare-decoding", "inspect", "diff", "analyze", "convert",
    "validate",
    "run",
    "tensor", "migrate", "sign", "verify", "card",
  ]

  @Test func everyCommandExplainsItself() throws {
    let overview = try Program.run(["--help"])
    #expect(overview.code == 0)
    for command in commands {
      #expect(overview.text.contains("  \(command) "))
      let help = try Program.run([command, "--help"])
      #expect(help.code == 0 && help.errors.isEmpty)
      #expect(help.text.contains("USAGE: rnntool \(command)") && help.text.contains("Examples:"))
    }
    #expect(try Program.run(["--version"]).text == "\(Generator.text)\n")
  }

  @Test func aModelIsTrainedScoredSampledShownCheckedConvertedAndRun() throws {
    let scratch = try Scratch()
    let (text, model) = (try scratch.file("text", Samples.text), scratch.path("model.h5"))

    let trained = try Program.run(["train", text, "-o", model, "--json"] + Samples.brief)
    #expect(trained.code == 0, "\(trained.errors)")
    #expect(
      keys(trained.json) == [
        "best_valid_loss", "end", "epochs", "file", "model_id", "parameters", "seconds", "steps", "tokens_per_second",
      ])
    #expect(trained.json["end"] == "finished" && trained.json["steps"] == 20)
    let identity = try #require(trained.json["model_id"]?.string)
    #expect(scratch.names == ["model.h5", "text"])

    let validated = try Program.run(["validate", model, "--json"])
    #expect(validated.code == 0)
    let report = try #require(validated.json.array?.first)
    #expect(keys(report) == ["file", "findings", "level", "model_id", "proof_difference", "valid"])
    #expect(report["valid"] == true && report["findings"] == [] && report["model_id"]?.string == identity)

    let evaluated = try Program.run(["evaluate", model, text, "--json"])
    #expect(evaluated.code == 0)
    let score = try #require(evaluated.json.array?.first)
    #expect(
      keys(score) == [
        "bits_per_byte", "bits_per_character", "bits_per_token", "bytes", "characters", "context_tokens",
        "corpus_sha256", "divisor", "dropped_tokens", "interval", "line_ends", "model", "model_id", "nats",
        "nats_per_token", "perplexity", "perplexity_with_unknown", "perplexity_without_line_ends",
        "perplexity_without_unknown", "protocol", "seconds", "skipped", "standard_error", "text", "text_tokens",
        "tokens", "tokens_per_second", "unknown", "unknown_nats", "unknown_share", "unknown_tokens",
      ])
    #expect(score["tokens"]?.integer == Samples.text.count - 1)
    #expect(try #require(score["nats_per_token"]?.number) < log(30))

    let sampled = try Program.run(["sample", model, "--prompt", "The ", "--length", "30", "--seed", "7", "--json"])
    #expect(sampled.code == 0)
    #expect(keys(sampled.json) == ["end", "model_id", "prompt", "seconds", "seed", "text", "tokens"])
    #expect(sampled.json["tokens"]?.array?.count == 30 && sampled.json["seed"] == 7)
    let plain = try Program.run(["sample", model, "--prompt", "The ", "--length", "30", "--seed", "7"])
    #expect(plain.text == "The " + (sampled.json["text"]?.string ?? "") + "\n")
    let greedy = try Program.run(["sample", model, "--greedy", "--length", "5"])
    #expect(greedy.code == 0)
    #expect(try Program.run(["sample", model, "--greedy", "--length", "5"]).output == greedy.output)

    let inspected = try Program.run(["inspect", model, "--json"])
    #expect(inspected.code == 0)
    #expect(
      keys(inspected.json) == [
        "architecture", "assumed", "bytes", "content_id", "file", "format", "format_version", "generator", "history",
        "labels", "left_behind", "lineage", "metadata", "model_id", "parameters", "proof", "tensors", "unfinished",
        "vocabulary",
      ])
    #expect(inspected.json["metadata"]?["corpus"]?["sha256"]?.string == Hash.sha256(Samples.text))
    #expect(inspected.json["metadata"]?["created"] == nil)
    let shown = try Program.run(["inspect", model, "--tensors", "--history", "--metadata"])
    #expect(shown.code == 0 && shown.text.contains(identity))

    let stations = ["model.h5", "b.safetensors", "c.npz", "d.h5"].map(scratch.path)
    for (source, destination) in zip(stations, stations.dropFirst()) {
      let converted = try Program.run(["convert", source, destination, "--json"])
      #expect(converted.code == 0, "\(converted.errors)")
      #expect(
        keys(converted.json) == [
          "assumed", "destination", "from", "largest_difference", "lost", "model_id", "rounding", "source", "tensors",
          "to", "vocabulary", "written",
        ])
      #expect(converted.json["lost"] == [] && converted.json["rounding"] == .null)
      #expect(converted.json["model_id"]?.string == identity)
    }
    #expect(try Program.run(["validate", scratch.path("d.h5"), "--quiet"]).code == 0)

    let ids = try scratch.file("ids.npy", Self.array([1, 2, 3, 0]))
    let ran = try Program.run(["run", model, "--input", ids, "--output", scratch.path("y.npz"), "--layers", "--json"])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(keys(ran.json) == ["arrays", "model_id", "output"])
    let size = try #require(inspected.json["vocabulary"]?["tokens"]?.integer)
    #expect(ran.json["arrays"]?["logits"] == [4, 1, .integer(size)])
    #expect(try Program.run(["run", model, "--input", ids, "--output", scratch.path("y.npy")]).code == 0)
  }

  @Test func theSameSeedGivesTheSameModel() throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    func train(_ name: String, _ seed: Int) throws -> String? {
      let run = try Program.run(
        ["train", text, "-o", scratch.path(name), "--json", "--dropout", "0.2", "--seed", "\(seed)", "--threads", "1"]
          + Samples.brief)
      return run.json["model_id"]?.string
    }
    let first = try #require(try train("a.h5", 5))
    #expect(try train("b.h5", 5) == first)
    #expect(try train("c.h5", 6) != first)
  }

  @Test(arguments: [
    ["--cell", "gru", "--embedding", "4"], ["--cell", "elman", "--activation", "relu"], ["--layers", "2"],
  ])
  func trainsEachCell(flags: [String]) throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    let run = try Program.run(["train", text, "-o", scratch.path("m.h5")] + flags + Samples.brief)
    #expect(run.code == 0, "\(run.errors)")
    #expect(try Program.run(["validate", scratch.path("m.h5")]).code == 0)
  }

  @Test func bytesThatAreNotUTF8AreLearnt() throws {
    let scratch = try Scratch()
    let bytes = (0..<2000).map { UInt8(truncatingIfNeeded: $0 % 7 == 0 ? 0xFF : $0 * 37) }
    let text = try scratch.file("text", bytes)
    let model = scratch.path("m.h5")
    #expect(try Program.run(["train", text, "-o", model, "--vocabulary", "bytes"] + Samples.brief).code == 0)
    let score = try Program.run(["evaluate", model, text, "--json"])
    #expect(score.code == 0 && score.json.array?.first?["unknown"] == 0)
    #expect(try Program.run(["sample", model, "--length", "20", "--seed", "1"]).code == 0)
  }

  @Test func wordsAreLearntFromStandardInput() throws {
    let scratch = try Scratch()
    let model = scratch.path("m.h5")
    let run = try Program.run(
      ["train", "-", "-o", model, "--vocabulary", "words", "--normalisation", "whitespace"] + Samples.brief,
      input: Samples.text)
    #expect(run.code == 0, "\(run.errors)")
    #expect(try Program.run(["evaluate", model, "-", "--json"], input: Samples.text).code == 0)
  }

  @Test func aTimeIsWrittenOnlyWhenItIsAskedFor() throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    #expect(try Program.run(["train", text, "-o", scratch.path("m.h5")] + Samples.brief).code == 0)
    let metadata = try Program.run(["inspect", scratch.path("m.h5"), "--json"]).json["metadata"]
    #expect(metadata?["software"]?["name"] == "rnntool" && metadata?["created"] == nil)
  }

  @Test func hostileFilesAreRefusedInLittleMemory() throws {
    let run = try Program.run(["validate", "--json"] + Samples.hostile)
    #expect(run.code == 1 && run.errors.isEmpty)
    #expect(run.json.array?.count == Samples.hostile.count)
    #expect(run.json.array?.allSatisfy { $0["valid"] == false } == true)
    for path in Samples.hostile {
      let run = try Program.run(["inspect", path])
      #expect(run.code == 0 || run.code == 1, "\(path): \(run.code)")
      if run.code == 1 { expectOneSentence(run) }
    }
    // The largest of all runs of the binary so far, in KiB on Linux and bytes elsewhere.
    var usage = rusage()
    #if canImport(Glibc)
      getrusage(__rusage_who_t(-1), &usage)
      #expect(usage.ru_maxrss < 512 * 1024)
    #else
      getrusage(RUSAGE_CHILDREN, &usage)
      #expect(usage.ru_maxrss < 512 << 20)
    #endif
  }

  private func keys(_ value: JSONValue) -> [String] { (value.object ?? [:]).keys.sorted() }

  /// An `.npy` file of int32.
  static func array(_ values: [Int32]) -> [UInt8] {
    var header = "{'descr': '<i4', 'fortran_order': False, 'shape': (\(values.count),), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + LittleEndian.bytes(values)
  }
}

/// One sentence on standard error, nothing on standard output.
func expectOneSentence(_ run: Program.Run, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(run.output.isEmpty, sourceLocation: sourceLocation)
  #expect(run.errors.hasPrefix("rnntool: ") && run.errors.hasSuffix(".\n"), sourceLocation: sourceLocation)
  #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)", sourceLocation: sourceLocation)
  #expect(
    !run.errors.contains("Swift.") && !run.errors.contains("Error("), "\(run.errors)", sourceLocation: sourceLocation)
}
