import Foundation
import RNNFormat
import Testing

@testable import RNNConversion

@Suite struct ONNXFileTests {
  private static let types = Fixtures.repository.appending(path: "fixtures/onnx/types.onnx").path

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  @Test func readsEveryTypeInEveryForm() throws {
    let file = try ONNXFile(opening: Self.types)
    let text = try Data(contentsOf: Fixtures.repository.appending(path: "fixtures/onnx/types.json"))
    let expected = try #require(try JSONValue(parsing: Array(text)).object)
    #expect(Set(file.model.graph.initializers.keys) == Set(expected.keys))
    for (name, wanted) in expected {
      let tensor = try #require(file.model.graph.initializers[name])
      #expect(tensor.type.numericType?.rawValue == wanted["type"]?.string, "\(name)")
      #expect(tensor.shape == wanted["shape"]?.array?.compactMap(\.integer), "\(name)")
      #expect(Self.hex(try file.bytes(of: tensor)) == wanted["hex"]?.string, "\(name)")
    }
  }

  @Test func readsTheGraph() throws {
    let model = try ONNXFile(opening: Self.types).model
    #expect(model.irVersion == 8)
    #expect(model.producer == "onnx.helper")
    #expect(model.operatorSets == ["": 17, "example": 1])
    #expect(model.metadata == ["key": "value"])
    #expect(model.graph.name == "types")
    #expect(model.graph.inputs.map(\.name) == ["x"])
    #expect(model.graph.inputs.first?.type == .float)
    #expect(model.graph.inputs.first?.shape == [.named("batch"), .fixed(3), .unknown])
    #expect(model.graph.outputs.first?.shape == nil)
    #expect(model.graph.nodes.map(\.operatorType) == ["Identity", "Made"])
    let node = try #require(model.graph.nodes.last)
    #expect(node.domain == "example")
    #expect(node.inputs == ["y", ""])
    guard case .float(0.5) = node.attributes["f"], case .integer(-3) = node.attributes["i"],
      case .text("text") = node.attributes["s"], case .floats([1, 2]) = node.attributes["fs"],
      case .integers([1, -1]) = node.attributes["iv"], case .texts(["a", "b"]) = node.attributes["ss"]
    else {
      Issue.record("\(node.attributes)")
      return
    }
  }

