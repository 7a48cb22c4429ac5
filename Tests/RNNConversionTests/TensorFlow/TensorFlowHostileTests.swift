import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// Checkpoints and manifests that are damaged, or say what is not so.
@Suite struct TensorFlowHostileTests {
  /// Imports a model with all its parameters.
  private static func read(_ path: String) throws {
    let format = try #require(try ModelFormat(of: path))
    let model = try #require(format.importer).read(path, choices: ImportChoices())
    for tensor in model.tensors { #expect(try model.bytes(of: tensor).count == tensor.byteCount) }
  }

  private static func refusal(_ path: String) -> String {
    do {
      try read(path)
      return "read"
    } catch let error as ConversionError {
      return error.isRefusal ? "\(error)" : "not a refusal: \(error)"
    } catch { return "not a refusal: \(error)" }
  }

  /// Every byte of an index and of a file of the first version is one of a checked block, or of the end.
  @Test(arguments: ["ptb.index", "lstm_old"])
  func everyChangedByteIsNoticed(name: String) throws {
    let scratch = try Scratch()
    try TensorFlowFixtures.copy(["ptb.data-00000-of-00001"], to: scratch)
    let original = try Data(contentsOf: URL(filePath: TensorFlowFixtures.path(name)))
    let count = original.count
    for index in 0..<count {
      var bytes = Array(original)
      bytes[index] ^= 1 << UInt8(index % 8)
      try scratch.file(name, bytes)
      do {
        _ = try TensorFlowImport.read(scratch.path(name), choices: ImportChoices())
        // What fills the end up, and a handle that leads to another sound block.
        #expect(index >= count - 48, "byte \(index) of \(count)")
      } catch let error as ConversionError { #expect(error.isRefusal, "\(index): \(error)") }
    }
  }

  @Test(arguments: ["ptb.index", "lstm_old", "ptb.data-00000-of-00001"])
  func everyTruncationIsRefused(name: String) throws {
    let scratch = try Scratch()
    try TensorFlowFixtures.copy(["ptb.data-00000-of-00001", "ptb.index"], to: scratch)
    let original = Array(try Data(contentsOf: URL(filePath: TensorFlowFixtures.path(name))))
    let main = name.hasPrefix("ptb") ? "ptb.index" : name
    for count in 0..<original.count {
      try scratch.file(name, Array(original[..<count]))
      do {
        let model = try TensorFlowImport.read(scratch.path(main), choices: ImportChoices())
        for tensor in model.tensors { _ = try model.bytes(of: tensor) }
        Issue.record("\(count) bytes of \(original.count) were read")
      } catch let error as ConversionError { #expect(error.isRefusal, "\(count): \(error)") }
    }
  }

  @Test func everyChangedValueIsNoticed() throws {
    let scratch = try Scratch()
    try TensorFlowFixtures.copy(["ptb.index"], to: scratch)
    let name = "ptb.data-00000-of-00001"
    let original = Array(try Data(contentsOf: URL(filePath: TensorFlowFixtures.path(name))))
    for index in original.indices {
      var bytes = original
      bytes[index] ^= 0x10
      try scratch.file(name, bytes)
      #expect(Self.refusal(scratch.path("ptb")).contains("crc32c"), "\(index)")
    }
  }

  // MARK: - Tables that are sound, and say what is not so

  /// A bundle's entry as `tensor_bundle.proto` has it.
  private static func entry(
    type: Int = 1, shape: [Int] = [2, 3], shard: Int = 0, offset: Int = 0, size: Int = 24, check: UInt32 = 0
  ) -> [UInt8] {
    let axes = shape.flatMap { Proto.message(2, Proto.integer(1, $0)) }
    return Proto.integer(1, type) + Proto.message(2, axes) + Proto.integer(3, shard) + Proto.integer(4, offset)
      + Proto.integer(5, size) + [0x35] + LittleEndian.bytes([check])
  }

  private static func header(shards: Int = 1, endian: Int = 0) -> [UInt8] {
    Proto.integer(1, shards) + Proto.integer(2, endian)
  }

  private static let lying: [(says: String, header: [UInt8], entries: [(String, [UInt8])])] = [
    ("do not hold 1099511627776 values", header(), [("a", entry(shape: [1 << 20, 1 << 20]))]),
    ("is that of no array", header(), [("a", entry(shape: [1 << 40, 1 << 40]))]),
    ("its shape is not known", header(), [("a", entry(shape: [-1]))]),
    ("are not in the file of 24 bytes", header(), [("a", entry(offset: 1))]),
    ("are not in the file of 24 bytes", header(), [("a", entry(offset: .max, size: .max))]),
    ("are not in the file of 24 bytes", header(), [("a", entry(offset: -1))]),
    ("in file 1 of 1", header(), [("a", entry(shard: 1))]),
    ("there are said to be 4611686018427387904 files", header(shards: 1 << 62), [("a", entry())]),
    ("not little-endian", header(endian: 1), [("a", entry())]),
    ("two variables share it", header(), [("a", entry()), ("b", entry(shape: [1, 2], offset: 16, size: 8))]),
    ("do not hold 6 values of the type float64", header(), [("a", entry(type: 2))]),
    ("no recurrent cell", header(), [("a", entry(type: 7))]),
    ("parts of variables that are not there", header(), [("\0a", entry())]),
    ("no recurrent cell", header(), [("a", entry())]),
  ]

  @Test(arguments: lying.indices)
  func whatIsNotSoIsRefused(index: Int) throws {
    let (says, header, entries) = Self.lying[index]
    let scratch = try Scratch()
    try scratch.file("a.data-00000-of-00001", [UInt8](repeating: 0, count: 24))
    try scratch.file("a.index", TableBuilder.table([("", header)] + entries))
    let refusal = Self.refusal(scratch.path("a"))
    #expect(refusal.contains(says), "\(refusal)")
  }

  @Test func keysThatUnpackAreRefused() throws {
    let scratch = try Scratch()
    // Each key shares all of the one before it.
    var block: [UInt8] = []
    var shared = 0
    for _ in 0..<200_000 {
      block += TableBuilder.varint(shared) + [1, 0, 0x61]
      shared += 1
    }
    try scratch.file("a.index", TableBuilder.table(block: block))
    let refusal = Self.refusal(scratch.path("a.index"))
    #expect(refusal.contains("unpack to more"), "\(refusal)")
  }

  @Test func aListOfCheckpointsLeadsNowhereElse() throws {
    let scratch = try Scratch()
    try TensorFlowFixtures.copy(["ptb.data-00000-of-00001", "ptb.index"], to: scratch)
    for path in ["/etc/ptb", "../../../ptb", "ptb"] {
      try scratch.file("checkpoint", Array("model_checkpoint_path: \"\(path)\"\n".utf8))
      #expect(try CheckpointPlace.file(scratch.folder) == scratch.path("ptb.index"))
    }
    for text in [
      "", "model_checkpoint_path: \"..\"", "model_checkpoint_path: \"\"", "all_model_checkpoint_paths: \"ptb\"",
    ] {
      try scratch.file("checkpoint", Array(text.utf8))
      #expect(throws: ConversionError.self) { try CheckpointPlace.file(scratch.folder) }
    }
  }

  @Test func foldersWithoutAModelAreRefused() throws {
    let scratch = try Scratch()
    #expect(throws: ConversionError.self) { try ModelFormat(of: scratch.folder) }
    try TensorFlowFixtures.copy(["ptb.index", "gru.index"], to: scratch)
    let error = #expect(throws: ConversionError.self) { try ModelFormat(of: scratch.folder) }
    #expect("\(try #require(error))".contains("several checkpoints, gru.index, ptb.index"))
  }

  // MARK: - Manifests

  private static let manifests: [(says: String, file: String)] = [
    ("only files in the manifest's own folder", "../secret"),
    ("only files in the manifest's own folder", "/etc/passwd"),
    ("not a plain name", ".."), ("not a plain name", ""), ("not a plain name", "a\\b"), ("it leads out", "link"),
    ("does not exist", "missing"), ("only files", "././small"), ("not a plain name", "./.."),
    ("does not fit the 4 bytes", "small"),
  ]

  @Test(arguments: manifests.indices)
  func filesElsewhereAreRefused(index: Int) throws {
    let (says, file) = Self.manifests[index]
    let scratch = try Scratch()
    let folder = scratch.path("inside")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try scratch.file("secret", [UInt8](repeating: 0, count: 24))
    try scratch.file("inside/small", [UInt8](repeating: 0, count: 4))
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: scratch.path("secret"))
    let name = JSONValue.string(file).canonical
    try scratch.file("inside/manifest.json", Array(#"{"a":{"filename":\#(name),"shape":[2,3]}}"#.utf8))
    let refusal = Self.refusal(folder)
    #expect(refusal.contains(says), "\(refusal)")
    let weights = #"[{"paths":[\#(name)],"weights":[{"name":"a","shape":[2,3],"dtype":"float32"}]}]"#
    try scratch.file(
      "inside/model.json", Array(#"{"modelTopology":{"class_name":"Sequential"},"weightsManifest":\#(weights)}"#.utf8))
    let second = Self.refusal(folder)
    #expect(second.contains(says == "does not fit the 4 bytes" ? "does not fit into the files" : says), "\(second)")
  }

  private static let weights: [(says: String, json: String)] = [
    ("does not fit into the files", #"{"name":"a","shape":[2147483647,2147483647],"dtype":"float32"}"#),
    ("has no 'name', 'shape' and 'dtype'", #"{"name":"a","shape":[-1],"dtype":"float32"}"#),
    ("which is not read", #"{"name":"a","shape":[1],"dtype":"string"}"#),
    (
      "quantised in a way that is not known",
      #"{"name":"a","shape":[6],"dtype":"float32","quantization":{"dtype":"uint4"}}"#
    ),
    ("its files have 24 bytes, but its arrays take 20", #"{"name":"a","shape":[5],"dtype":"float32"}"#),
    (
      "it is there twice",
      #"{"name":"a","shape":[1],"dtype":"float32"},{"name":"a","shape":[1],"dtype":"float32"}"#
    ),
  ]

  @Test(arguments: weights.indices)
  func weightsThatDoNotFitAreRefused(index: Int) throws {
    let (says, json) = Self.weights[index]
    let scratch = try Scratch()
    try scratch.file("w.bin", [UInt8](repeating: 0, count: 24))
    try scratch.file(
      "model.json",
      Array(
        #"{"modelTopology":{"class_name":"Sequential"},"weightsManifest":[{"paths":["w.bin"],"weights":[\#(json)]}]}"#
          .utf8))
    let refusal = Self.refusal(scratch.folder)
    #expect(refusal.contains(says), "\(refusal)")
  }

  @Test func everyCutOfAModelForBrowsersIsRefused() throws {
    let scratch = try Scratch()
    try TensorFlowFixtures.copy(["browser_uint8"], to: scratch)
    let text = try scratch.bytes("browser_uint8/model.json")
    for count in stride(from: 0, to: text.count, by: 7) {
      try scratch.file("browser_uint8/model.json", Array(text[..<count]))
      #expect(throws: (any Error).self) {
        try BrowserImport.read(scratch.path("browser_uint8"), choices: ImportChoices())
      }
    }
    for index in stride(from: 0, to: text.count, by: 11) {
      var bytes = text
      bytes[index] ^= 0x02
      try scratch.file("browser_uint8/model.json", bytes)
      do {
        let model = try BrowserImport.read(scratch.path("browser_uint8"), choices: ImportChoices())
        for tensor in model.tensors { #expect(try model.bytes(of: tensor).count == tensor.byteCount) }
      } catch let error as ConversionError { #expect(error.isRefusal, "\(index): \(error)") }
    }
  }
}
