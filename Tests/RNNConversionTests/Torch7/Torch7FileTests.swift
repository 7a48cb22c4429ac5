import Foundation
import RNNFormat
import Testing

@testable import RNNConversion

@Suite struct Torch7FileTests {
  private static let values = Fixtures.repository.appending(path: "fixtures/torch7/values.t7").path

  private func floats(_ file: Torch7File, _ name: String) throws -> [Float] {
    let tensor = try #require(file.tensor(file.field(name, of: file.root)))
    return LittleEndian.values(try file.bytes(of: tensor, name: name), type: .float32, as: Float.self)
  }

  @Test func readsEverythingButFunctions() throws {
    let file = try Torch7File(opening: Self.values)
    func field(_ name: String) -> Torch7Value? { file.field(name, of: file.root) }
    #expect(field("nothing") == Torch7Value.none)
    #expect(field("yes") == .boolean(true))
    #expect(field("no") == .boolean(false))
    #expect(field("number") == .number(2.5))
    #expect(field("text")?.text == "grüße")
    #expect(field("bytes") == .string([0xFF, 0]))
    #expect(field("bytes")?.text == nil)
    #expect(file.list(field("list"))?.compactMap(\.text) == ["a", "b", "c"])
    #expect(file.list(field("first")) == nil)
    #expect(field("first") == field("again"))
    #expect(field("first") != field("list"))
    #expect(file.field("self", of: field("circle")) == field("circle"))
    #expect(file.className(field("module")) == "nn.Linear")
    #expect(file.tensor(file.field("bias", of: field("module")))?.type == .float64)
    #expect(file.tensor(field("long"))?.shape == [1, 2])
    #expect(file.tensor(field("none"))?.count == 0)
    #expect(field("absent") == nil)
  }

  @Test func readsViewsOfOneStorage() throws {
    let file = try Torch7File(opening: Self.values)
    #expect(try floats(file, "whole") == (0..<12).map(Float.init))
    #expect(try floats(file, "transposed") == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
    #expect(try floats(file, "row") == [4, 5, 6, 7])
    #expect(try floats(file, "column") == [1, 5, 9])
    let storages = try ["whole", "transposed", "row", "column"].map { name in
      try #require(file.tensor(file.field(name, of: file.root))?.storage)
    }
    #expect(Set(storages).count == 1)
  }

  @Test func everyCutIsRefused() throws {
    let scratch = try Scratch()
    let bytes = Array(try Data(contentsOf: URL(filePath: Self.values)))
    for end in bytes.indices {
      let path = try scratch.file("cut.t7", Array(bytes[..<end]))
      #expect(throws: ConversionError.self, "\(end)") { try Torch7File(opening: path) }
    }
    let path = try scratch.file("more.t7", bytes + [0])
    #expect(throws: ConversionError.self) { try Torch7File(opening: path) }
  }

