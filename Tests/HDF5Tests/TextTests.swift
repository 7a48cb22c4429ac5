import CHDF5
import HDF5
import Testing

@Suite struct TextTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test(arguments: ["", "a", "naïve 日本語 🧵", " spaces ", "line\nbreak", String(repeating: "x", count: 100_000)])
  func keepsTexts(text: String) throws {
    let path = scratch.path()
    let writing = try File(creating: path)
    try writing.root.createString("text", text)
    try writing.root.setAttribute("text", to: text)
    try writing.root.setAttribute("texts", to: [text, "", "other"])
    try writing.close()

    let file = try File(opening: path)
    let dataset = try file.root.dataset("text")
    #expect(dataset.shape == [])
    #expect(dataset.datatype == .fixedString(bytes: max(1, text.utf8.count), utf8: true))
    #expect(try Array(dataset.readString().utf8) == Array(text.utf8))
    #expect(try file.root.stringAttribute("text") == text)
    #expect(try file.root.stringsAttribute("texts") == [text, "", "other"])
    let description = try file.root.attributeDescription("texts")
    #expect(description.datatype == .fixedString(bytes: max(5, text.utf8.count), utf8: true))
    #expect(description.shape == [3])
  }

  @Test func refusesToWriteNUL() throws {
    let file = try File(creating: scratch.path())
    #expect(rule { () throws(HDF5Error) in try file.root.createString("text", "a\0b") } == .text)
    #expect(rule { () throws(HDF5Error) in try file.root.setAttribute("text", to: "a\0") } == .text)
    #expect(rule { () throws(HDF5Error) in try file.root.setAttribute("text", to: ["a", "\0"]) } == .text)
    #expect(try file.root.childNames() == [])
    #expect(try file.root.attributeNames() == [])
  }

  @Test func readsTextsOfVariableLength() throws {
    let texts = ["", "grün", String(repeating: "long", count: 1000)]
    let path = try scratch.forge { file in
      try Forge.variableStrings(file, "list", texts, scalar: false, attribute: false)
      try Forge.variableStrings(file, "one", ["väterchen"], scalar: true, attribute: false)
      try Forge.variableStrings(file, "list", texts, scalar: false, attribute: true)
      try Forge.variableStrings(file, "one", ["{\"a\": 1}"], scalar: true, attribute: true)
    }
    let file = try File(opening: path)
    #expect(try file.root.dataset("list").readStrings() == texts)
    #expect(try file.root.dataset("one").readString() == "väterchen")
    #expect(try file.root.dataset("list").datatype == .variableString)
    #expect(try file.root.stringsAttribute("list") == texts)
    #expect(try file.root.stringAttribute("one") == "{\"a\": 1}")
    #expect(try file.root.attributeDescription("list") == (.variableString, [3]))
    #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("list").readBytes() } == .variableLength)
  }

  @Test func refusesManyReferencesToOneLargeText() throws {
    let path = try scratch.forge { file in
      let texts = [String(repeating: "x", count: 20_000)] + Array(repeating: "y", count: 999)
      try Forge.variableStrings(file, "list", texts, scalar: false, attribute: false)
    }
    let offset: Int
    do {
      let file = try File(opening: path)
      let dataset = try file.root.dataset("list")
      let found = dataset.offset
      offset = try #require(found)
      #expect(try dataset.readStrings().count == 1000)
    }
    var bytes = try scratch.bytes(of: path)
    let reference = Array(bytes[offset..<offset + 16])
    for index in 0..<1000 { bytes.replaceSubrange(offset + index * 16..<offset + index * 16 + 16, with: reference) }
    let file = try File(opening: scratch.file("bomb.h5", bytes))
    #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("list").readStrings() } == .readFailed)
  }

  @Test func readsFixedTextsOfOtherWriters() throws {
    let path = try scratch.forge { file in
      func write(_ name: String, _ padding: H5T_str_t, _ text: String) throws {
        let type = H5Tcopy(chdf5_string())
        H5Tset_size(type, 5)
        H5Tset_strpad(type, padding)
        try Forge.dataset(file, name, type: type, shape: [2], bytes: Array(text.utf8))
      }
      try write("terminated", H5T_STR_NULLTERM, "ab\0xxabcd\0")
      try write("zeros", H5T_STR_NULLPAD, "a\0b\0\0abcde")
      try write("spaces", H5T_STR_SPACEPAD, "ab   abcde")
      let type = H5Tcopy(chdf5_string())
      H5Tset_size(type, 2)
      try Forge.dataset(file, "latin", type: type, shape: [], bytes: [0xFC, 0])
    }
    let file = try File(opening: path)
    #expect(try file.root.dataset("terminated").readStrings() == ["ab", "abcd"])
    #expect(try file.root.dataset("zeros").readStrings() == ["a\0b", "abcde"])
    #expect(try file.root.dataset("spaces").readStrings() == ["ab", "abcde"])
    #expect(try file.root.dataset("spaces").datatype == .fixedString(bytes: 5, utf8: false))
    #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("latin").readString() } == .text)
  }

  @Test func keepsDimensionLabels() throws {
    let path = scratch.path()
    let writing = try File(creating: path)
    let shapes: [(String, [Int], [String])] = [
      ("plain", [2, 3, 1], ["gate", "", "hidden"]), ("unicode", [1], ["größe"]), ("scalar", [], []),
    ]
    for (name, shape, labels) in shapes {
      let dataset = try writing.root.createDataset(name, of: Float.self, shape: shape)
      try dataset.write([Float](repeating: 0, count: shape.reduce(1, *)))
      try dataset.setDimensionLabels(labels)
    }
    try writing.root.createDataset("none", of: Float.self, shape: [2, 2]).write([1, 2, 3, 4] as [Float])
    try writing.close()

    let file = try File(opening: path)
    for (name, _, labels) in shapes { #expect(try file.root.dataset(name).dimensionLabels() == labels) }
    #expect(try file.root.dataset("none").dimensionLabels() == ["", ""])
  }

  @Test func refusesLabelsThatDoNotFit() throws {
    let file = try File(creating: scratch.path())
    let dataset = try file.root.createDataset("x", of: Float.self, shape: [2, 2])
    #expect(rule { () throws(HDF5Error) in try dataset.setDimensionLabels(["a"]) } == .shape)
    #expect(rule { () throws(HDF5Error) in try dataset.setDimensionLabels(["a", "b\0"]) } == .text)
    try dataset.setAttribute("DIMENSION_LABELS", to: ["a", "b", "c"])
    #expect(rule { () throws(HDF5Error) in _ = try dataset.dimensionLabels() } == .shape)
  }
}
