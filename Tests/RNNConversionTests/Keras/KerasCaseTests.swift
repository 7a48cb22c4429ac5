import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// Models that others trained, where the folder `shared/cases` is beside the repository, to the numbers of its README.
@Suite struct KerasCaseTests {
  private static let references: [(file: String, steps: Int)] = [
    ("keras2-h5-melody-lstm/model.h5", 12), ("keras2-h5-gru-reset-after/char_rnn.h5", 12),
    ("keras2-h5-simplernn/char_rnn.h5", 10), ("keras3-zip-lstm/text_generator.keras", 40),
  ]

  #if NPZ
    @Test(.enabled(if: SharedCases.exist, "\(SharedCases.missing)"), arguments: references.indices)
    func givesTheNumbersOfKeras(index: Int) throws {
      let (file, steps) = Self.references[index]
      let model = try KerasImport.read("\(SharedCases.folder)/\(file)", choices: ImportChoices())
      let numbers = try NPZFile(opening: "\(SharedCases.folder)/\(file).ref.npz")
      func array(_ name: String) throws -> (shape: [Int], values: [Double]) {
        let array = try #require(numbers.arrays[name])
        return (array.shape, LittleEndian.values(try numbers.bytes(of: array), type: .float32, as: Double.self))
      }
      let (x, y) = (try array("x"), try array("y"))
      #expect(x.shape[1] == steps)
      for stream in 0..<x.shape[0] {
        let (takes, gives) = (x.values.count / x.shape[0], y.values.count / y.shape[0])
        let inputs = KerasFixtures.Numbers(
          shape: [1] + x.shape.dropFirst(), values: Array(x.values[(stream * takes)..<((stream + 1) * takes)]))
        let found = try KerasRun(model: model).outputs(inputs).suffix(gives)
        let expected = y.values[(stream * gives)..<((stream + 1) * gives)]
        let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(found.count == gives && difference < 2e-5, "\(file): \(difference)")
      }
    }
  #endif

  /// Mean loss of the last token of each window.
  private func loss(_ model: ImportedModel, _ windows: [(window: [Int32], target: Int32)]) throws -> Double {
    var values: [Float] = []
    for tensor in model.tensors {
      values += LittleEndian.values(try model.bytes(of: tensor), type: tensor.type, as: Float.self)
    }
    let architecture = model.document.architecture
    let (batch, steps) = (50, windows.first?.window.count ?? 1)
    let network = try Network(architecture, parameters: values, purpose: .inference, batch: batch, steps: steps)
    var results = [Float](repeating: 0, count: batch * steps * architecture.outputSize)
    var total = 0.0
    for start in stride(from: 0, to: windows.count, by: batch) {
      // The last batch is filled up with its last window, which is not counted again.
      let part = (0..<batch).map { windows[min(start + $0, windows.count - 1)] }
      network.logits(.tokens((0..<steps).flatMap { step in part.map { $0.window[step] } }), into: &results)
      for row in 0..<min(batch, windows.count - start) {
        let logits = results[(row * architecture.size)..<((row + 1) * architecture.size)].map(Double.init)
        let largest = logits.max() ?? 0
        total += largest + log(logits.reduce(0) { $0 + exp($1 - largest) }) - logits[Int(part[row].target)]
      }
    }
    return total / Double(windows.count)
  }

  @Test(.enabled(if: SharedCases.exist, "\(SharedCases.missing)")) func textgenrnnHasItsLoss() throws {
    let folder = "\(SharedCases.folder)/textgenrnn-keras2-cudnn"
    let model = try KerasImport.read("\(folder)/textgenrnn_weights.hdf5", choices: ImportChoices())
    #expect(model.document.architecture.context == .window(length: 40, padding: 0))
    let ids = try #require(
      try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: "\(folder)/textgenrnn_vocab.json")))).object)
    func id(_ token: String) -> Int32 { Int32(ids[token]?.integer ?? 0) }
    var windows: [(window: [Int32], target: Int32)] = []
    for title in try String(contentsOfFile: "\(folder)/titles.txt", encoding: .utf8).split(whereSeparator: \.isNewline)
    {
      let tokens = [id("<s>")] + title.unicodeScalars.map { id(String($0)) } + [id("<s>")]
      for end in 1..<tokens.count {
        let window = tokens[..<end].suffix(40)
        windows.append(([Int32](repeating: 0, count: 40 - window.count) + window, tokens[end]))
      }
    }
    let loss = try loss(model, windows)
    #expect(abs(loss - 1.77942) < 5e-5, "\(loss)")
  }

  private static let shakespeare = Fixtures.repository.deletingLastPathComponent()
    .appending(path: "shared/corpora/tiny-shakespeare/input.txt").path

  @Test(.enabled(if: SharedCases.exist, "\(SharedCases.missing)")) func theArchiveHasItsLossOnShakespeare() throws {
    let model = try KerasImport.read(
      "\(SharedCases.folder)/keras3-zip-lstm/text_generator.keras", choices: ImportChoices())
    #expect(model.document.architecture.context == .window(length: 40, padding: nil))
    let text = Array(try String(contentsOfFile: Self.shakespeare, encoding: .utf8).lowercased().utf8)
    let ids = Dictionary(uniqueKeysWithValues: Set(text).sorted().enumerated().map { ($1, Int32($0)) })
    let tokens = text.compactMap { ids[$0] }
    let windows = (0..<2000).map { index in
      let start = index * (tokens.count - 42) / 1999
      return (window: Array(tokens[start..<(start + 40)]), target: tokens[start + 40])
    }
    let loss = try loss(model, windows)
    #expect(abs(loss - 1.32921) < 5e-5, "\(loss)")
  }
}
