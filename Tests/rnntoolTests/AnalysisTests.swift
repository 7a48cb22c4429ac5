import Foundation
import RNNFormat
import Testing

/// `analyze`, from outside.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
final class AnalysisTests {
  private let scratch: Scratch
  private let model: String
  private let text: String

  init() throws {
    scratch = try Scratch()
    (model, text) = (scratch.path("model.h5"), try scratch.file("text", Samples.text))
    let flags = ["--hidden", "8", "--batch", "4", "--length", "16", "--steps", "150", "--quiet", "--seed", "1"]
    let trained = try Program.run(["train", text, "-o", model] + flags)
    try #require(trained.code == 0, "\(trained.errors)")
  }

  private func analyze(_ arguments: [String]) throws -> Program.Run {
    let run = try Program.run(["analyze", model, text, "--quiet"] + arguments)
    try #require(run.code == 0, "\(arguments): \(run.errors)")
    return run
  }

  @Test func usuallyShowsGradientsEigenvaluesAndGates() throws {
    let json = try analyze(["--json", "--length", "20", "--start", "7", "--tokens", "500"]).json
    #expect(
      json.object?.keys.sorted() == [
        "eigenvalues", "gates", "gradient_flow", "model", "model_id", "text", "tokens", "window",
      ])
    #expect(json["window"]?["start"] == 7 && json["window"]?["steps"] == 20 && json["tokens"] == 500)
    let flow = try #require(json["gradient_flow"]?.array?.first)
    #expect(flow["norms"]?.array?.map { $0.array?.count } == Array(1...20))
    #expect(flow["mean_by_lag"]?.array?.count == 20 && flow["slope"]?.number ?? 1 < 1)
    #expect(
      json["eigenvalues"]?.array?.compactMap { $0["gate"]?.string } == ["input", "forget", "candidate", "output"])
    #expect(json["eigenvalues"]?.array?.allSatisfy { $0["values"]?.array?.count == 8 } == true)
    #expect(json["gates"]?.array?.compactMap { $0["gate"]?.string } == ["input", "forget", "output"])
    let table = try analyze(["--length", "20", "--tokens", "500"]).text
    for word in ["gradient flow", "spectral radius", "above 0.9", "a step back"] { #expect(table.contains(word)) }
  }

  @Test func threadsDoNotMatter() throws {
    let flags = ["--json", "--length", "40", "--part", "gradients", "--part", "gates", "--part", "jacobian"]
    let one = try analyze(flags + ["--threads", "1"]).json
    #expect(try analyze(flags + ["--threads", "3"]).json == one && one["jacobian"]?["norms"]?.array?.count == 40)
  }

  @Test func gradientsAgree() throws {
    let json = try analyze(["--json", "--check-gradients", "--length", "12", "--sample", "60"]).json
    let pairs = try #require(json["gradient_check"]?["pairs"]?.array)
    #expect(pairs.count == 6 && pairs.allSatisfy { $0["relative"]?.number ?? 1 < 1e-4 })
    #expect(json["gradient_check"]?["sampled"] == 60 && json["gates"] == nil)
  }

  @Test func cellsAreFoundAndColoured() throws {
    let track = try scratch.file("track", Array(Samples.text.map { $0 == 0x6F ? 0x31 : 0x30 }))
    let flags = [
      "--track", "line-position", "--track-file", track, "--track-regex", "[Tt]he", "--tokens", "900", "--show", "100",
    ]
    let json = try analyze(flags + ["--json"]).json
    let tracks = try #require(json["tracks"]?.array)
    #expect(tracks.compactMap { $0["track"]?.string } == ["line-position", track, "[Tt]he"])
    for found in tracks {
      let magnitudes = found["cells"]?.array?.compactMap { $0["correlation"]?.number.map(abs) } ?? []
      #expect(magnitudes.count == 8 && magnitudes == magnitudes.sorted(by: >) && magnitudes[0] > 0.1)
    }
    #expect(
      tracks[0]["cells"]?.array?.first?["auc"] == .null && tracks[1]["cells"]?.array?.first?["auc"]?.number != nil)
    #expect(json["cells"]?.array?.allSatisfy { $0["values"]?.array?.count == 100 } == true)
    let table = try analyze(flags + ["--cell", "lstm_1/3"]).text
    #expect(table.contains("cell lstm_1/3\nThe quick brown fox") && table.contains("cells that follow 'line-position'"))
    #expect(!table.contains("\u{1B}"))
  }

  @Test func everythingIsWritten() throws {
    let (plots, page) = (scratch.path("plots"), scratch.path("page.html"))
    let (arrays, states) = (scratch.path("all.npz"), scratch.path("states"))
    let flags = [
      "--svg", plots, "--html", page, "--npz", arrays, "--states", states, "--length", "15", "--tokens", "300",
      "--weight",
      "lstm_1/bias[forget,2]", "--weight", "output/weights", "--track", "word", "--part", "gradients", "--part",
      "eigenvalues", "--part", "gates", "--part", "jacobian",
    ]
    _ = try analyze(flags)
    let names = try FileManager.default.contentsOfDirectory(atPath: plots).sorted()
    #expect(names.count == 12 && names.contains("gradient-map-lstm_1.svg") && names.contains("contributions-2.svg"))
    for name in names {
      let svg = String(decoding: try scratch.bytes("plots/\(name)"), as: UTF8.self)
      #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
      #expect(svg.contains("<path ") || svg.contains("<polyline ") || svg.contains("<circle "), "\(name) is empty")
    }
    let html = String(decoding: try scratch.bytes("page.html"), as: UTF8.self)
    #expect(html.components(separatedBy: "<svg ").count == 13 && html.contains("<pre class=\"cells\">"))
    #expect(!html.contains("<script") && !html.contains("src=") && html.contains("prefers-color-scheme:dark"))
    #expect(try Array(scratch.bytes("all.npz").prefix(2)) == Array("PK".utf8))
    let files = try FileManager.default.contentsOfDirectory(atPath: states).sorted()
    #expect(files == ["lstm.yml", "states.h5", "train.h5", "words.dict"])
    let words = String(decoding: try scratch.bytes("states/words.dict"), as: UTF8.self).split(separator: "\n")
    #expect(
      words.allSatisfy { $0.split(whereSeparator: \.isWhitespace).count == 2 } && words.contains { $0.hasPrefix("␣ ") })
    // What is there is not written over.
    for flag in [["--html", page], ["--npz", arrays], ["--states", states], ["--svg", plots]] {
      let run = try Program.run(["analyze", model, text, "--part", "eigenvalues"] + flag)
      #expect(run.code == 1 && run.errors.contains("exists already"))
    }
    _ = try analyze(flags + ["--force"])
  }

  @Test func refusesWithAReason() throws {
    for (flags, reason) in [
      (["--start", "100000"], "tokens of the model's vocabulary"), (["--cell", "lstm_1/8"], "there is no cell"),
      (["--weight", "lstm_1/bias[no,2]"], "no index"), (["--weight", "x"], "the tensors are"),
      (["--check-gradients", "--limit", "0.0000001"], "the limit is"), (["--track-file", text], "has to hold 0 or 1"),
      (["--part", "jacobian", "--limit", "0.0000001"], "would take about"),
    ] {
      let run = try Program.run(["analyze", model, text, "--quiet"] + flags)
      #expect(run.code == 1 && run.errors.contains(reason), "\(flags): \(run.errors)")
    }
    for flags in [
      ["--length", "0"], ["--start", "-1"], ["--npz", "x"], ["--track-regex", "("], ["--track", "x"],
      ["--limit", "nan"],
    ] {
      #expect(try Program.run(["analyze", model, text] + flags).code == 64, "\(flags)")
    }
    let empty = try scratch.file("empty", [])
    #expect(try Program.run(["analyze", model, empty]).code == 1)
    #expect(try Program.run(["analyze", model, empty, "--part", "eigenvalues"]).code == 0)
  }

  @Test(arguments: Samples.hostile) func hostileFilesAreRefused(file: String) throws {
    let run = try Program.run(["analyze", file, text, "--part", "eigenvalues", "--quiet"])
    #expect(run.code == 0 || run.code == 1 || run.code == 2, "\(file): \(run.code)")
  }
}
