import Foundation
import RNNFormat
import Testing

/// What an unfinished model file holds: by whom it can be taken up, and by whom not.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct StoredTrainingTests {
  private static let flags = [
    "--hidden", "6", "--batch", "4", "--length", "8", "--steps", "45", "--validate-every", "20",
  ]

  private static let fixtures = Samples.repository.appending(path: "fixtures/checkpoints")

  /// A folder with a training of 45 updates whose state was kept, and its text.
  private func trained(_ flags: [String] = []) throws -> (scratch: Scratch, model: String, text: String) {
    let scratch = try Scratch()
    let (text, model) = (try scratch.file("text", Samples.text), scratch.path("model.h5"))
    let run = try Program.run(["train", text, "-o", model, "--quiet", "--keep-state"] + Self.flags + flags)
    #expect(run.code == 0, "\(run.errors)")
    return (scratch, model, text)
  }

  private func inspect(_ path: String) throws -> JSONValue { try Program.run(["inspect", path, "--json"]).json }

  private static func losses(_ history: JSONValue?) -> [Double] {
    (history?["valid_loss"]?.array ?? []).compactMap { $0.number }
  }

  // MARK: What is reported is what is in the file

  @Test func theParametersOfTheReportedLossAreInTheFile() throws {
    let (scratch, model, text) = try trained()
    let without = try Program.run(["train", text, "-o", scratch.path("other.h5"), "--json", "--quiet"] + Self.flags)
    let (kept, other) = (try inspect(model), try inspect(scratch.path("other.h5")))
    // The last validation, which the plan did not ask for, is the best one.
    let losses = Self.losses(other["history"])
    #expect(losses.count == 3 && losses.min() == losses.last)
    #expect(without.json["best_valid_loss"]?.number == losses.last)
    #expect(kept["model_id"] == other["model_id"])
    #expect(kept["history"]?["valid_loss"] == other["history"]?["valid_loss"])
  }

  @Test func aTrainingThatIsStoppedKeepsTheParametersItReports() throws {
    let scratch = try Scratch()
    let (text, model) = (try scratch.file("text", Samples.text), scratch.path("model.h5"))
    let flags = ["--hidden", "12", "--batch", "4", "--length", "8", "--steps", "100000", "--validate-every", "70"]
    let run = try Program.run(["train", text, "-o", model, "--json", "--quiet"] + flags) { process in
      while process.isRunning, !FileManager.default.fileExists(atPath: model) { usleep(1000) }
      kill(process.processIdentifier, SIGINT)
    }
    #expect(run.code == 130)
    let losses = Self.losses(try inspect(model)["history"])
    #expect(run.json["best_valid_loss"]?.number == losses.min())
    #expect(try inspect(model)["history"]?["step"]?.array?.last == run.json["steps"])
  }

  @Test func aFileSaysHowFarItsTrainingHasCome() throws {
    let (scratch, model, text) = try trained()
    #expect(try inspect(model)["unfinished"]?["step"] == 45 && inspect(model)["unfinished"]?["steps"] == 45)
    #expect(try Program.run(["inspect", model]).text.contains("unfinished  step 45 of 45"))
    let other = scratch.path("other.h5")
    #expect(try Program.run(["train", text, "-o", other, "--quiet"] + Self.flags).code == 0)
    #expect(try inspect(other)["unfinished"] == .null)
    #expect(try !Program.run(["inspect", other]).text.contains("unfinished"))
  }

  // MARK: Going on

  @Test(arguments: [["--steps", "10"], ["--steps", "45"], ["--epochs", "100"], []])
  func refusesLimitsThatArePassed(flags: [String]) throws {
    let (scratch, model, _) = try trained()
    let before = try scratch.bytes("model.h5")
    let run = try Program.run(["train", "--resume", model] + flags)
    #expect(run.code == 1 && run.errors.contains("45 steps") && run.errors.contains("from the very beginning"))
    expectOneSentence(run)
    #expect(try scratch.bytes("model.h5") == before)
  }

  @Test func acceptsFlagsThatSayWhatIsSoAlready() throws {
    let (scratch, model, _) = try trained(["--dropout", "0.1"])
    func resume(_ name: String, _ flags: [String]) throws -> JSONValue {
      let run = try Program.run(
        ["train", "--resume", model, "-o", scratch.path(name), "--json", "--quiet", "--steps", "60"] + flags)
      #expect(run.code == 0, "\(run.errors)")
      return run.json
    }
    let plain = try resume("a.h5", [])
    let said = try resume(
      "b.h5",
      [
        "--hidden", "6", "--batch", "4", "--length", "8", "--validate-every", "20", "--dropout", "0.1", "--optimizer",
        "adam",
        "--schedule", "cosine", "--initialisation", "customary", "--vocabulary", "characters", "--seed", "1",
      ])
    #expect(plain["model_id"] == said["model_id"])
  }

  @Test(arguments: [
    (["--hidden", "9"], "model.hidden is 6 there, but 9 here"),
    (["--optimizer", "sgd"], "plan.optimizer.name is \"adam\" there, but \"sgd\" here"),
    (["--preset", "char-rnn"], "preset"), (["--batch", "5"], "plan.batch is 4"), (["--seed", "2"], "seed is 1"),
    (["--schedule", "constant"], "plan.schedule"), (["--validation", "v"], "text.validation is not given"),
    (["--test", "v"], "text.test is not given"), (["--dropout", "0.5"], "dropouts.hidden"),
    (["--vocabulary", "bytes"], "text.vocabulary"), (["--weight-drop", "0.5"], "weight_drop"),
    (["--validate-every", "3"], "interval"), (["--cell", "gru"], "model.cell"), (["--beta1", "0.8"], "beta1"),
  ])
  func refusesWhatCannotChange(flags: [String], says: String) throws {
    let (scratch, model, _) = try trained()
    let before = try scratch.bytes("model.h5")
    let run = try Program.run(["train", "--resume", model, "--steps", "60"] + flags)
    #expect(run.code == 64 && run.errors.contains("--resume") && run.errors.contains(says), "\(run.errors)")
    #expect(try scratch.bytes("model.h5") == before)
  }

  @Test func theOtherTextsMayMoveButNotChange() throws {
    let scratch = try Scratch()
    let (text, model) = (try scratch.file("text", Samples.text), scratch.path("model.h5"))
    let held = Array(Samples.text.prefix(300))
    let (validation, test) = (try scratch.file("held", held), try scratch.file("last", Array(Samples.text.prefix(200))))
    let texts = ["--validation", validation, "--test", test]
    #expect(try Program.run(["train", text, "-o", model, "--quiet", "--keep-state"] + Self.flags + texts).code == 0)
    for name in ["held", "last"] {
      let old = try scratch.bytes(name)
      try scratch.file(name, Array(old.dropLast(5)))
      let run = try Program.run(["train", "--resume", model, "--steps", "60"])
      #expect(run.code == 1 && run.errors.contains("/\(name)'") && run.errors.contains("not the one"), "\(run.errors)")
      try scratch.file(name, old)
    }
    try FileManager.default.moveItem(atPath: validation, toPath: scratch.path("moved"))
    #expect(try Program.run(["train", "--resume", model, "--steps", "60"]).code == 2)
    let run = try Program.run([
      "train", "--resume", model, "--steps", "60", "--validation", scratch.path("moved"), "--test", test,
      "--keep-state",
    ])
    #expect(run.code == 0, "\(run.errors)")
    #expect(try Program.run(["train", "--resume", model, "--steps", "70", "--quiet"]).code == 0)
  }

  @Test func aWrongTextIsToldTheNameOfTheRightOne() throws {
    let (scratch, model, text) = try trained()
    let other = try scratch.file("other", Samples.text.reversed())
    let run = try Program.run(["train", other, "--resume", model, "--steps", "60"])
    #expect(run.code == 1 && run.errors.contains("'\(text)'") && !run.errors.contains("'\(other)'"), "\(run.errors)")
  }

  @Test func theFileSaysWhatItsTrainingHasBecome() throws {
    let (scratch, model, _) = try trained()
    let flags = ["-o", scratch.path("new.h5"), "--steps", "60", "--quiet", "--learning-rate", "0.01"]
    #expect(try Program.run(["train", "--resume", model] + flags).code == 0)
    let json = try inspect(scratch.path("new.h5"))
    #expect(json["metadata"]?["hyper_parameters"]?["plan"]?["maximum_steps"] == 60)
    #expect(json["metadata"]?["hyper_parameters"]?["plan"]?["learning_rate"] == 0.01)
    #expect(json["metadata"]?["command_line"]?.array?.contains("--resume") == true)
    #expect(json["lineage"]?.array?.compactMap { $0["event"] } == ["trained", "resumed"])
  }

  // MARK: The stored form

  /// The trainings that versions of this program have stored, whose text lies beside them.
  private static let versions = ["version_1.h5", "version_2.h5"]

  private func past() throws -> Scratch {
    let scratch = try Scratch()
    for name in Self.versions + ["text.txt"] {
      try FileManager.default.copyItem(atPath: Self.fixtures.appending(path: name).path, toPath: scratch.path(name))
    }
    return scratch
  }

  private func resumePast(_ scratch: Scratch, _ name: String) throws -> Program.Run {
    try Program.run([
      "train", scratch.path("text.txt"), "--resume", scratch.path(name), "-o", scratch.path("new.h5"), "--steps", "60",
      "--quiet", "--json",
    ])
  }

  @Test(arguments: versions) func takesUpATrainingOfAnotherTime(version: String) throws {
    let scratch = try past()
    let run = try resumePast(scratch, version)
    #expect(run.code == 0, "\(run.errors)")
    let json = try JSONValue(parsing: Array(Data(contentsOf: Self.fixtures.appending(path: "continued.json"))))
    let expected = Self.losses(json)
    #expect(expected.count == 6)
    let losses = Self.losses(try inspect(scratch.path("new.h5"))["history"])
    #expect(losses.count == expected.count)
    // Other processors round otherwise.
    for (loss, expected) in zip(losses, expected) { #expect(abs(loss - expected) < 1e-3) }
  }

  /// What the program keeps twice in no file: the plan, and parameters that are the model's own.
  @Test func keepsNothingTwice() throws {
    let scratch = try past()
    for (version, isOnce) in zip(Self.versions, [false, true]) {
      let file = try ModelFile(opening: scratch.path(version))
      let state = try #require(try file.trainingState())
      let parameters = try file.loadModel().parameters.values
      #expect((state.progress["training"]?["plan"] == nil) == isOnce)
      #expect(state.arrays.values.contains(parameters) != isOnce)
    }
  }

  /// Changes a stored state, and says what comes of it.
  private func resume(
    _ version: String = "version_1.h5", changing change: (inout TrainingStateDocument) -> Void
  ) throws -> Program.Run {
    let scratch = try past()
    let file = try ModelFile(opening: scratch.path(version))
    var state = try #require(try file.trainingState())
    change(&state)
    let model = try file.loadModel()
    try ModelWriter(embedsSpecification: false).write(
      file.document, parameters: model.parameters, trainingState: state, to: scratch.path("changed.h5"))
    let run = try resumePast(scratch, "changed.h5")
    #expect(run.code == 0 || !scratch.names.contains("new.h5"))
    return run
  }

  @Test func whatMayBeAbsentIsAsUsual() throws {
    let run = try resume { state in
      for path in [
        "recipe/model", "recipe/initialisation", "recipe/text/layout", "recipe/text/normalisation",
        "recipe/plan/frozen",
        "recipe/plan/regularisation/activation_penalty", "recipe/plan/carries_state_over_epochs",
        "recipe/plan/schedule/warm_up", "recipe/plan/validation/window", "training/recoveries",
        "training/averaged_steps",
      ] { state.progress = state.progress.with(nil, at: path) }
      state.progress = state.progress.with(true, at: "recipe/what_comes_later")
    }
    #expect(run.code == 0, "\(run.errors)")
  }

  @Test func namesTheVersionThatIsNotItsOwn() throws {
    let older = try resume { $0.progress = $0.progress.with(nil, at: "version") }
    #expect(older.code == 1 && older.errors.contains("earlier version"))
    let newer = try resume { $0.progress = $0.progress.with(3, at: "version") }
    #expect(newer.code == 1 && newer.errors.contains("later version"))
    expectOneSentence(newer)
  }

  private static let damages: [(path: String, value: JSONValue?)] = [
    ("training", "text"), ("training/step", nil), ("training/step", "9223372036854775807"), ("training/step", 1.5),
    ("training/step", -1), ("training/epoch", "9223372036854775807"), ("training/window", "9223372036854775807"),
    ("training/tokens", "9223372036854775807"), ("training/tokens_since_validation", "9223372036854775807"),
    ("training/optimizer_step", "9223372036854775807"), ("training/averaged_steps", "9223372036854775807"),
    ("training/schedule/bad_checks", "9223372036854775807"), ("training/seconds", -1), ("training/valid_seconds", -1),
    ("training/valid_seconds", 1e300), ("training/position", 1_000_000), ("training/carried_positions", [0, 0]),
    ("training/rate_factor", -1), ("training/recent", ["sum": 1e300, "weight": 1e-307]), ("training/best_step", -7),
    ("training/history", [1]), ("recipe/plan/batch", 0), ("recipe/plan/length", "9223372036854775807"),
    ("recipe/plan/optimizer/name", "none"), ("recipe/plan/schedule/warm_up", -1),
    ("recipe/seed", "18446744073709551615"),
    ("recipe/text/files", []), ("recipe/plan/recovery/interval", 0), ("recipe", nil), ("sha256", nil),
  ]

  @Test(arguments: damages.indices) func refusesADamagedState(index: Int) throws {
    let (path, value) = Self.damages[index]
    let run = try resume { $0.progress = $0.progress.with(value, at: path) }
    #expect(run.code == 1 && run.errors.contains("cannot be"), "\(path): \(run.code) \(run.errors)")
    expectOneSentence(run)
  }

  @Test(arguments: ["parameters", "best_parameters", "slots/first_moment", "carried/window_0", "fallback/parameters"])
  func refusesNumbersThatAreNotFinite(name: String) throws {
    let run = try resume { state in state.arrays[name]?[1] = .nan }
    #expect(run.code == 1 && run.errors.contains("'\(name.replacing("fallback/", with: ""))'"), "\(run.errors)")
  }

  /// Numbers that no training has counted, but that are in range: it ends as it likes, but not by a trap.
  @Test(arguments: [
    ("training/tokens", JSONValue.integer(1 << 53 - 1)), ("training/step", .integer(1 << 53 - 1)),
    ("training/last", .null), ("training/seconds", 1e300), ("training/loss_since_validation", 1e308),
    ("training/best_loss", -1e308), ("training/valid_seconds", 0),
  ])
  func survivesNumbersThatNoTrainingHasCounted(path: String, value: JSONValue) throws {
    let run = try resume { state in
      state.progress = state.progress.with(value, at: path)
      if path.hasSuffix("tokens") {
        let seconds = state.progress["training"]?["seconds"]
        state.progress = state.progress.with(seconds, at: "training/valid_seconds")
      }
    }
    #expect((0...1).contains(run.code), "\(path): \(run.code) \(run.errors)")
  }
}

extension JSONValue {
  /// The value with another one at a path of keys; nil removes what is there.
  fileprivate func with(_ value: JSONValue?, at path: String) -> JSONValue {
    var members = object ?? [:]
    let parts = path.split(separator: "/", maxSplits: 1).map(String.init)
    members[parts[0]] = parts.count > 1 ? (members[parts[0]] ?? .object([:])).with(value, at: parts[1]) : value
    return .object(members)
  }
}
