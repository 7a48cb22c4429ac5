import Foundation
import RNNFormat
import Testing

@testable import RNNConversion

@Suite struct SafetensorsTests {
  /// The bytes of a file: the header's length, the header, the data.
  private static func file(_ header: String, data: Int = 0) -> [UInt8] {
    LittleEndian.bytes([UInt64(header.utf8.count)]) + Array(header.utf8) + [UInt8](repeating: 0, count: data)
  }

  private static func tensor(_ shape: String, _ offsets: String, type: String = "F32", more: String = "") -> String {
    #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)\#(more)}"#
  }

  @Test func readsWhatIsWellFormed() throws {
    let scratch = try Scratch()
    let header =
      #"{"__metadata__":{"k":"v"},"a":\#(Self.tensor("[1,2]", "[0,8]")),"b":\#(Self.tensor("[]", "[8,12]"))}  "#
    let file = try SafetensorsFile(opening: scratch.file("a", Self.file(header, data: 12)))
    #expect(file.texts == ["k": "v"])
    #expect(file.arrays["a"] == ArrayDescription(name: "a", type: .float32, shape: [1, 2]))
    #expect(file.arrays["b"]?.shape == [])
    #expect(try file.bytes(of: #require(file.arrays["b"])).count == 4)
  }

  private static let hostile: [(name: String, bytes: [UInt8], says: String)] = [
    ("empty", [], "ends before"),
    ("seven bytes", [1, 2, 3, 4, 5, 6, 7], "ends before"),
    ("length beyond the file", LittleEndian.bytes([UInt64(100)]) + Array("{}".utf8), "beyond the file"),
    ("length of 2^64 - 1", LittleEndian.bytes([UInt64.max]) + Array("{}".utf8), "beyond the file"),
    ("length of 2^63", LittleEndian.bytes([UInt64(1) << 63]) + Array("{}".utf8), "beyond the file"),
    ("no header", file(""), "begin with"),
    ("space before the header", file(" {}"), "begin with"),
    ("a list", file("[]"), "begin with"),
    ("not JSON", file("{"), "key was expected"),
    ("not UTF-8", LittleEndian.bytes([UInt64(6)]) + Array("{\"".utf8) + [0xFF] + Array("\":1".utf8), "UTF-8"),
    ("nested", file(#"{"a":[[[[[[[[[]]]]]]]]]}"#), "deeper"),
    ("duplicate", file(#"{"a":\#(tensor("[1]", "[0,4]")),"a":\#(tensor("[1]", "[0,4]"))}"#, data: 4), "twice"),
    ("duplicate metadata", file(#"{"__metadata__":{"a":"1","a":"2"}}"#), "twice"),
    ("unknown field", file(#"{"a":\#(tensor("[1]", "[0,4]", more: #","x":1"#))}"#, data: 4), "not understood"),
    ("no shape", file(#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, data: 4), "not understood"),
    ("unknown type", file(#"{"a":\#(tensor("[1]", "[0,4]", type: "F8_E4M3"))}"#, data: 4), "not understood"),
    ("type of another case", file(#"{"a":\#(tensor("[1]", "[0,4]", type: "f32"))}"#, data: 4), "not understood"),
    ("negative shape", file(#"{"a":\#(tensor("[-1]", "[0,4]"))}"#, data: 4), "not understood"),
    ("shape of a fraction", file(#"{"a":\#(tensor("[0.5]", "[0,2]"))}"#, data: 2), "not understood"),
    (
      "shape that overflows",
      file(#"{"a":\#(tensor("[4294967296,4294967296]", "[0,4]"))}"#, data: 4), "does not fit"
    ),
    (
      "shape that overflows to nought",
      file(#"{"a":\#(tensor("[4611686018427387,4096,4096,4096]", "[0,0]"))}"#), "does not fit"
    ),
    ("shape beyond the bytes", file(#"{"a":\#(tensor("[2]", "[0,4]"))}"#, data: 4), "does not fit"),
    ("offsets beyond the file", file(#"{"a":\#(tensor("[2]", "[0,8]"))}"#, data: 4), "not understood"),
    ("offsets that fall", file(#"{"a":\#(tensor("[1]", "[4,0]"))}"#, data: 4), "not understood"),
    ("offsets of three", file(#"{"a":\#(tensor("[1]", "[0,4,4]"))}"#, data: 4), "not understood"),
    ("negative offset", file(#"{"a":\#(tensor("[1]", "[-4,0]"))}"#, data: 4), "not understood"),
    ("hole at the beginning", file(#"{"a":\#(tensor("[1]", "[4,8]"))}"#, data: 8), "hole or an overlap"),
    (
      "hole between",
      file(#"{"a":\#(tensor("[1]", "[0,4]")),"b":\#(tensor("[1]", "[8,12]"))}"#, data: 12), "hole or an overlap"
    ),
    (
      "overlap",
      file(#"{"a":\#(tensor("[2]", "[0,8]")),"b":\#(tensor("[2]", "[4,12]"))}"#, data: 12), "hole or an overlap"
    ),
    (
      "the same bytes twice",
      file(#"{"a":\#(tensor("[1]", "[0,4]")),"b":\#(tensor("[1]", "[0,4]"))}"#, data: 4), "hole or an overlap"
    ),
    ("trailing bytes", file(#"{"a":\#(tensor("[1]", "[0,4]"))}"#, data: 5), "after the last tensor"),
    ("metadata of numbers", file(#"{"__metadata__":{"a":1}}"#), "not a string"),
    ("metadata of a list", file(#"{"__metadata__":[]}"#), "not an object"),
  ]

  @Test(arguments: hostile.indices)
  func refuses(index: Int) throws {
    let scratch = try Scratch()
    let (name, bytes, says) = Self.hostile[index]
    let path = try scratch.file("hostile.safetensors", bytes)
    do {
      _ = try SafetensorsFile(opening: path)
      Issue.record("\(name) was read")
    } catch ConversionError.malformed(let file, let place, let reason) {
      #expect(file == path)
      #expect("\(place) \(reason)".contains(says), "\(name): \(place) \(reason)")
    }
  }

  @Test func everyCutIsRefusedAndTheDestinationUntouched() throws {
    let scratch = try Scratch()
    try Converter().convert(Fixtures.path(golden: "lstm.h5"), to: scratch.path("whole.safetensors"))
    let bytes = try scratch.bytes("whole.safetensors")
    try scratch.file("precious.h5", [1, 2, 3])
    for end in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 60)) {
      let path = try scratch.file("cut.safetensors", Array(bytes[..<end]))
      #expect(throws: ConversionError.self) { try Converter().convert(path, to: scratch.path("precious.h5")) }
    }
    #expect(try scratch.bytes("precious.h5") == [1, 2, 3])
    #expect(scratch.names == ["cut.safetensors", "precious.h5", "whole.safetensors"])
  }

  @Test func refusesAFileOfAnotherProgramClearly() throws {
    let scratch = try Scratch()
    let path = try scratch.file(
      "foreign.safetensors", Self.file(#"{"weight":\#(Self.tensor("[1]", "[0,4]"))}"#, data: 4))
    do {
      try Converter().convert(path, to: scratch.path("a.h5"))
      Issue.record("it was converted")
    } catch let error as ConversionError {
      #expect("\(error)".contains("there is no recurrent layer"))
    }
    #expect(scratch.names == ["foreign.safetensors"])
  }

  /// A whole model as safetensors, its header changed.
  private func changed(_ scratch: Scratch, _ change: (inout [String: JSONValue]) -> Void) throws -> String {
    try Converter().convert(Fixtures.path(golden: "lstm.h5"), to: scratch.path("whole.safetensors"))
    let bytes = try scratch.bytes("whole.safetensors")
    let length = Int(LittleEndian.integers(Array(bytes[..<8]), as: UInt64.self)[0])
    var header = try #require(try JSONValue(parsing: Array(bytes[8..<(8 + length)])).object)
    change(&header)
    let text = Array(JSONValue.object(header).canonical.utf8)
    return try scratch.file(
      "changed.safetensors", LittleEndian.bytes([UInt64(text.count)]) + text + bytes[(8 + length)...])
  }

  @Test func listsAllTensorsThatDoNotFit() throws {
    let scratch = try Scratch()
    let path = try changed(scratch) { header in
      header["stray"] = header.removeValue(forKey: "output.bias")
      header["second.stray"] = header.removeValue(forKey: "lstm_1.bias")
    }
    do {
      try Converter().convert(path, to: scratch.path("a.h5"))
      Issue.record("it was converted")
    } catch ConversionError.malformed(_, _, let reason) {
      for part in [
        "output.bias is missing", "lstm_1.bias is missing", "stray does not belong", "second.stray does not belong",
      ] {
        #expect(reason.contains(part), "\(reason)")
      }
    }
  }

  private static let documents: [(key: String, text: String?, says: String)] = [
    ("version", nil, "rnn-h5.version"), ("version", "one", "not a version"), ("version", "2.0", "use a newer one"),
    ("architecture", nil, "rnn-h5.architecture"), ("architecture", "{", "key was expected"),
    ("architecture", "{}", "architecture"), ("metadata", nil, "rnn-h5.metadata"), ("metadata", "{\"a\":}", "metadata"),
    ("metadata", #"{"title":7}"#, "title"), ("lineage", nil, "rnn-h5.lineage"),
    ("lineage", #"[{"event":"stolen"}]"#, "lineage"), ("vocabulary", "{}", "not complete"),
    ("vocabulary", #"{"kind":"bytes","line_end_id":-1,"normalisation":"none","unknown_id":99}"#, "special"),
    ("vocabulary", #"{"kind":"bytes","line_end_id":-1,"normalisation":"none","unknown_id":-2}"#, "special"),
    ("proof", "[", "proof"),
  ]

  @Test(arguments: documents.indices)
  func refusesDocumentsThatAreBroken(index: Int) throws {
    let scratch = try Scratch()
    let (key, text, says) = Self.documents[index]
    let path = try changed(scratch) { header in
      var metadata = header["__metadata__"]?.object ?? [:]
      metadata["rnn-h5.\(key)"] = text.map { .string($0) }
      header["__metadata__"] = .object(metadata)
    }
    do {
      try Converter().convert(path, to: scratch.path("a.h5"))
      Issue.record("it was converted")
    } catch {
      #expect("\(error)".contains(says), "\(error)")
    }
    #expect(!scratch.names.contains("a.h5"))
  }
}
