import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// Files that are damaged or contradict themselves are refused in words, and never more than that.
@Suite struct KerasHostileTests {
  /// Reads everything that there is in a file.
  private func readAll(_ path: String) throws {
    let model = try KerasImport.read(path, choices: ImportChoices())
    for tensor in model.tensors { _ = try model.bytes(of: tensor) }
  }

  @Test func everyCutOfAnHDF5FileIsRefused() throws {
    let scratch = try Scratch()
    let bytes = Array(try Data(contentsOf: URL(filePath: "\(KerasFixtures.folder)/keras1_window.h5")))
    for end in 0..<bytes.count {
      let path = try scratch.file("cut.h5", Array(bytes[..<end]))
      #expect(throws: (any Error).self, "cut at \(end)") { try readAll(path) }
    }
  }

  /// HDF5 files with other bytes are read by the program in a process of its own, which `tools/python/tests/test_keras_conversion.py` has
  /// it do: libhdf5 may break over them. In an archive, a checksum is in front of it.
  @Test func everyFlippedByteOfAnArchiveIsReadOrRefused() throws {
    let scratch = try Scratch()
    let bytes = Array(try Data(contentsOf: URL(filePath: "\(KerasFixtures.folder)/keras3_scalar.keras")))
    for place in stride(from: 0, to: bytes.count, by: 3) {
      var changed = bytes
      changed[place] ^= UInt8(truncatingIfNeeded: place * 37 % 255 + 1)
      let path = try scratch.file("flipped.keras", changed)
      // That it returns at all is what matters.
      try? readAll(path)
    }
  }

  @Test func everyCutOfAnArchiveIsRefused() throws {
    let scratch = try Scratch()
    let bytes = Array(try Data(contentsOf: URL(filePath: "\(KerasFixtures.folder)/keras3_scalar.keras")))
    for end in stride(from: 0, to: bytes.count, by: 11) {
      let path = try scratch.file("cut.keras", Array(bytes[..<end]))
      #expect(throws: (any Error).self, "cut at \(end)") { try readAll(path) }
    }
    #expect(scratch.names == ["cut.keras"])
  }

  private struct Fault: Sendable, CustomTestStringConvertible {
    let name: String
    let says: String
    let change: @Sendable (inout KerasTree) -> Void
    var testDescription: String { name }

    init(_ name: String, says: String, _ change: @escaping @Sendable (inout KerasTree) -> Void) {
      self.name = name
      self.says = says
      self.change = change
    }
  }

  private static let weights = ["model_weights"]
  private static let faults = [
    Fault("a layer twice", says: "occurs twice") { $0[weights].lists["layer_names"] = ["lstm", "dense", "lstm"] },
    Fault("no list of layers", says: "no 'layer_names'") { $0[weights].lists = [:] },
    Fault("a layer that is not there", says: "gru") { $0[weights].lists["layer_names"] = ["lstm", "dense", "gru"] },
    Fault("a layer above", says: "..") { $0[weights].lists["layer_names"] = ["lstm", "dense", ".."] },
    Fault("a layer less", says: "do not name") { $0[weights].lists["layer_names"] = ["lstm"] },
    Fault("no list of weights", says: "no 'weight_names'") { $0[["model_weights", "lstm"]].lists = [:] },
    Fault("a weight twice", says: "named twice") {
      $0[["model_weights", "lstm"]].lists["weight_names"] = ["kernel:0", "recurrent_kernel:0", "kernel:0"]
    },
    Fault("a weight that is not there", says: "not there") {
      $0[["model_weights", "lstm"]].lists["weight_names"] = ["kernel:0", "recurrent_kernel:0", "other:0"]
    },
    Fault("a weight of another layer", says: "not there") {
      $0[["model_weights", "lstm"]].lists["weight_names"] = ["kernel:0", "recurrent_kernel:0", "../dense/bias:0"]
    },
    Fault("weights in another order", says: "where its kernel should be") {
      $0[["model_weights", "lstm"]].lists["weight_names"] = ["recurrent_kernel:0", "kernel:0", "bias:0"]
    },
    Fault("a weight that no list names", says: "do not name") {
      $0[["model_weights", "lstm"]].arrays["more"] = .zeros(.float32, shape: [1])
    },
    Fault("a bias of another length", says: "[13]") {
      $0[["model_weights", "lstm"]].arrays["bias:0"] = .zeros(.float32, shape: [13])
    },
    Fault("a kernel with three axes", says: "lstm") {
      $0[["model_weights", "lstm"]].arrays["kernel:0"] = .zeros(.float32, shape: [5, 3, 4])
    },
    Fault("a kernel of a scalar", says: "lstm") {
      $0[["model_weights", "lstm"]].arrays["kernel:0"] = .zeros(.float32, shape: [])
    },
    Fault("a kernel without inputs", says: "input_weights") {
      $0[["model_weights", "lstm"]].arrays["kernel:0"] = .zeros(.float32, shape: [0, 12])
    },
    Fault("another type", says: "int32") {
      $0[["model_weights", "dense"]].arrays["kernel:0"] = .zeros(.int32, shape: [3, 5])
    },
    Fault("a version to come", says: "no version from 1 to 3") { $0.texts["keras_version"] = "4.0" },
    Fault("a description that is none", says: "model_config") { $0.texts["model_config"] = "{" },
    Fault("a description that nests", says: "deeper") {
      $0.texts["model_config"] = String(repeating: "[", count: 100_000)
    },
    Fault("a description of nothing", says: "class_name") { $0.texts["model_config"] = "[]" },
    Fault("neither form", says: "no file of Keras") { $0 = KerasTree() },
  ]

  @Test(arguments: faults)
  private func refuses(fault: Fault) throws {
    let scratch = try Scratch()
    var builder = KerasFileBuilder.small()
    try builder.write(scratch.path("good.h5"))
    try readAll(scratch.path("good.h5"))
    builder.change = fault.change
    try builder.write(scratch.path("bad.h5"))
    do {
      try readAll(scratch.path("bad.h5"))
      Issue.record("it was read")
    } catch {
      #expect("\(error)".contains(fault.says), "\(error)")
    }
  }

  @Test func refusesAnArchiveThatUnpacksToMuch() throws {
    let scratch = try Scratch()
    for missing in ["config.json", "model.weights.h5"] {
      let zip = ZipBuilder(
        entries: ["config.json", "model.weights.h5"].filter { $0 != missing }.map {
          .init(name: $0, content: [0x7B, 0x7D])
        })
      let path = try scratch.file("a.keras", zip.bytes)
      do {
        try readAll(path)
        Issue.record("it was read")
      } catch {
        #expect("\(error)".contains(missing), "\(error)")
      }
    }
  }
}
