import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// Tensors in pieces are the same as in one.
@Suite struct BlockTests {
  private func joined<Source: TensorSource & ~Copyable>(
    _ source: borrowing Source, _ tensor: TensorDescription
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try source.forEachBlock(of: tensor) { bytes += $0 }
    return bytes
  }

  @Test(arguments: Fixtures.golden)
  func ofAModelFile(name: String) throws {
    let file = try ModelFile(opening: Fixtures.path(golden: name))
    for tensor in file.tensors { #expect(try joined(file, tensor) == file.bytes(of: tensor)) }
  }

  #if NPZ
    @Test(arguments: [
      "lstm_checkpoint", "gru_bidirectional", "lstm_float64", "lstm_legacy", "module_sequential", "tied",
    ])
    func ofAFileOfPyTorch(name: String) throws {
      let model = try TorchImport.read(TorchFixtures.path("\(name).pt"), choices: ImportChoices())
      for tensor in model.tensors { #expect(try joined(model, tensor) == model.bytes(of: tensor)) }
      // Views of one storage, of which some lie apart.
      let file = try TorchFile(opening: TorchFixtures.path("views.pt"))
      for array in file.arrays.values {
        var bytes: [UInt8] = []
        try file.forEachBlock(of: array) { bytes += $0 }
        #expect(try bytes == file.bytes(of: array), "\(array.name)")
      }
    }

    /// A tensor of several blocks, there and back.
    @Test func ofALargeModel() throws {
      let architecture = Architecture(
        size: 3, layers: [.linear(.init(name: "map", inputs: 3, outputs: 500_000))], input: .features, output: .values)
      let source = ONNXExportTests.Drawn(architecture)
      let document = ModelDocument(architecture: architecture, vocabulary: nil)
      let scratch = try Scratch()
      let path = scratch.path("large.pt")
      // One that stands in for the recurrent layer that a file of PyTorch has to have is not needed to write it.
      try TorchExport(document, source.tensors).write(source, creating: path)
      let file = try TorchFile(opening: path)
      let array = try #require(file.arrays["map.weight"])
      var (bytes, blocks) = ([UInt8](), 0)
      try file.forEachBlock(of: array) {
        bytes += $0
        blocks += 1
      }
      #expect(blocks == 2 && bytes == source.bytes(of: source.tensors[0]))
      try ModelWriter().write(document, parameters: source.parameters, to: scratch.path("large.h5"))
      let model = try ModelFile(opening: scratch.path("large.h5"))
      #expect(try joined(model, model.tensors[0]) == bytes)
    }
  #endif

  @Test func numbersThatFloat32Holds() {
    let big = Double(Float.greatestFiniteMagnitude)
    for (value, isOne) in [(0, true), (-big, true), (big * 2, false), (.infinity, false), (.nan, false)]
      as [(Double, Bool)]
    {
      #expect(LittleEndian.areParameters(LittleEndian.bytes([1, value]), type: .float64) == isOne, "\(value)")
    }
    for (value, isOne) in [(-0.0, true), (.greatestFiniteMagnitude, true), (-.infinity, false), (.nan, false)]
      as [(Float, Bool)]
    {
      #expect(LittleEndian.areParameters(LittleEndian.bytes([value, 1][...]), type: .float32) == isOne, "\(value)")
    }
    // The largest number, infinity, no number.
    for (bits, isOne) in [(0x7BFF, true), (0xFC00, false), (0x7C01, false)] as [(UInt16, Bool)] {
      #expect(LittleEndian.areParameters(LittleEndian.bytes([bits]), type: .float16) == isOne)
    }
    for (bits, isOne) in [(0x7F7F, true), (0xFF80, false), (0x7FC0, false)] as [(UInt16, Bool)] {
      #expect(LittleEndian.areParameters(LittleEndian.bytes([bits]), type: .bfloat16) == isOne)
    }
  }

  @Test(arguments: TensorType.allCases)
  func valuesAppended(type: TensorType) {
    let bytes = (0..<64).map { UInt8($0 * 37 & 0x3F) }
    var (doubles, floats) = ([0.5], [Float(0.5)])
    LittleEndian.append(bytes, type: type, to: &doubles)
    LittleEndian.append(bytes, type: type, to: &floats)
    #expect(doubles == [0.5] + LittleEndian.values(bytes, type: type, as: Double.self))
    #expect(floats == [0.5] + LittleEndian.values(bytes, type: type, as: Float.self))
  }
}
