import Foundation
import RNNFormat
import Testing

/// Flags of `train` that are out of range, contradict each other, or say nothing.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct TrainingUsageTests {
  private static let refused: [(flags: String, says: String)] = [
    ("--minutes 1e17", "--minutes"), ("--minutes 1e300", "--minutes"), ("--clip 1e17", "--clip"),
    ("--clip-value 1e17", "--clip-value is 1e+17, but has to be between 1e-37 and 1e15"),
    ("--warm-up 9223372036854775807", "--warm-up"), ("--warm-up -1", "--warm-up"),
    ("--learning-rate 1e16", "--learning-rate"), ("--weight-decay 1e17", "--weight-decay"),
    ("--weight-decay -1", "--weight-decay"), ("--epsilon 1e-300", "--epsilon"),
    ("--optimizer sgd --momentum 1", "--momentum"), ("--optimizer sgd --nesterov", "--nesterov"),
    ("--optimizer averaged-sgd --non-monotone 0", "--non-monotone"), ("--beta1 1", "--beta1"),
    ("--schedule plateau --patience 9223372036854775807", "--patience"), ("--final-rate 1e300", "--final-rate"),
    ("--schedule step --decay-every 0", "--decay-every"), ("--schedule halving --decay -1", "--decay"),
    ("--weight-drop 1", "--weight-drop"), ("--embedding 4 --embedding-dropout 1", "--embedding-dropout"),
    ("--activation-penalty 1e300", "--activation-penalty"), ("--temporal-penalty -1", "--temporal-penalty"),
    ("--validate-every 9223372036854775807", "--validate-every"), ("--update-every 9", "--update-every"),
    ("--update-every 4 --random-lengths", "--update-every"),
    ("--initialisation uniform --initial-range 1e300", "--initial-range"), ("--initial-range 0.1", "--initial-range"),
    ("--forget-bias 1e300", "--forget-bias"), ("--cell elman --leak 1e-300", "--leak"),
    ("--cell-clip 1e300", "--cell-clip"), ("--cell-clip 1e-300", "--cell-clip"),
    ("--projection 4 --projection-clip 1e-300", "--projection-clip"),
    ("--cell echo-state --spectral-radius 1e300", "--spectral-radius"),
    ("--cell echo-state --connectivity 0", "--connectivity"),
    ("--cell echo-state --input-scaling -1", "--input-scaling"),
    ("--vocabulary bpe --vocabulary-size 255", "256"), ("--minimum-count 9223372036854775807", "--minimum-count"),
    ("--validation-fraction 0", "above 0 and below 1"), ("--validation-fraction 1", "above 0 and below 1"),
    ("--locked-dropout", "--locked-dropout"), ("--concatenate", "--concatenate"), ("--residual", "--residual"),
    ("--closed-vocabulary", "--closed-vocabulary"),
    ("--tied --embedding 5", "5 wide, like --embedding, but --hidden asks for 8"),
    ("--tied --embedding 5 --projection 7", "5 wide, like --embedding, but --projection asks for 7"),
    ("--tied --embedding 8 --layers 2 --concatenate", "--tied and --concatenate"), ("--tied --embedding 0", "--tied"),
    ("--preset char-rnn --tied", "--tied"), ("--optimizer other", "adamw"), ("--preset other", "awd-lstm"),
  ]

  @Test(arguments: refused.indices) func isRefusedByTheNameOfTheFlag(index: Int) throws {
    let (flags, says) = Self.refused[index]
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    let run = try Program.run(
      ["train", text, "-o", scratch.path("m.h5")] + Samples.brief + flags.split(separator: " ").map(String.init))
    #expect(run.code == 64 && run.errors.contains(says), "\(flags): \(run.code) \(run.errors)")
    #expect(run.errors.hasPrefix("Error: ") && run.output.isEmpty)
    #expect(scratch.names == ["text"])
  }

  /// The text is not looked at before the flags are.
  @Test func flagsAreCheckedBeforeTheTextIsRead() throws {
    let run = try Program.run(["train", "none", "-o", "m.h5", "--clip-value", "1e17"])
    #expect(run.code == 64 && run.errors.contains("--clip-value"))
  }

  @Test(arguments: [
    "--hidden 5", "--cell gru", "--layers 2", "--dropout 0.1", "--peepholes", "--projection 3",
    "--initial-state learned",
    "--residual", "--layer-norm", "--cell echo-state", "--tied", "--preset char-rnn --hidden 5",
  ])
  func anArchitectureBearsNoFlagOfTheModelBesideIt(flags: String) throws {
    let scratch = try Scratch()
    let (text, file) = (try scratch.file("text", Samples.text), try scratch.file("a.json", Array("{}".utf8)))
    let run = try Program.run(
      ["train", text, "-o", scratch.path("m.h5"), "--architecture", file] + flags.split(separator: " ").map(String.init)
    )
    #expect(run.code == 64 && run.errors.contains("--architecture says all"), "\(flags): \(run.errors)")
  }

  @Test(arguments: [
    ("{}", "'context' is missing"), ("[]", "another kind"), ("{\"context\":7}", "context: it is of another kind"),
    ("{", "is no architecture"),
  ])
  func aBrokenArchitectureIsRefusedInASentence(json: String, says: String) throws {
    let scratch = try Scratch()
    let (text, file) = (try scratch.file("text", Samples.text), try scratch.file("a.json", Array(json.utf8)))
    let run = try Program.run(["train", text, "-o", scratch.path("m.h5"), "--architecture", file])
    #expect(run.code == 1 && run.errors.contains(says), "\(run.errors)")
    #expect(!run.errors.contains("CodingKeys") && !run.errors.contains("Context"))
    expectOneSentence(run)
  }

  private static let short: [(flags: String, says: String)] = [
    ("--layout char-rnn --batch 5 --length 200", "2000 tokens for training and held-out part together"),
    ("--validation-fraction 0.0001", "--validation-fraction"), ("--batch 100000", "smaller --batch"),
    ("--layout torch-rnn --batch 4 --length 100", "--validation-fraction"),
  ]

  @Test(arguments: short.indices) func aShortTextIsToldWhatHelps(index: Int) throws {
    let (flags, says) = Self.short[index]
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    let run = try Program.run(
      ["train", text, "-o", scratch.path("m.h5"), "--hidden", "8"] + flags.split(separator: " ").map(String.init))
    #expect(run.code == 1 && run.errors.contains(says), "\(flags): \(run.errors)")
    if says.contains("fraction") { #expect(!run.errors.contains("--batch")) }
    expectOneSentence(run)
  }

  // MARK: A name that says what is so already

  private func plan(_ flags: String) throws -> JSONValue {
    let scratch = try Scratch()
    let (text, model) = (try scratch.file("text", Samples.text), scratch.path("m.h5"))
    let run = try Program.run(
      ["train", text, "-o", model] + Samples.brief + flags.split(separator: " ").map(String.init))
    #expect(run.code == 0, "\(flags): \(run.errors)")
    let json = try Program.run(["inspect", model, "--json"]).json
    return try #require(json["metadata"])
  }

  @Test func aNameOfThePresetKeepsItsNumbers() throws {
    let plain = try plan("--preset char-rnn")["hyper_parameters"]
    let named = try plan("--preset char-rnn --optimizer rmsprop --schedule exponential --initialisation uniform")
    #expect(named["hyper_parameters"] == plain)
    #expect(plain?["plan"]?["optimizer"]?["alpha"] == 0.95 && plain?["plan"]?["learning_rate"] == 0.002)
    let range = try plan("--preset char-rnn --initial-range 0.01")["hyper_parameters"]?["initialisation"]
    #expect(range?["embedding"]?["range"] == 0.01 && range?["forget_bias"] == 1)
    let halved = try plan(
      "--preset zaremba-small --embedding 8 --vocabulary characters --validation-fraction 0.3 --schedule halving")
    #expect(halved["hyper_parameters"]?["plan"]?["schedule"]?["from"] == 5)
    let other = try plan("--preset char-rnn --optimizer adam")["hyper_parameters"]?["plan"]
    #expect(other?["optimizer"]?["name"] == "adam" && other?["learning_rate"] == 0.005)
  }

  @Test func theProtocolIsThatOfTheLayout() throws {
    func stored(_ flags: String) throws -> [JSONValue?] {
      let rules = try plan(flags)["evaluation"]?["protocol"]
      return ["name", "layout", "streams", "window", "divisor"].map { rules?[$0] }
    }
    #expect(try stored("") == ["stream", "streams", 1, nil, "scored"])
    #expect(try stored("--preset char-rnn") == ["char-rnn", "char-rnn", 4, 8, "scored"])
    let words = "--vocabulary words --normalisation whitespace --validation-fraction 0.5 --layout word-language-model"
    #expect(
      try stored(words) == ["word-language-model", "word-language-model", 10, nil, "scored"])
    // AWD-LSTM has the same streams in training, and a test of its own.
    let small = "--preset awd-lstm --embedding 8 --layers 1 --validation-fraction 0.5"
    #expect(try stored(small) == ["awd-lstm", "word-language-model", 1, nil, "read"])
  }

  // MARK: What is said

  @Test func countsSymbolsWithoutATokenInEveryText() throws {
    let scratch = try Scratch()
    let words = { (text: String) in Array(String(repeating: text, count: 60).utf8) }
    let text = try scratch.file("text", words("a b <unk> a\n") + Array("rare\n".utf8))
    let (held, last) = (try scratch.file("held", words("a <unk> b\n")), try scratch.file("last", words("a c\n")))
    let run = try Program.run([
      "train", text, "--validation", held, "--test", last, "-o", scratch.path("m.h5"), "--json", "--vocabulary",
      "words",
      "--minimum-count", "2", "--hidden", "8", "--batch", "4", "--length", "8", "--steps", "5",
    ])
    #expect(run.code == 0, "\(run.errors)")
    #expect(run.json["unknown_symbols"] == ["training": 1, "test": 60])
    #expect(run.errors.contains("1 symbol of the training text") && run.errors.contains("60 symbols of the test text"))
    #expect(!run.errors.contains("of the validation text"))
    let metadata = try Program.run(["inspect", scratch.path("m.h5"), "--json"]).json["metadata"]
    #expect(metadata?["extra"]?["unknown_symbols"] == ["training": 1, "test": 60])
    #expect(try Program.run(["validate", scratch.path("m.h5")]).code == 0)
  }

  @Test func bytePairsAreTokensAndOneIsNotMany() throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    let run = try Program.run([
      "train", text, "-o", scratch.path("m.h5"), "--vocabulary", "bpe", "--hidden", "8", "--batch", "4", "--length",
      "8",
      "--steps", "1",
    ])
    #expect(run.code == 0 && run.errors.contains(" tokens to learn") && !run.errors.contains("bpe"), "\(run.errors)")
    #expect(run.text.contains("1 step,"))
    let recipe = try Program.run([
      "train", text, "-o", scratch.path("n.h5"), "--vocabulary", "bpe", "--hidden", "8", "--batch", "4", "--length",
      "8",
      "--steps", "1", "--keep-state", "--quiet",
    ])
    #expect(recipe.code == 0)
    let file = try ModelFile(opening: scratch.path("n.h5"))
    #expect(file.trainingProgress?["recipe"]?["text"]?["maximum_size"] == 4096)
  }

  @Test func recoveriesThatWereInVainAreNotAdvisedAgain() throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    let wild = "--optimizer sgd --learning-rate 1e15 --clip 0 --cell elman --activation relu".split(separator: " ")
    func errors(_ flags: [String]) throws -> String {
      let run = try Program.run(
        ["train", text, "-o", scratch.path("m.h5")] + Samples.brief + wild.map(String.init) + flags)
      #expect(run.code == 1)
      return run.errors
    }
    #expect(try errors([]).contains("let --recover do it"))
    let used = try errors(["--recover", "1"])
    #expect(!used.contains("--recover") && used.contains("1 recovery in vain"), "\(used)")
  }

  @Test func aMissingFileIsNamedInQuotes() throws {
    for arguments in [["inspect", "none.h5"], ["train", "--resume", "none.h5"], ["train", "none.txt", "-o", "x.h5"]] {
      let run = try Program.run(arguments)
      #expect(run.code == 2 && run.errors.contains("'none."), "\(run.errors)")
    }
  }

  /// The examples of the help work one after another.
  @Test func theExamplesOfGoingOnKeepTheirState() throws {
    let help = try Program.run(["train", "--help"]).text
    let lines = help.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let first = try #require(lines.firstIndex { $0.hasPrefix("rnntool train --resume") })
    #expect(lines[first - 1].contains("--keep-state"))
    for flag in ["threads, on the same kind", "SOURCE_DATE_EPOCH", "follows the"] { #expect(help.contains(flag)) }
    let guide = try ["TRAINING", "COMMANDS"].map {
      try String(contentsOf: Samples.repository.appending(path: "docs/\($0).md"), encoding: .utf8)
    }.joined()
    for match in help.matches(of: /--[a-z][a-z0-9-]+/) {
      let flag = String(match.output)
      // The opposites of flags are only in the help.
      if flag.hasPrefix("--no-") || ["--help", "--version", "--output"].contains(flag) { continue }
      #expect(
        guide.contains("`\(flag)") || guide.contains(" \(flag)"),
        "\(flag) is not in docs/TRAINING.md or docs/COMMANDS.md")
    }
  }
}
