import Foundation
import HDF5
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

@Suite struct Torch7ImportTests {
  private static func path(_ name: String) -> String {
    Fixtures.repository.appending(path: "fixtures/torch7/\(name)").path
  }

  private static let checkpoints: [(name: String, layers: [String])] = [
    ("torch_rnn_lstm", ["embedding", "lstm", "dropout", "lstm", "dropout", "linear"]),
    ("torch_rnn_rnn", ["embedding", "elman", "dropout", "elman", "dropout", "linear"]),
    ("char_rnn_lstm", ["one_hot", "lstm", "dropout", "lstm", "dropout", "linear"]),
    ("char_rnn_lstm_old", ["one_hot", "lstm", "lstm", "linear"]),
    ("char_rnn_gru", ["one_hot", "gru", "dropout", "gru", "dropout", "linear"]),
    ("char_rnn_rnn", ["one_hot", "elman", "dropout", "elman", "dropout", "linear"]),
  ]

  @Test(arguments: checkpoints.indices)
  func computesTheFormulasOfTheModules(index: Int) throws {
    let (name, layers) = Self.checkpoints[index]
    let facts = try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: Self.path("\(name).json")))))
    let model = try Torch7Import.read(Self.path("\(name).t7"), choices: ImportChoices())
    let architecture = model.document.architecture
    #expect(architecture.layers.map(\.kind) == layers)
    #expect(architecture.isLanguageModel)
    #expect(model.assumptions.map(\.subject) == ["vocabulary"])
    let vocabulary = try #require(model.document.vocabulary)
    #expect(vocabulary.kind == .characters)
    #expect((0..<5).map { String(decoding: vocabulary[$0], as: UTF8.self) } == ["a", "é", "\n", "z", " "])
    let ids = try #require(facts["inputs"]?.array).compactMap { $0.integer.map { Int32($0) } }
    let found = try ONNXImportTests.outputs(of: model, [.tokens(ids)])[0]
    let expected = try #require(facts["outputs"]?.array).map {
      $0.array?.compactMap { $0.number.map { Float($0) } } ?? []
    }
    let difference = OutputCheck.largestDifference(Array(expected.joined()), Array(found.joined()))
    #expect(difference < 1e-5, "\(difference)")
  }

  @Test func knowsTheKindsOfGRU() throws {
    let model = try Torch7Import.read(Self.path("char_rnn_gru.t7"), choices: ImportChoices())
    for case .gru(let gru) in model.document.architecture.layers {
      #expect(gru.reset == .before)
      #expect(gru.updateKeeps == .candidate)
    }
  }

  /// Whatever a byte becomes: the checkpoint is imported or refused.
  @Test(arguments: ["torch_rnn_lstm", "char_rnn_rnn"])
  func noByteCrashesIt(name: String) throws {
    let scratch = try Scratch()
    let original = Array(try Data(contentsOf: URL(filePath: Self.path("\(name).t7"))))
    for index in stride(from: 0, to: original.count, by: name == "torch_rnn_lstm" ? 2 : 7) {
      for value in [original[index] ^ 0x01, 0xFF, 0x00] {
        var bytes = original
        bytes[index] = value
        let path = try scratch.file("changed.t7", bytes)
        do {
          let model = try Torch7Import.read(path, choices: ImportChoices())
          for tensor in model.tensors { #expect(try model.bytes(of: tensor).count == tensor.byteCount) }
        } catch let error as ConversionError { #expect(error.isRefusal, "\(index): \(error)") }
      }
    }
  }

  @Test func refusesOtherPrograms() throws {
    do {
      _ = try Torch7Import.read(Self.path("values.t7"), choices: ImportChoices())
      Issue.record("it was imported")
    } catch { #expect("\(error)".contains("neither a checkpoint of torch-rnn")) }
  }

  /// The validation loss that the program itself recorded: 50 streams, the state carried, what does not fill chunks of 50 left out.
  @Test(.enabled(if: SharedCases.exist, Comment(rawValue: SharedCases.missing)))
  func reachesTheLossOfTorchRNN() throws {
    let model = try Torch7Import.read(
      SharedCases.path("torch-rnn-t7/checkpoint_17800.t7"), choices: ImportChoices())
    #expect(model.document.architecture.layers.map(\.kind) == ["embedding", "lstm", "lstm", "linear"])
    #expect(model.document.vocabulary?.count == 65)
    let file = try File(opening: SharedCases.path("torch-rnn-t7/tiny_shakespeare.h5"))
    // Ids from 1.
    let ids = try file.root.dataset("val").read(as: UInt8.self).map { Int32($0) - 1 }
    let (streams, steps) = (50, 50)
    let length = ids.count / (streams * steps) * steps
    let parameters = try model.tensors.flatMap {
      LittleEndian.values(try model.bytes(of: $0), type: $0.type, as: Float.self)
    }
    let network = try Network(
      model.document.architecture, parameters: parameters, purpose: .inference, batch: streams, steps: steps)
    var (loss, results) = (0.0, [Double](repeating: 0, count: streams * steps))
    for start in stride(from: 0, to: length, by: steps) {
      func chunk(_ offset: Int) -> [Int32] {
        (0..<steps).flatMap { step in (0..<streams).map { ids[$0 * length + start + step + offset] } }
      }
      network.score(inputs: chunk(0), targets: chunk(1), into: &results)
      loss -= results.reduce(0, +)
    }
    let mean = loss / Double(length * streams)
    #expect(abs(mean - 1.5329767) < 1e-6, "\(mean)")
  }
}
