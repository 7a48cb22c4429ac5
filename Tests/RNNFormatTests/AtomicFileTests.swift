import Foundation
import RNNFormat
import Testing

@Suite struct AtomicFileTests {
  private struct Stop: Error {}
  private let old = Array("old".utf8)
  private let new = Array("new and longer".utf8)

  @Test func replacesTheWholeFile() throws {
    let scratch = try Scratch()
    try scratch.file("target", old)
    try AtomicFile.write(new, to: scratch.path("target"))
    #expect(try scratch.bytes("target") == new)
    #expect(scratch.names == ["target"])
  }

  @Test func leavesTheOldFileWhenTheBodyThrows() throws {
    let scratch = try Scratch()
    try scratch.file("target", old)
    #expect(throws: Stop.self) {
      try AtomicFile.replace(scratch.path("target")) { temporary in
        try Data(new).write(to: URL(filePath: temporary))
        throw Stop()
      }
    }
    #expect(try scratch.bytes("target") == old)
    #expect(scratch.names == ["target"])
  }

  @Test(arguments: ["x", "é", "./x", "xy.h5"])
  func takesNamesOfAnyLength(name: String) throws {
    // Relative to the folder that the tests run in; nothing stays there.
    try AtomicFile.checkWritable(name)
    #expect(throws: FormatError.self) { try AtomicFile.checkWritable(name + "/") }
    #expect(throws: FormatError.self) { try AtomicFile.checkWritable("") }
  }

  @Test func leavesNothingWhenTheBodyWritesNothing() throws {
    let scratch = try Scratch()
    #expect(throws: FormatError.self) { try AtomicFile.replace(scratch.path("target")) { _ in } }
    #expect(scratch.names.isEmpty)
  }

  @Test func theTemporaryFileLiesBesideTheTarget() throws {
    let scratch = try Scratch()
    try AtomicFile.replace(scratch.path("target")) { temporary in
      let url = URL(filePath: temporary)
      #expect(url.deletingLastPathComponent().lastPathComponent == URL(filePath: scratch.folder).lastPathComponent)
      #expect(url.lastPathComponent.hasPrefix(".rnntool.") && temporary.hasSuffix(".partial"))
      try Data(new).write(to: url)
    }
    #expect(scratch.names == ["target"])
  }

  @Test func refusesADirectory() throws {
    let scratch = try Scratch()
    try FileManager.default.createDirectory(atPath: scratch.path("folder"), withIntermediateDirectories: false)
    try expectRefusal(scratch.path("folder"), "directory")
  }

  @Test func refusesAMissingFolder() throws {
    let scratch = try Scratch()
    try expectRefusal(scratch.path("none/target"), "does not exist")
    #expect(scratch.names.isEmpty)
  }

  @Test(.enabled(if: getuid() != 0, "the superuser may write everywhere"))
  func refusesAFolderThatCannotBeWritten() throws {
    let scratch = try Scratch()
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: scratch.folder)
    try expectRefusal(scratch.path("target"), "permission denied")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.folder)
  }

  @Test func followsASymbolicLink() throws {
    let scratch = try Scratch()
    try scratch.file("real", old)
    try FileManager.default.createSymbolicLink(atPath: scratch.path("link"), withDestinationPath: "real")
    try AtomicFile.write(new, to: scratch.path("link"))
    #expect(try scratch.bytes("real") == new)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.path("link")) == "real")
    #expect(scratch.names == ["link", "real"])
  }

  @Test func keepsThePermissions() throws {
    let scratch = try Scratch()
    try scratch.file("target", old)
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: scratch.path("target"))
    try AtomicFile.write(new, to: scratch.path("target"))
    let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path("target"))
    #expect(attributes[.posixPermissions] as? Int == 0o640)
  }

  @Test func showsNobodyElseWhatIsUnfinished() throws {
    let scratch = try Scratch()
    func mode(_ path: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
    try scratch.file("plain", old)
    try AtomicFile.replace(scratch.path("target")) { temporary in
      try OutputFile(creating: temporary).write(new)
      #expect(try mode(temporary) == 0o600)
    }
    // What the user's mask says, as for any new file.
    #expect(try mode(scratch.path("target")) == mode(scratch.path("plain")))
  }

  @Test func removesWhatNobodyWillFinish() throws {
    let scratch = try Scratch()
    // No process has such a number.
    let (here, elsewhere) = (".rnntool.999999999-1.partial", ".rnntool.999999999-2@0123456789ab.partial")
    let others = [".rnntool.999999999 my notes.partial.txt", ".rnntool.9.partial", "x.rnntool.999999999-1.partial"]
    for name in [here, elsewhere] + others { try scratch.file(name, old) }
    func age(_ name: String, hours: Double) throws {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -3600 * hours)], ofItemAtPath: scratch.path(name))
    }
    for name in [here, elsewhere] + others { try age(name, hours: 23) }
    // They may be written on another machine.
    try AtomicFile.write(new, to: scratch.path("target"))
    #expect(Set(scratch.names) == Set([here, elsewhere, "target"] + others))
    for name in [here, elsewhere] + others { try age(name, hours: 25) }
    try AtomicFile.write(new, to: scratch.path("target"))
    #expect(Set(scratch.names) == Set(["target"] + others))
  }

  private func expectRefusal(_ path: String, _ says: String) throws {
    for attempt in [{ try AtomicFile.write(new, to: path) }, { try AtomicFile.checkWritable(path) }] {
      do {
        try attempt()
        Issue.record("it was written")
      } catch FormatError.cannotWrite(let file, let reason) {
        #expect(file == path)
        #expect(reason.contains(says), "\(reason)")
      }
    }
  }
}
