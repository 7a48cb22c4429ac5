import Foundation
import RNNFormat
import Testing

/// `--untrusted`: the same answers, from a process without rights.
@Suite struct QuarantineTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "fixtures")

  private static func files(_ folder: String) -> [String] {
    let path = fixtures.appending(path: folder).path
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".h5") }.sorted()
      .map { "\(path)/\($0)" }
  }

  @Test func judgesEveryFixtureAsWithout() throws {
    let files = Self.files("golden") + Self.files("hostile")
    #expect(files.count > 200)
    let plain = try Program.run(["validate", "--json"] + files).json.array ?? []
    let run = try Program.run(["validate", "--json", "--untrusted"] + files)
    let quarantined = run.json.array ?? []
    #expect(run.errors.contains("read in a process of its own"))
    #expect(plain.count == files.count)
    #expect(quarantined.count == files.count)
    for (one, other) in zip(plain, quarantined) {
      #expect(one["file"] == other["file"])
      #expect(one["valid"]?.bool == other["valid"]?.bool, "\(one["file"] ?? .null)")
      #expect(other["error"] == nil, "\(other)")
      // A file that is refused while it is read has nothing but that to show; all others have the same findings.
      let isRefused = other["findings"]?.array?.contains { $0["rule"]?.string == "hdf5.refused" } ?? false
      if !isRefused { #expect(one == other) }
    }
  }

  @Test func convertsToTheSameBytes() throws {
    let scratch = try Scratch()
    let model = Self.fixtures.appending(path: "golden/lstm_compressed.h5").path
    let one = try Program.run(["convert", model, scratch.path("a.h5"), "--json"])
    let other = try Program.run(["convert", model, scratch.path("b.h5"), "--json", "--untrusted"])
    #expect(one.code == 0)
    #expect(other.code == 0)
    #expect(try scratch.bytes("a.h5") == scratch.bytes("b.h5"))
  }

  @Test func saysWhatIsMissingAsWithout() throws {
    for file in ["/nowhere/model.h5", "/tmp", Self.fixtures.appending(path: "README.md").path] {
      let one = try Program.run(["inspect", file])
      let other = try Program.run(["inspect", file, "--untrusted"])
      #expect(one.code == other.code)
      #expect(other.errors.contains(one.errors), "\(other.errors)")
    }
  }

  @Test func leavesNothingBehind() throws {
    let scratch = try Scratch()
    let model = Self.fixtures.appending(path: "golden/lstm.h5").path
    let process = Process()
    process.executableURL = URL(filePath: Program.path ?? "")
    process.arguments = ["inspect", model, "--untrusted"]
    process.environment = ["TMPDIR": scratch.folder]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(scratch.names.isEmpty)
  }
}
