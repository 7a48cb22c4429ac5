import CHDF5
import Foundation
import HDF5
import Testing

@Suite struct FileTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func opening(_ path: String) -> HDF5Error? {
    do {
      _ = try File(opening: path)
      return nil
    } catch {
      return error
    }
  }

  private func sample() throws -> [UInt8] {
    let path = scratch.path("sample.h5")
    let file = try File(creating: path)
    try file.root.createDataset("x", of: Float.self, shape: [1000]).write([Float](repeating: 1, count: 1000))
    try file.close()
    return try scratch.bytes(of: path)
  }

  @Test func saysWhyAFileCannotBeOpened() throws {
    #expect(opening(scratch.path("missing"))?.rule == .fileMissing)
    #expect(opening(scratch.folder.path)?.rule == .directory)
    #expect(try opening(scratch.file("empty", []))?.rule == .emptyFile)
    #expect(try opening(scratch.file("text", Array("some text, long enough".utf8)))?.rule == .notHDF5)
    #expect(try opening(scratch.file("short", [0x89]))?.rule == .notHDF5)
    #expect(opening("/dev/null")?.rule == .notRegularFile)
    #expect(opening("a\0b")?.rule == .name)
    #expect(opening(scratch.path("missing"))?.description.hasSuffix("there is no such file or folder") == true)
  }

  @Test func doesNotWaitForAPipe() throws {
    let path = scratch.path("pipe")
    try #require(mkfifo(path, 0o600) == 0)
    #expect(opening(path)?.rule == .notRegularFile)
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may read everything"))
  func saysThatPermissionIsDenied() throws {
    let path = try scratch.file("closed.h5", sample())
    try #require(chmod(path, 0) == 0)
    #expect(opening(path)?.rule == .permission)
  }

  @Test func refusesTruncatedFile() throws {
    let bytes = try sample()
    for length in [bytes.count - 1, bytes.count / 2, 60] {
      #expect(try opening(scratch.file("short\(length).h5", bytes.prefix(length)))?.rule == .truncated)
    }
    for length in [8, 20, 47] {
      let found = try opening(scratch.file("short\(length).h5", bytes.prefix(length)))?.rule
      #expect(found == .truncated || found == .damaged)
    }
  }

  @Test func refusesDamagedSuperblock() throws {
    var bytes = try sample()
    bytes[20] ^= 0xFF
    let error = try #require(try opening(scratch.file("damaged.h5", bytes)))
    #expect(error.rule == .damaged)
    #expect(error.object == nil)
  }

  @Test func survivesEveryFlippedByteOfMetadata() throws {
    let path = scratch.path("small.h5")
    let writing = try File(creating: path)
    let options = DatasetOptions(deflate: 1, shuffle: true, fletcher32: true)
    try writing.root.createDataset("x", of: Float.self, shape: [8], options: options).write(
      [Float](repeating: 1, count: 8))
    try writing.root.setAttribute("texts", to: ["a", "b"])
    try writing.close()
    let bytes = try scratch.bytes(of: path)
    // Whatever comes out, it must come out: numbers or an error, never a crash.
    for position in bytes.indices where bytes[position] != 0 {
      var damaged = bytes
      damaged[position] ^= 0x55
      let path = try scratch.file("flipped.h5", damaged)
      _ = rule { () throws(HDF5Error) in
        let file = try File(opening: path)
        _ = try file.objects()
        _ = try file.root.stringsAttribute("texts")
        _ = try file.root.dataset("x").read(as: Float.self)
      }
    }
  }

  @Test func findsTheSignatureBehindAUserBlock() throws {
    let path = scratch.path("block.h5")
    Library.enter()
    let creation = H5Pcreate(chdf5_file_create())
    H5Pset_userblock(creation, 1024)
    let access = H5Pcreate(chdf5_file_access())
    _ = chdf5_do_not_lock(access)
    let id = H5Fcreate(path, chdf5_truncate(), creation, access)
    H5Pclose(access)
    try Forge.dataset(id, "x", type: chdf5_u8le(), shape: [3], bytes: [1, 2, 3])
    H5Fclose(id)
    H5Pclose(creation)
    Library.leave()
    let file = try File(opening: path)
    let dataset = try file.root.dataset("x")
    #expect(try dataset.read(as: UInt8.self) == [1, 2, 3])
    let found = dataset.offset
    let offset = try #require(found)
    #expect(Array(try scratch.bytes(of: path)[offset..<offset + 3]) == [1, 2, 3])
  }

  @Test func knowsItsSize() throws {
    let bytes = try sample()
    #expect(try File(opening: scratch.path("sample.h5")).size == bytes.count)
  }

  @Test func saysWhyAFileCannotBeCreated() throws {
    func creating(_ path: String) -> HDF5Error.Rule? {
      rule { () throws(HDF5Error) in _ = try File(creating: path) }
    }
    _ = try sample()
    #expect(creating(scratch.path("sample.h5")) == .fileExists)
    #expect(try creating(scratch.file("empty", [])) == .fileExists)
    #expect(creating(scratch.folder.path) == .fileExists)
    #expect(creating(scratch.path("no/such/folder.h5")) == .fileMissing)
    #expect(creating("a\0b") == .name)
  }

  @Test func escapesControlCharactersInErrors() {
    let error = HDF5Error(rule: .missing, operation: "find", object: "/a\u{1B}[31m", file: "f\n", cause: "no\u{202E}")
    #expect(error.description == "cannot find /a\\u{1b}[31m in 'f\\u{a}': no\\u{202e}")
  }

  @Test func rulesAreStableAndDistinct() {
    let rules = HDF5Error.Rule.allCases.map(\.rawValue)
    #expect(Set(rules).count == rules.count)
    #expect(rules.allSatisfy { $0.hasPrefix("hdf5.") })
    #expect(HDF5Error.Rule.externalStorage.rawValue == "hdf5.external-storage")
  }
}
