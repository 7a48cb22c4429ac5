import Foundation
import RNNFormat
import Testing

/// Taggers and classifiers, from a file with labels to labels of new text.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct LabelTests {
  /// After "mr" comes a name; a name goes on until a word that is none.
  private static let tagged: String = {
    let sentences = [
      "mr\tO\nsmith\tB-PER\ncame\tO", "then\tO\nmr\tO\njones\tB-PER\nleft\tO\nparis\tB-LOC",
      "mr\tO\njohn\tB-PER\nsmith\tI-PER\nsaw\tO\nrome\tB-LOC", "jones\tB-PER\ncame\tO",
      "paris\tB-LOC\nsaw\tO\njohn\tB-PER",
    ]
    return (0..<12).flatMap { _ in sentences }.joined(separator: "\n\n") + "\n"
  }()

  private static let texts =
    (0..<15).flatMap { _ in
      ["good\twhat a fine film", "bad\twhat a dull film", "good\ta fine one", "bad\ta dull one then"]
    }
    .joined(separator: "\n") + "\n"

  private static let flags = [
    "--hidden", "8", "--embedding", "6", "--batch", "4", "--steps", "300", "--learning-rate", "0.03", "--quiet",
  ]

  private func trained(_ scratch: Scratch, _ family: String, _ text: String, _ more: [String] = []) throws -> String {
    let model = scratch.path("\(family).h5")
    let run = try Program.run(
      ["train", try scratch.file("text.tsv", Array(text.utf8)), "-o", model, "--model", family] + Self.flags + more)
    #expect(run.code == 0, "\(run.errors)")
    return model
  }

  @Test func aTaggerLearnsNames() throws {
    let scratch = try Scratch()
    let model = try trained(scratch, "tagger", Self.tagged, ["--bidirectional", "--keep-state"])
    let file = try Program.run(["inspect", model, "--json"]).json
    #expect(file["labels"] == ["B-LOC", "B-PER", "I-PER", "O"])
    #expect(try Program.run(["inspect", model]).text.contains("4: B-LOC, B-PER, I-PER, O"))
    #expect(try Program.run(["validate", model, "--level", "proof"]).code == 0)
    let score = try #require(
      try Program.run(["evaluate", model, scratch.path("text.tsv"), "--json"]).json.array?.first)
    #expect(score["accuracy"]?.number == 1 && score["spans"]?["f1"]?.number == 1)
    #expect(score["labels"]?.integer == 12 * 18 && score["by_label"]?["I-PER"]?["expected"]?.integer == 12)
    #expect(score["spans"]?["by_type"]?["LOC"]?["expected"]?.integer == 36)
    let text = try scratch.file("new", Array("mr jones saw paris\n\nsmith came\n".utf8))
    let labelled = try Program.run(["label", model, text])
    #expect(
      labelled.text == "mr\tO\njones\tB-PER\nsaw\tO\nparis\tB-LOC\n\nsmith\tB-PER\ncame\tO\n\n", "\(labelled.errors)")
    // What it wrote is what it reads, and all of it is right.
    let again = try scratch.file("again.tsv", Array(labelled.text.utf8))
    #expect(try Program.run(["evaluate", model, again, "--json"]).json.array?.first?["accuracy"]?.number == 1)
    let more = try Program.run(["train", "--resume", model, "--steps", "310", "--quiet"])
    #expect(more.code == 0, "\(more.errors)")
  }

  @Test(arguments: [[], ["--bidirectional"], ["--vocabulary", "characters", "--cell", "gru", "--steps", "600"]])
  func aClassifierLearnsOpinions(flags: [String]) throws {
    let scratch = try Scratch()
    let model = try trained(scratch, "classifier", Self.texts, flags)
    let score = try #require(
      try Program.run(["evaluate", model, scratch.path("text.tsv"), "--json"]).json.array?.first)
    #expect(score["accuracy"]?.number == 1 && score["spans"] == .null && score["labels"]?.integer == 60)
    let text = try scratch.file("new", Array("a fine film\n\na dull film\n".utf8))
    #expect(try Program.run(["label", model, text]).text == "good\ta fine film\nbad\ta dull film\n")
    let json = try Program.run(["label", model, text, "--json"]).text.split(separator: "\n")
    #expect(json.count == 2 && json[1].contains("\"label\":\"bad\"") && json[1].contains("\"line\":3"))
    // A file that goes through another format comes back with its labels.
    let (other, back) = (scratch.path("model.safetensors"), scratch.path("back.h5"))
    #expect(try Program.run(["convert", model, other]).code == 0)
    #expect(try Program.run(["convert", other, back]).code == 0)
    let files = try [model, back].map { try Program.run(["inspect", $0, "--json"]).json }
    #expect(files[0]["labels"] == files[1]["labels"] && files[0]["model_id"] == files[1]["model_id"])
  }

  @Test(arguments: [
    ["--length", "5"], ["--tied"], ["--preset", "char-rnn"], ["--layout", "zaremba"], ["--concatenate"],
    ["--architecture", "a.json"], ["--random-lengths"], ["--window", "3"], ["--vocabulary", "characters"],
  ])
  func aTaggerRefusesWhatIsForStreams(flags: [String]) throws {
    let run = try Program.run(["train", "text", "-o", "model.h5", "--model", "tagger"] + flags)
    #expect(run.code == 64, "\(run.errors)")
  }

  @Test func refusesWhatIsNoneOfIt() throws {
    let scratch = try Scratch()
    let text = try scratch.file("text.tsv", Array("a\tO\nb c\n".utf8))
    let run = try Program.run(["train", text, "-o", scratch.path("m.h5"), "--model", "tagger"])
    #expect(run.code == 1 && run.errors.contains("line 2 of"), "\(run.errors)")
    expectOneSentence(run)
    for lines in ["a\tO\n", "a\tO\n\nb\tO\n"] {
      let few = try scratch.file("few.tsv", Array(lines.utf8))
      let run = try Program.run(["train", few, "-o", scratch.path("m.h5"), "--model", "tagger"])
      #expect(run.code == 1)
      expectOneSentence(run)
    }
    let language = Samples.golden("lstm.h5")
    let label = try Program.run(["label", language, text])
    #expect(label.code == 1)
    expectOneSentence(label)
    for flags in [["--receipt"], ["--protocol", "stream"], ["--cache", "5"], ["--length", "3"]] {
      let run = try Program.run(["evaluate", Samples.golden("tagger.h5"), text] + flags)
      #expect(run.code == 64)
      expectOneSentence(run)
    }
    #expect(try Program.run(["train", text, "-o", scratch.path("m.h5"), "--bidirectional"]).code == 64)
    #expect(try Program.run(["sample", Samples.golden("tagger.h5")]).code == 1)
  }
}
