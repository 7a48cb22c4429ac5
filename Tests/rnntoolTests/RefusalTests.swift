import Foundation
import RNNFormat
import Testing

/// What goes wrong is said in one sentence, with the right exit code, and destroys nothing.
@Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
struct RefusalTests {
  private static let model = Samples.golden("lstm.h5")

  /// Arguments, where `@` stands for a folder with the files below; the exit code; what is said.
  private static let failures: [(arguments: [String], code: Int32, says: String)] = [
    (["inspect", "@/none.h5"], 2, "no such file"), (["inspect", "@"], 2, "directory"),
    (["inspect", "@/empty"], 1, "empty"), (["inspect", "@/text"], 1, "not an HDF5 file"),
    (["validate", "@/none.h5"], 2, "no such file"), (["validate", "@"], 2, "directory"),
    (["sample", "@/text"], 1, "not an HDF5 file"), (["evaluate", "@/none.h5", "@/text"], 2, "no such file"),
    (["evaluate", model, "@/none"], 2, "no such file"), (["evaluate", model, "@"], 2, "directory"),
    (["evaluate", model, "@/empty"], 1, "empty"),
    (["train", "@/none", "-o", "@/m.h5"], 2, "no such file"), (["train", "@", "-o", "@/m.h5"], 2, "directory"),
    (["train", "@/empty", "-o", "@/m.h5"], 1, "empty"), (["train", "@/short", "-o", "@/m.h5"], 1, "short"),
    (["train", "@/text", "-o", "@/folder"], 2, "directory"),
    (["train", "@/text", "-o", "@/none/m.h5"], 2, "does not exist"),
    (["convert", "@/none.h5", "@/m.npz"], 2, "no such file"),
    (["convert", "@", "@/m.npz"], 2, "folder without a model"),
    (["convert", "@/text", "@/m.npz"], 1, "format"),
    (["train", "@/long", "-o", "@/long"], 64, "written over"),
    (["train", "@/long", "-o", "@/text.h5"], 1, "exists already"),
    (["convert", model, "@/text.npz"], 1, "exists already"),
    (["convert", "@/text.h5", "@/text.h5", "--force"], 64, "written over"),
    (["train", "@/long", "-o", "@/m.h5", "--hidden", "1000000"], 2, "memory"),
    (["sample", "@/text.safetensors"], 1, "convert"),
    (["convert", model, "@/none/m.npz"], 2, "does not exist"),
    (["convert", model, "@/folder", "--to", "npz"], 2, "directory"),
    (["convert", "@/text.h5", "@/m.npz"], 1, "not an HDF5 file"),
    (["convert", "@/text.npz", "@/m.h5"], 1, "refused"), (["convert", "@/text.safetensors", "@/m.h5"], 1, "refused"),
    (["run", model, "--input", "@/none.npy", "--output", "@/y.npy"], 2, "no such file"),
    (["run", model, "--input", "@/text", "--output", "@/y.npy"], 1, "not a NumPy array"),
    (["run", model, "--input", "@/beyond.npy", "--output", "@/y.npy"], 1, "tokens are"),
    (["run", model, "--input", "@/beyond.npy", "--output", "@/none/y.npy"], 2, "does not exist"),
    (["sample", model, "--prompt-file", "@/none"], 2, "no such file"),
  ]

  @Test(arguments: failures.indices)
  func isSaidInOneSentence(index: Int) throws {
    let scratch = try folder()
    let before = scratch.names
    let (arguments, code, says) = Self.failures[index]
    let run = try Program.run(arguments.map { $0.replacing("@", with: scratch.folder) })
    #expect(run.code == code, "\(arguments): \(run.errors)")
    if arguments[0] == "validate" || run.output.isEmpty {
      expectOneSentence(run)
    } else {
      Issue.record("\(arguments) printed \(run.text)")
    }
    #expect(run.errors.contains(says), "\(arguments): \(run.errors)")
    #expect(scratch.names == before)
  }

