import Foundation
import RNNFormat
import Testing

/// The page that `inspect --report` writes, held against what the other commands say.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct ReportTests {
  private func page(_ scratch: Scratch, _ model: String, _ flags: [String] = []) throws -> String {
    let run = try Program.run(["inspect", model, "--report", scratch.path("page.html"), "--force"] + flags)
    #expect(run.code == 0, "\(run.errors)")
    let text = String(decoding: try scratch.bytes("page.html"), as: UTF8.self)
    #expect(text.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">") && text.hasSuffix("</html>\n"))
    // Nothing runs, nothing is loaded.
    for word in ["<script", "javascript:", "onload", "<img", "<link", "src=", "href=", "url(", "@import"] {
      #expect(!text.contains(word), "\(word)")
    }
    let addresses = text.components(separatedBy: "http").dropFirst().filter {
      !$0.hasPrefix("://www.w3.org/2000/svg\"")
    }
    #expect(addresses.allSatisfy { $0.hasPrefix("-equiv=") })
    // Well formed, as XML: every element is closed, every text escaped.
    #expect(XMLCheck.isWellFormed(text), "the page is not well formed")
    return text
  }

  private func trained(_ scratch: Scratch, _ flags: [String] = []) throws -> String {
    let text = try scratch.file("text", Samples.text)
    let run = try Program.run(
      ["train", text, "-o", scratch.path("m.h5"), "--embedding", "6", "--validate-every", "5"] + Samples.brief + flags)
    #expect(run.code == 0, "\(run.errors)")
    return scratch.path("m.h5")
  }

  @Test func everySectionSaysWhatTheModelIs() throws {
    let scratch = try Scratch()
    let model = try trained(scratch)
    let text = try page(scratch, model, ["--text", scratch.path("text")])
    for title in [
      "Network", "Training", "Parameters", "Gates", "Tokens", "What it writes", "How it reads", "Documents in the file",
    ] {
      #expect(text.contains("<h2>\(title)</h2>"), "\(title)")
    }
    let inspected = try Program.run(["inspect", model, "--json"]).json
    #expect(text.contains(try #require(inspected["model_id"]?.string)))
    for chart in [
      "The network", "The network over three steps", "Loss", "Perplexity", "Learning rate", "Gates of lstm_1",
      "Tokens in the plane",
    ] {
      #expect(text.contains("aria-label=\"\(chart)\""), "\(chart)")
    }
    for tensor in try #require(inspected["tensors"]?.array) {
      let path = try #require(tensor["path"]?.string)
      #expect(text.contains("aria-label=\"\(path)\""), "\(path)")
    }
    #expect(text.contains("Temperature 0.5") && text.contains("Temperature 0.8") && text.contains("Temperature 1.0"))
    // A neighbour for each of the most frequent tokens.
    #expect(text.contains("By the embedding embedding/weights: among 30 tokens"))
  }

  @Test func theProbabilitiesAreThoseOfTheModel() throws {
    let scratch = try Scratch()
    let model = try trained(scratch)
    let short = try scratch.file("short", Array("The quick brown fox".utf8))
    let text = try page(scratch, model, ["--text", short])
    let scored = try Program.run(["evaluate", model, short, "--json"]).json
    let perplexity = try #require(scored.array?.first?["perplexity"]?.number)
    #expect(
      text.contains("18 tokens") && text.contains("perplexity \(String(format: "%.2f", perplexity))"), "\(perplexity)")
    #expect(text.components(separatedBy: "title=\"p = ").count == 19)
  }

  @Test func theSamePageTwice() throws {
    let scratch = try Scratch()
    let model = try trained(scratch)
    #expect(try page(scratch, model) == page(scratch, model))
  }

  @Test func whatIsMissingIsSaid() throws {
    let scratch = try Scratch()
    let broken = Samples.hostile.first { $0.hasSuffix("parameter_nan.h5") }
    let text = try page(scratch, try #require(broken))
    #expect(text.contains("infinite or not a number") && text.contains("the model cannot be run"))
    let features = try page(scratch, Samples.golden("bits_of_features.h5"))
    #expect(
      features.contains("The file has no history of the training.")
        && features.contains("The tokens of the model are not known."))
    let ngram = try page(scratch, Samples.golden("ngram.h5"))
    #expect(ngram.contains("Temperature 0.5") && ngram.contains("No gates have been looked at"))
  }

  @Test func everyGoldenModelHasAPage() throws {
    let scratch = try Scratch()
    let folder = Samples.repository.appending(path: "fixtures/golden").path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".h5") }
    #expect(names.count > 20)
    for name in names { #expect(try page(scratch, Samples.golden(name)).contains("<h2>Network</h2>"), "\(name)") }
  }

  @Test func textsOfStrangersAreNoMarkup() throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Array(String(repeating: "<script>&\"'</pre>\u{1B}[2J\n", count: 60).utf8))
    let run = try Program.run(["train", text, "-o", scratch.path("m.h5")] + Samples.brief)
    #expect(run.code == 0, "\(run.errors)")
    let page = try page(scratch, scratch.path("m.h5"), ["--text", text])
    #expect(!page.contains("\u{1B}") && page.contains(">&lt;</span>"))
  }

  @Test func nothingIsReplacedUnasked() throws {
    let scratch = try Scratch()
    let target = try scratch.file("page.html", Array("mine".utf8))
    let run = try Program.run(["inspect", Samples.golden("lstm.h5"), "--report", target])
    #expect(run.code == 1 && run.errors.contains("--force"))
    #expect(try scratch.bytes("page.html") == Array("mine".utf8))
    #expect(try Program.run(["inspect", Samples.golden("lstm.h5"), "--text", target]).code == 64)
  }
}

/// Whether elements of a page are closed in the order in which they were opened.
enum XMLCheck {
  static func isWellFormed(_ page: String) -> Bool {
    var open: [Substring] = []
    var rest = page[...]
    while let start = rest.firstIndex(of: "<") {
      rest = rest[rest.index(after: start)...]
      guard let end = rest.firstIndex(of: ">") else { return false }
      let tag = rest[..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("!") { continue }
      if tag.hasPrefix("/") {
        guard open.popLast() == tag.dropFirst() else { return false }
      } else if !tag.hasSuffix("/") {
        open.append(tag.prefix { $0 != " " })
      }
    }
    return open.isEmpty
  }
}