  /// Whatever a byte becomes: the file is read or refused, and every tensor is as large as it says.
  @Test func noByteCrashesIt() throws {
    let scratch = try Scratch()
    let original = Array(try Data(contentsOf: URL(filePath: Self.values)))
    for index in original.indices {
      for value in [original[index] ^ 0x80, original[index] ^ 0x01, 0xFF, 0x7F, 0x00] {
        var bytes = original
        bytes[index] = value
        let path = try scratch.file("changed.t7", bytes)
        do {
          let file = try Torch7File(opening: path)
          for case .tensor(let tensor) in file.objects {
            let count = try file.bytes(of: tensor, name: "a tensor").count
            #expect(count == (tensor.storage == nil ? 0 : tensor.count * tensor.type.size))
          }
        } catch let error { #expect(error.isRefusal, "\(index): \(error)") }
      }
    }
  }

  // MARK: - Files that no honest program writes

  private static func int(_ values: Int...) -> [UInt8] { LittleEndian.bytes(values.map { Int32($0) }) }
  private static func long(_ values: Int...) -> [UInt8] { LittleEndian.bytes(values.map { Int64($0) }) }
  private static func string(_ text: String) -> [UInt8] { int(text.utf8.count) + Array(text.utf8) }
  private static func instance(_ index: Int, _ name: String) -> [UInt8] { int(4, index) + string("V 1") + string(name) }
  private static func tensor(_ shape: [Int], _ strides: [Int], offset: Int = 1, stored: Int = 4) -> [UInt8] {
    instance(1, "torch.FloatTensor") + int(shape.count) + LittleEndian.bytes(shape.map { Int64($0) })
      + LittleEndian.bytes(strides.map { Int64($0) }) + long(offset) + instance(2, "torch.FloatStorage") + long(stored)
      + [UInt8](repeating: 0, count: 16)
  }

  private static let hostile: [(name: String, bytes: [UInt8], says: String)] = [
    ("nothing", [], "ends too early"), ("text", Array("4\n1\n3\nV 1\n".utf8), "text form"),
    ("a function", int(6) + int(1), "function"), ("another function", int(7) + int(1), "function"),
    ("a third function", int(8) + int(1), "function"), ("type 9", int(9), "not a type"),
    ("type -1", int(-1), "not a type"), ("a boolean of 2", int(5, 2), "neither true nor false"),
    ("a string of -1 bytes", int(2, -1), "-1 bytes"), ("a string beyond the file", int(2, 100), "100 bytes are needed"),
    ("a table of -1 pairs", int(3, 1, -1), "claims -1 pairs"),
    ("a table beyond the file", int(3, 1, 1_000_000), "claims 1000000 pairs"),
    ("a key that is nil", int(3, 1, 1, 0, 0), "is nil"),
    ("an object that is a table", int(3, 1, 1, 5, 1, 4, 1), "is a table"),
    ("a table that is an object", int(3, 9, 1) + int(3, 8, 0) + instance(1, "nn.A") + int(3, 1), "is not a table"),
    ("a version that is no number", int(4, 1) + string("V x") + string("nn.A"), "not the version"),
    ("a version below nought", int(4, 1) + string("V -1") + string("nn.A"), "not the version"),
    ("a version that is not known", int(4, 1) + string("V 2") + string("torch.FloatTensor"), "version 2"),
    ("a class that is not text", int(4, 1) + string("V 1") + int(1) + [0xFF], "not text"),
    ("a class without a name", int(4, 1) + string("V 1") + string(""), "not text"),
    ("a class of unknown form", instance(1, "torch.MersenneTwister"), "not supported"),
    ("33 dimensions", instance(1, "torch.FloatTensor") + int(33), "33 dimensions"),
    ("a negative length", tensor([-2], [1]), "not a length"),
    ("a negative stride", tensor([2], [-1]), "not a length"),
    ("sizes that overflow", tensor([1 << 40, 1 << 40], [0, 0]), "not possible"),
    ("strides that overflow", tensor([3, 3], [1 << 62, 1 << 62]), "not possible"),
    ("one element too many", tensor([5], [1]), "beyond its storage"),
    ("a stride too far", tensor([2, 2], [3, 1]), "beyond its storage"),
    ("an offset too far", tensor([2], [1], offset: 4), "beyond its storage"),
    ("an offset that overflows", tensor([2], [2], offset: .max), "not possible"),
    ("a storage beyond the file", tensor([2], [1], stored: 5), "bytes are needed"),
    ("a storage that overflows", tensor([2], [1], stored: 1 << 62), "claims"),
    ("numbers repeated", tensor([1 << 40], [0]), "repeats"),
    ("no storage", instance(1, "torch.FloatTensor") + int(1) + long(2, 1, 1) + int(0), "no storage"),
    (
      "a storage of another type",
      instance(1, "torch.FloatTensor") + int(1) + long(1, 1, 1) + instance(2, "torch.DoubleStorage") + long(1)
        + long(0), "another type"
    ),
    ("a storage that is itself", instance(1, "torch.FloatTensor") + int(1) + long(1, 1, 1) + int(4, 1), "no storage"),
  ]

  @Test(arguments: hostile.indices)
  func refuses(index: Int) throws {
    let scratch = try Scratch()
    let (name, bytes, says) = Self.hostile[index]
    let path = try scratch.file("hostile.t7", bytes)
    do {
      let file = try Torch7File(opening: path)
      for case .tensor(let tensor) in file.objects { _ = try file.bytes(of: tensor, name: "a tensor") }
      Issue.record("\(name) was read")
    } catch { #expect("\(error)".contains(says), "\(name): \(error)") }
  }

  /// A hundred thousand tables in one another: the stack does not grow with them.
  @Test func isNotTooDeepForTheStack() throws {
    let scratch = try Scratch()
    var bytes: [UInt8] = []
    for index in 1...100_000 { bytes += Self.int(3, index, 1, 5, 1) }
    let path = try scratch.file("deep.t7", bytes + Self.int(0))
    let file = try Torch7File(opening: path)
    #expect(file.objects.count == 100_000)
  }

  /// A length of 1 may have any stride.
  @Test func takesAnyStrideOfASingleElement() throws {
    let scratch = try Scratch()
    let path = try scratch.file("one.t7", Self.tensor([1, 4], [.max, 1]))
    let file = try Torch7File(opening: path)
    let tensor = try #require(file.tensor(file.root))
    #expect(try file.bytes(of: tensor, name: "it").count == 16)
  }

  @Test(.enabled(if: SharedCases.exist, Comment(rawValue: SharedCases.missing)))
  func readsACheckpointOfTorchRNN() throws {
    let file = try Torch7File(opening: SharedCases.path("torch-rnn-t7/checkpoint_17800.t7"))
    let model = file.field("model", of: file.root)
    #expect(file.className(model) == "nn.LanguageModel")
  }
}