  /// What contradicts itself or is out of range is wrong usage.
  private static let usages: [[String]] = [
    [], ["fly"], ["train"], ["train", "t"], ["train", "t", "-o", "m", "--hidden", "0"],
    ["train", "t", "-o", "m", "--hidden", "many"], ["train", "t", "-o", "m", "--layers", "0"],
    ["train", "t", "-o", "m", "--dropout", "1"], ["train", "t", "-o", "m", "--cell", "transformer"],
    ["train", "t", "-o", "m", "--activation", "tanh"],
    ["train", "t", "-o", "m", "--cell", "elman", "--activation", "x"],
    ["train", "t", "-o", "m", "--normalisation", "whitespace"], ["train", "t", "-o", "m", "--epochs", "0"],
    ["train", "t", "-o", "m", "--validation", "v", "--validation-fraction", "0.1"],
    ["train", "t", "-o", "m", "--validation-fraction", "1"], ["train", "t", "-o", "m", "--seed", "-1"],
    ["train", "t", "-o", "m", "--batch", "0"], ["train", "t", "-o", "m", "--learning-rate", "nan"],
    ["evaluate"], ["evaluate", "m"], ["evaluate", "m", "t", "--threads", "0"],
    ["evaluate", "m", "t", "--unknown", "x"],
    ["sample"], ["sample", "m", "--prompt", "a", "--prompt-file", "b"], ["sample", "m", "--greedy", "--top-k", "3"],
    ["sample", "m", "--temperature", "0"], ["sample", "m", "--temperature", "inf"], ["sample", "m", "--top-k", "0"],
    ["sample", "m", "--top-p", "1.5"], ["sample", "m", "--length", "-1"], ["inspect"], ["inspect", "m", "--colour"],
    ["convert", "a"], ["convert", "a", "b.txt"], ["convert", "a", "b.npz", "--compress"],
    ["convert", "a", "b", "--to", "word"], ["validate"],
    ["validate", "m", "--rules"], ["validate", "m", "--level", "all"], ["run", "m"],
    ["run", "m", "--input", "a", "--output", "b.txt"], ["run", "m", "--input", "a", "--output", "b.npy", "--layers"],
  ]

  @Test(arguments: usages.indices.dropFirst())
  func wrongUsageHasItsOwnCode(index: Int) throws {
    let run = try Program.run(Self.usages[index])
    #expect(run.code == 64, "\(Self.usages[index]): \(run.errors)")
    #expect(run.output.isEmpty, "\(run.text)")
    #expect(run.errors.hasPrefix("Error: ") || run.errors.hasPrefix("rnntool: "), "\(run.errors)")
  }

  @Test func aSymbolThatTheModelDoesNotHaveIsNamed() throws {
    let scratch = try folder()
    let model = scratch.path("m.h5")
    #expect(try Program.run(["train", scratch.path("long"), "-o", model] + Samples.brief).code == 0)
    let run = try Program.run(["sample", model, "--prompt", "The\u{20AC}"])
    #expect(run.code == 1 && run.errors.contains("'€'") && run.errors.contains("byte 3"))
    expectOneSentence(run)
    let text = try scratch.file("euro", Array("The €".utf8))
    #expect(try Program.run(["evaluate", model, text, "--unknown", "refuse"]).code == 1)
    let skipping = try Program.run(["evaluate", model, text, "--json"])
    #expect(skipping.code == 0 && skipping.json.array?.first?["skipped"] == 1)
  }

  @Test func aFileThatIsNotValidIsReportedInFull() throws {
    let path = try #require(Samples.hostile.first { $0.hasSuffix("tensor_missing.h5") })
    let run = try Program.run(["validate", path])
    #expect(run.code == 1 && run.errors.isEmpty)
    #expect(run.text.contains("[parameters.missing]") && run.text.contains("NOT valid"))
    let inspected = try Program.run(["inspect", path])
    #expect(inspected.code == 1 && inspected.errors.contains("parameters.missing"))
    expectOneSentence(inspected)
  }

  @Test func namesFromAFileCannotDriveTheTerminal() throws {
    let path = try #require(Samples.hostile.first { $0.hasSuffix("name_control_characters.h5") })
    let scratch = try folder()
    for arguments in [["validate", path], ["inspect", path], ["convert", path, scratch.path("x.npz")]] {
      let run = try Program.run(arguments)
      #expect(run.code == 1)
      #expect(!run.output.contains(0x1B) && !run.errors.utf8.contains(0x1B))
    }
  }

  @Test func aFailedConversionLeavesTheTargetAlone() throws {
    let scratch = try folder()
    let target = try scratch.file("target.h5", [1, 2, 3])
    for source in ["text.npz", "text.safetensors"] {
      #expect(try Program.run(["convert", scratch.path(source), target]).code == 1)
      #expect(try scratch.bytes("target.h5") == [1, 2, 3])
    }
  }

  @Test func theRulesAreListed() throws {
    let run = try Program.run(["validate", "--rules", "--json"])
    #expect(run.code == 0)
    #expect(Set((run.json.object ?? [:]).keys) == Set(Rules.all.keys))
    #expect(try Program.run(["validate", "--rules"]).text.contains("parameters.hash"))
  }

  private func folder() throws -> Scratch {
    let scratch = try Scratch()
    try scratch.file("empty", [])
    for name in ["text", "text.h5", "text.npz", "text.safetensors"] {
      try scratch.file(name, Array("Just a text.\n".utf8))
    }
    try scratch.file("short", Array("abc".utf8))
    try scratch.file("long", Samples.text)
    try scratch.file("beyond.npy", CommandTests.array([1_000_000]))
    try FileManager.default.createDirectory(atPath: scratch.path("folder"), withIntermediateDirectories: false)
    return scratch
  }
}
