import CHDF5
import HDF5
import Testing

@Suite struct TreeTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func sample() throws -> String {
    let path = scratch.path()
    let file = try File(creating: path)
    let outer = try file.root.createGroup("b")
    let inner = try outer.createGroup("inner")
    try inner.createDataset("x", of: Int16.self, shape: [2, 1]).write([1, 2] as [Int16])
    try inner.setAttribute("z", to: Int8(1))
    try inner.setAttribute("a", to: Int8(1))
    try file.root.createString("ä", "text")
    try file.root.createString("Z", "text")
    _ = consume inner
    _ = consume outer
    try file.close()
    return path
  }

  @Test func describesEveryObjectInOrder() throws {
    let file = try File(opening: sample())
    let text = Datatype.fixedString(bytes: 4, utf8: true)
    let expected = [
      ObjectDescription(path: "/", kind: .group, shape: [], datatype: nil, attributeNames: []),
      ObjectDescription(path: "/Z", kind: .dataset, shape: [], datatype: text, attributeNames: []),
      ObjectDescription(path: "/b", kind: .group, shape: [], datatype: nil, attributeNames: []),
      ObjectDescription(path: "/b/inner", kind: .group, shape: [], datatype: nil, attributeNames: ["a", "z"]),
      ObjectDescription(
        path: "/b/inner/x", kind: .dataset, shape: [2, 1], datatype: .integer(bits: 16, signed: true),
        attributeNames: []),
      ObjectDescription(path: "/ä", kind: .dataset, shape: [], datatype: text, attributeNames: []),
    ]
    #expect(try file.objects() == expected)
    #expect(try file.root.group("b").objects().map(\.path) == ["/b", "/b/inner", "/b/inner/x"])
    #expect(try file.root.childNames() == ["Z", "b", "ä"])
  }

  @Test func followsPathsOneNameAtATime() throws {
    let file = try File(opening: sample())
    #expect(try file.root.dataset("b/inner/x").location.path == "/b/inner/x")
    #expect(try file.root.group("b").group("inner").dataset("x").read(as: Int16.self) == [1, 2])
    #expect(try file.root.dataset("/b/inner/x").location.path == "/b/inner/x")
    #expect(try file.root.kind(of: "b/inner") == .group)
    #expect(try file.root.kind(of: "b/inner/x") == .dataset)
    #expect(try file.root.contains("b/inner/x"))
    #expect(try !file.root.contains("b/none"))
    #expect(try !file.root.contains("none/x"))
    #expect(try !file.root.contains("Z/x"))
    #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("b/none") } == .missing)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("b/inner") } == .kind)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.group("Z") } == .kind)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.kind(of: "none") } == .missing)
  }

  @Test(arguments: ["", "/", "b/", "b//inner", ".", "..", "b/../b", "a\0b", String(repeating: "n", count: 1025)])
  func refusesWhatIsNoName(name: String) throws {
    let file = try File(opening: sample())
    #expect(rule { () throws(HDF5Error) in _ = try file.root.group(name) } == .name)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset(name) } == .name)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.contains(name) } == .name)
    let writing = try File(creating: scratch.path("new.h5"))
    #expect(rule { () throws(HDF5Error) in _ = try writing.root.createGroup(name) } == .name)
    #expect(rule { () throws(HDF5Error) in try writing.root.createString(name, "") } == .name)
  }

  @Test func acceptsUnusualNames() throws {
    let names = [" ", "...", "a.b", "weight:0", "日本", "é", String(repeating: "n", count: 1024)]
    let file = try File(creating: scratch.path())
    for name in names { _ = try file.root.createGroup(name) }
    let expected = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    #expect(try file.root.childNames().map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    try file.root.setAttribute("a/b", to: Int32(1))
    #expect(try file.root.attribute("a/b", as: Int32.self) == 1)
    #expect(rule { () throws(HDF5Error) in try file.root.setAttribute("", to: Int32(1)) } == .name)
    #expect(rule { () throws(HDF5Error) in try file.root.setAttribute("a\0b", to: Int32(1)) } == .name)
  }

  @Test func refusesNamesThatDifferOnlyInTheirSpelling() throws {
    let file = try File(creating: scratch.path())
    for name in ["e\u{301}", "\u{E9}"] { _ = try file.root.createGroup(name) }
    #expect(rule { () throws(HDF5Error) in _ = try file.root.childNames() } == .name)
    let group = try file.root.createGroup("attributes")
    for name in ["e\u{301}", "\u{E9}"] { try group.setAttribute(name, to: Int32(1)) }
    #expect(rule { () throws(HDF5Error) in _ = try group.attributeNames() } == .name)
  }

  @Test func refusesNamesThatAreNotUTF8() throws {
    let path = try scratch.forge { file in
      let group = H5Gcreate2(file, [CChar(bitPattern: 0xFF), 0], 0, 0, 0)
      try #require(group >= 0)
      H5Gclose(group)
    }
    let file = try File(opening: path)
    #expect(rule { () throws(HDF5Error) in _ = try file.root.childNames() } == .name)
    #expect(rule { () throws(HDF5Error) in _ = try file.objects() } == .name)
  }

  @Test func refusesToOverwrite() throws {
    let path = try sample()
    #expect(rule { () throws(HDF5Error) in _ = try File(creating: path) } == .fileExists)
    let file = try File(creating: scratch.path("new.h5"))
    _ = try file.root.createGroup("x")
    #expect(rule { () throws(HDF5Error) in _ = try file.root.createGroup("x") } == .exists)
    #expect(rule { () throws(HDF5Error) in try file.root.createString("x", "") } == .exists)
    try file.root.setAttribute("a", to: "")
    #expect(rule { () throws(HDF5Error) in try file.root.setAttribute("a", to: Int8(1)) } == .exists)
  }

  @Test func refusesToWriteToAFileOpenedForReading() throws {
    let file = try File(opening: sample())
    #expect(rule { () throws(HDF5Error) in _ = try file.root.createGroup("new") } == .writeFailed)
    #expect(rule { () throws(HDF5Error) in try file.root.setAttribute("new", to: "") } == .writeFailed)
    let dataset = try file.root.dataset("b/inner/x")
    #expect(rule { () throws(HDF5Error) in try dataset.write([1, 2] as [Int16]) } == .writeFailed)
  }

  @Test func closesOnlyWhenNothingIsOpen() throws {
    let path = scratch.path()
    let file = try File(creating: path)
    let group = try file.root.createGroup("x")
    do {
      try file.close()
      Issue.record("a file with an open group was closed")
    } catch {
      #expect(error.rule == .stillOpen)
    }
    #expect(try group.childNames() == [])
    _ = consume group
    #expect(try File(opening: path).root.childNames() == ["x"])
  }

  @Test func letsObjectsOutliveTheirFile() throws {
    let path = try sample()
    func dataset() throws -> Dataset { try File(opening: path).root.dataset("b/inner/x") }
    #expect(try dataset().read(as: Int16.self) == [1, 2])
  }

  @Test func findsAttributes() throws {
    let file = try File(opening: sample())
    let group = try file.root.group("b/inner")
    #expect(try group.attributeNames() == ["a", "z"])
    #expect(try group.hasAttribute("a"))
    #expect(try !group.hasAttribute("b"))
    #expect(try group.attributeDescription("a") == (.integer(bits: 8, signed: true), []))
    #expect(rule { () throws(HDF5Error) in _ = try group.attribute("b", as: Int8.self) } == .missing)
    #expect(rule { () throws(HDF5Error) in _ = try group.attributeDescription("b") } == .missing)
    #expect(rule { () throws(HDF5Error) in _ = try group.arrayAttribute("a", as: Int8.self) } == .shape)
  }

  @Test func boundsDepthAndNumber() throws {
    let path = scratch.path()
    let file = try File(creating: path)
    func nest(_ group: borrowing Group, _ depth: Int) throws {
      if depth > 0 { try nest(group.createGroup("g"), depth - 1) }
    }
    try nest(file.root, 66)
    for index in 0..<20 { _ = try file.root.createGroup("sibling \(index)") }
    try file.close()
    #expect(rule { () throws(HDF5Error) in _ = try File(opening: path).objects() } == .tooLarge)
    let deep = Array(repeating: "g", count: 66).joined(separator: "/")
    #expect(rule { () throws(HDF5Error) in _ = try File(opening: path).root.group(deep) } == .tooLarge)
    // A dataset may lie in the deepest group.
    let deepest = Array(repeating: "g", count: 64).joined(separator: "/")
    #expect(rule { () throws(HDF5Error) in _ = try File(opening: path).root.dataset(deepest + "/x") } == .missing)
    let limits = ReadLimits(maximumDepth: 66)
    #expect(try File(opening: path, limits: limits).objects().count == 87)
    #expect(try File(opening: path, limits: limits).root.group(deep).childNames() == [])
    let few = ReadLimits(maximumDepth: 66, maximumObjects: 21)
    #expect(rule { () throws(HDF5Error) in _ = try File(opening: path, limits: few).objects() } == .tooLarge)
    let fewer = ReadLimits(maximumObjects: 20)
    #expect(rule { () throws(HDF5Error) in _ = try File(opening: path, limits: fewer).root.childNames() } == .tooLarge)
  }
}
