import Foundation
import RNNFormat
import Testing

/// Trainings that are cut off and go on, as people and power cuts do it.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct ResumeTests {
  private static let flags = [
    "--hidden", "12", "--batch", "4", "--length", "8", "--steps", "8000", "--dropout", "0.2", "--checkpoint-every",
    "97",
    "--threads", "1",
  ]

  private func identity(_ path: String) throws -> String {
    let inspected = try Program.run(["inspect", path, "--json"])
    return try #require(inspected.json["model_id"]?.string)
  }

  /// Trains until the file is there, then sends a signal.
  private func cut(_ model: String, _ text: String, _ flags: [String], by number: Int32) throws -> Program.Run {
    try Program.run(["train", text, "-o", model, "--quiet"] + flags) { process in
      while process.isRunning, !FileManager.default.fileExists(atPath: model) { usleep(1000) }
      kill(process.processIdentifier, number)
    }
  }

  @Test(arguments: [SIGKILL, SIGTERM, SIGINT])
  func aTrainingThatIsCutEndsInTheSameModel(number: Int32) throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    let (whole, parts) = (scratch.path("whole.h5"), scratch.path("parts.h5"))
    #expect(try Program.run(["train", text, "-o", whole, "--quiet"] + Self.flags).code == 0)
    let end = try cut(parts, text, Self.flags, by: number)
    #expect(end.code == (number == SIGKILL ? -SIGKILL : 130), "\(end.errors)")
    // What is there is a whole model, whose state a validator checks too.
    #expect(try Program.run(["validate", parts]).code == 0)
    let resumed = try Program.run(["train", "--resume", parts, "--json", "--quiet"])
    #expect(resumed.code == 0, "\(resumed.errors)")
    #expect(resumed.json["steps"] == 8000)
    #expect(try identity(parts) == identity(whole))
    #expect(
      try Program.run(["inspect", parts, "--json"]).json["history"]?["valid_loss"]
        == Program.run(["inspect", whole, "--json"]).json["history"]?["valid_loss"])
    // The state is gone when the training is done.
    #expect(try Program.run(["train", "--resume", parts]).code == 1)
  }

  @Test func aFinishedTrainingGoesOnIfItsStateWasKept() throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    let (whole, parts) = (scratch.path("whole.h5"), scratch.path("parts.h5"))
    let flags = ["--hidden", "8", "--batch", "4", "--length", "8", "--schedule", "constant", "--validate-every", "50"]
    #expect(try Program.run(["train", text, "-o", whole, "--quiet", "--steps", "200"] + flags).code == 0)
    #expect(
      try Program.run(["train", text, "-o", parts, "--quiet", "--steps", "100", "--keep-state"] + flags).code == 0)
    let other = scratch.path("other.h5")
    #expect(try Program.run(["train", "--resume", parts, "-o", other, "--quiet", "--steps", "200"]).code == 0)
    #expect(try identity(other) == identity(whole))
    #expect(try identity(parts) != identity(whole))
  }

  @Test func resumingRefusesOtherTextsAndOtherModels() throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    let model = scratch.path("model.h5")
    #expect(try Program.run(["train", text, "-o", model, "--keep-state"] + Samples.brief).code == 0)
    let other = try scratch.file("other", Samples.text.map { $0 == 0x54 ? 0x74 : $0 })
    let refused = try Program.run(["train", other, "--resume", model, "--steps", "40"])
    #expect(refused.code == 1 && refused.errors.contains("not the one"), "\(refused.errors)")
    for flags in [
      ["--hidden", "9"], ["--preset", "char-rnn"], ["--optimizer", "sgd"], ["--batch", "5"], ["--layout", "char-rnn"],
    ] {
      let run = try Program.run(["train", "--resume", model] + flags)
      #expect(run.code == 64 && run.errors.contains("--resume"), "\(flags): \(run.errors)")
    }
    let golden = try Program.run([
      "train", "--resume", Samples.golden("lstm_embedding.h5"), "-o", scratch.path("new.h5"),
    ])
    #expect(golden.code != 0 && !scratch.names.contains("new.h5"))
  }

  @Test func aTrainingThatDivergesSaysWhereAndCanRecover() throws {
    let scratch = try Scratch()
    let text = try scratch.file("text", Samples.text)
    let model = scratch.path("model.h5")
    let wild = [
      "--optimizer", "sgd", "--learning-rate", "1e15", "--clip", "0", "--cell", "elman", "--activation", "relu",
    ]
    let run = try Program.run(["train", text, "-o", model] + Samples.brief + wild)
    #expect(run.code == 1)
    #expect(run.errors.contains("diverged at step") && run.errors.contains("window"), "\(run.errors)")
    #expect(!scratch.names.contains("model.h5"))
    let recovered = try Program.run(
      ["train", text, "-o", scratch.path("second.h5"), "--recover", "1000"] + Samples.brief + wild)
    #expect(recovered.code == 0, "\(recovered.errors)")
  }
}