  @Test func everyCutIsRefused() throws {
    let scratch = try Scratch()
    let bytes = Array(try Data(contentsOf: URL(filePath: Self.types)))
    var whole = 0
    for end in bytes.indices {
      let path = try scratch.file("cut.onnx", Array(bytes[..<end]))
      do {
        // What lies behind the graph may be absent, and then is.
        _ = try ONNXFile(opening: path)
        whole += 1
      } catch let error { #expect(error.isRefusal, "\(end): \(error)") }
    }
    #expect(whole == 3)
  }

  /// Whatever a byte becomes: the file is read or refused, and every tensor is as large as it says.
  @Test func noByteCrashesIt() throws {
    let scratch = try Scratch()
    let original = Array(try Data(contentsOf: URL(filePath: Self.types)))
    for index in original.indices {
      for value in [original[index] ^ 0x80, original[index] ^ 0x01, 0xFF] {
        var bytes = original
        bytes[index] = value
        let path = try scratch.file("changed.onnx", bytes)
        do {
          let file = try ONNXFile(opening: path)
          for tensor in file.model.graph.initializers.values {
            let count = try file.bytes(of: tensor).count
            #expect(count == tensor.count * (tensor.type.numericType?.size ?? 0))
          }
        } catch let error { #expect(error.isRefusal, "\(index): \(error)") }
      }
    }
  }

  // MARK: - Messages that no honest program writes

  /// A model whose graph is made by `body`.
  private static func model(_ body: (inout ProtobufBuilder) -> Void) -> ProtobufBuilder {
    var graph = ProtobufBuilder()
    body(&graph)
    var model = ProtobufBuilder()
    model.add(1, 8)
    model.add(7, graph)
    return model
  }

  /// A model with one tensor.
  private static func tensor(_ body: (inout ProtobufBuilder) -> Void) -> ProtobufBuilder {
    var tensor = ProtobufBuilder()
    tensor.add(8, "w")
    body(&tensor)
    return model { $0.add(5, tensor) }
  }

  private static var hostile: [(name: String, model: ProtobufBuilder, says: String)] {
    [
      ("no graph", ProtobufBuilder(), "no graph"),
      (
        "two graphs",
        {
          var twice = model { _ in }; twice.add(7, ProtobufBuilder()); return twice
        }(), "two graphs"
      ),
      (
        "a node without an operator",
        model { $0.add(1, ProtobufBuilder()) }, "names no operator"
      ),
      (
        "an initializer twice",
        model { graph in
          var tensor = ProtobufBuilder()
          tensor.add(2, 1)
          tensor.add(1, 0)
          tensor.add(8, "w")
          graph.add(5, tensor)
          graph.add(5, tensor)
        }, "there twice"
      ),
      (
        "no name",
        model { graph in
          var t = ProtobufBuilder(); t.add(2, 1); t.add(1, 0); graph.add(5, t)
        }, "no name"
      ),
      (
        "a type that is not known",
        tensor {
          $0.add(2, 99); $0.add(9, [1])
        }, "type 99"
      ),
      (
        "a float of 8 bits",
        tensor {
          $0.add(2, 17); $0.add(9, [1])
        }, "type 17"
      ),
      (
        "a negative length",
        tensor {
          $0.add(2, 1); $0.add(1, -4); $0.add(9, [1, 2, 3, 4])
        }, "not possible"
      ),
      (
        "a shape that overflows",
        tensor {
          $0.add(2, 1); $0.add(1, packed: [1 << 40, 1 << 40]); $0.add(9, [1, 2, 3, 4])
        }, "not possible"
      ),
      (
        "a shape that overflows with the size",
        tensor {
          $0.add(2, 1); $0.add(1, packed: [1 << 62]); $0.add(9, [1, 2, 3, 4])
        }, "does not fit"
      ),
      (
        "a shape beyond the bytes",
        tensor {
          $0.add(2, 1); $0.add(1, 2); $0.add(9, [1, 2, 3, 4])
        }, "does not fit"
      ),
      (
        "33 dimensions",
        tensor {
          $0.add(2, 1); $0.add(1, packed: [Int](repeating: 1, count: 33))
        }, "32 dimensions"
      ),
      (
        "no values",
        tensor {
          $0.add(2, 1); $0.add(1, 2)
        }, "no values"
      ),
      (
        "values twice",
        tensor {
          $0.add(2, 7); $0.add(1, 1); $0.add(9, [UInt8](repeating: 0, count: 8)); $0.add(7, 1)
        },
        "both raw and as numbers"
      ),
      (
        "values of another type",
        tensor {
          $0.add(2, 7); $0.add(1, 1); $0.add(4, Float(1))
        }, "another type"
      ),
      (
        "a huge shape of numbers",
        tensor {
          $0.add(2, 7); $0.add(1, 1 << 40); $0.add(7, 1)
        }, "larger than"
      ),
      (
        "segments",
        tensor {
          $0.add(2, 1); $0.add(3, ProtobufBuilder())
        }, "segments"
      ),
      (
        "an attribute of two kinds",
        model { graph in
          var attribute = ProtobufBuilder()
          attribute.add(1, "a")
          attribute.add(20, 1)
          attribute.add(3, 5)
          var node = ProtobufBuilder()
          node.add(4, "LSTM")
          node.add(5, attribute)
          graph.add(1, node)
        }, "of kind 1"
      ),
      (
        "an attribute twice",
        model { graph in
          var attribute = ProtobufBuilder()
          attribute.add(1, "a")
          attribute.add(3, 5)
          var node = ProtobufBuilder()
          node.add(4, "LSTM")
          node.add(5, attribute)
          node.add(5, attribute)
          graph.add(1, node)
        }, "there twice"
      ),
    ]
  }

  @Test(arguments: hostile.indices)
  func refuses(index: Int) throws {
    let scratch = try Scratch()
    let (name, model, says) = Self.hostile[index]
    try model.write(creating: scratch.path("hostile.onnx"))
    do {
      let file = try ONNXFile(opening: scratch.path("hostile.onnx"))
      for tensor in file.model.graph.initializers.values { _ = try file.bytes(of: tensor) }
      Issue.record("\(name) was read")
    } catch { #expect("\(error)".contains(says), "\(name): \(error)") }
  }

  private static let wires: [(name: String, bytes: [UInt8], says: String)] = [
    ("a number of eleven bytes", [0x08] + [UInt8](repeating: 0x80, count: 10) + [0x01], "more than 64 bits"),
    ("a number of 65 bits", [0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x02], "more than 64 bits"),
    ("a number without an end", [0x08, 0x80], "ends too early"),
    ("field 0", [0x00, 0x01], "not the number of a field"),
    ("a group", [0x0B], "wire type 3"),
    ("wire type 7", [0x0F], "wire type 7"),
    ("a length beyond the file", [0x12, 0x05, 0x41], "claims 5 bytes"),
    ("a length of 2^63", [0x12] + [UInt8](repeating: 0x80, count: 9) + [0x01], "claims"),
    ("a graph that is a number", [0x38, 0x01], "another wire type"),
    ("a producer that is not text", [0x12, 0x01, 0xFF], "not UTF-8"),
    ("half of a fixed number", [0x0D, 0x01], "ends too early"),
  ]

  @Test(arguments: wires.indices)
  func refusesBrokenWires(index: Int) throws {
    let scratch = try Scratch()
    let (name, bytes, says) = Self.wires[index]
    let path = try scratch.file("broken.onnx", bytes)
    do {
      _ = try ONNXFile(opening: path)
      Issue.record("\(name) was read")
    } catch let error { #expect("\(error)".contains(says), "\(name): \(error)") }
  }

  /// Two bytes in the file each, many more in memory.
  @Test func refusesMillionsOfParts() throws {
    let scratch = try Scratch()
    let entries = [UInt8]([0x72, 0x00])
    let path = try scratch.file("many.onnx", Array(repeatElement(entries, count: 1_100_000).joined()))
    #expect(throws: ConversionError.self) { try ONNXFile(opening: path) }
    let node: [UInt8] = [0x0A, 0x03, 0x22, 0x01, 0x41]
    let graph = Array(repeatElement(node, count: 1_000_001).joined())
    var model = ProtobufBuilder()
    model.add(7, graph)
    try model.write(creating: scratch.path("nodes.onnx"))
    do {
      _ = try ONNXFile(opening: scratch.path("nodes.onnx"))
      Issue.record("it was read")
    } catch let error { #expect("\(error)".contains("more than 1000000 parts"), "\(error)") }
  }

  // MARK: - Values in other files

  private static func external(_ location: String, offset: String = "4", length: String = "8") -> ProtobufBuilder {
    tensor { tensor in
      tensor.add(2, 1)
      tensor.add(1, 2)
      for (key, value) in [("location", location), ("offset", offset), ("length", length)] {
        var entry = ProtobufBuilder()
        entry.add(1, key)
        entry.add(2, value)
        tensor.add(13, entry)
      }
      tensor.add(14, 1)
    }
  }

  private func values(
    _ model: ProtobufBuilder, in scratch: Scratch, _ external: ONNXFile.ExternalData
  ) throws -> [UInt8] {
    try? FileManager.default.removeItem(atPath: scratch.path("model/m.onnx"))
    try model.write(creating: scratch.path("model/m.onnx"))
    let file = try ONNXFile(opening: scratch.path("model/m.onnx"), externalData: external)
    return try file.bytes(of: #require(file.model.graph.initializers["w"]))
  }

  @Test func readsExternalDataOnlyWhereItIsAllowed() throws {
    let scratch = try Scratch()
    let files = FileManager.default
    try files.createDirectory(atPath: scratch.path("model/sub"), withIntermediateDirectories: true)
    let data: [UInt8] = [9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8]
    for place in ["model/w.bin", "model/sub/w.bin", "secret", "model-secret"] { try scratch.file(place, data) }
    try files.createSymbolicLink(atPath: scratch.path("model/link"), withDestinationPath: "../secret")
    try files.createSymbolicLink(atPath: scratch.path("model/up"), withDestinationPath: "..")
    try files.createSymbolicLink(atPath: scratch.path("model/within"), withDestinationPath: "sub/w.bin")
    for location in ["w.bin", "sub/w.bin", "within"] {
      #expect(try values(Self.external(location), in: scratch, .besideModel) == [1, 2, 3, 4, 5, 6, 7, 8])
      #expect(throws: ConversionError.self) { try values(Self.external(location), in: scratch, .refused) }
    }
    let refused: [(ProtobufBuilder, String)] =
      [
        "../secret", "sub/../../secret", scratch.path("secret"), "./w.bin", "sub//w.bin", "", "..", "sub\\w.bin",
        "file:w.bin", "w.bin\0x", "link", "up/secret", "up/model-secret", "none", "sub",
      ].map { (Self.external($0), "") } + [
        (Self.external("w.bin", offset: "5"), "are not at"), (Self.external("w.bin", length: "4"), "are not at"),
        (Self.external("w.bin", offset: "-4"), "not a number"), (Self.external("w.bin", offset: "0x4"), "not a number"),
        (Self.external("w.bin", offset: "99999999999999999999"), "not a number"),
        (Self.external("w.bin", offset: "9223372036854775807"), "are not at"),
      ]
    for (model, says) in refused {
      do {
        _ = try values(model, in: scratch, .besideModel)
        Issue.record("it was read")
      } catch let error as ConversionError { #expect(says.isEmpty || "\(error)".contains(says), "\(error)") }
    }
  }
}
