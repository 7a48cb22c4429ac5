#if NPZ
  import Foundation
  import RNNFormat
  import RNNModel
  import Testing

  @testable import RNNConversion

  /// Models that others trained with PyTorch.
  @Suite(.enabled(if: SharedCases.exist, "\(SharedCases.missing)"))
  struct TorchCaseTests {
    private static let losses = [
      ("baseline", 1.568), ("bigger", 1.40254), ("deeper", 1.45933), ("RNN_3_layers", 1.34294),
    ]

    @Test(arguments: losses.indices)
    func givesTheNumbersOfPyTorch(index: Int) throws {
      let path = SharedCases.path("char-rnn-pytorch/\(Self.losses[index].0).pt")
      let model = try TorchImport.read(path, choices: ImportChoices())
      let difference = try TorchFixtures.difference(model, try TorchFixtures.expected("\(path).ref.npz"))
      // In float32, PyTorch itself is up to 1e-4 from what it computes in float64.
      #expect(difference < 2e-4, "\(difference)")
    }

    /// Python's `string.printable`.
    private static let printable = Array(
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\u{0B}\u{0C}"
        .utf8)

    @Test(arguments: losses.indices)
    func hasItsLossOnShakespeare(index: Int) throws {
      let (name, expected) = Self.losses[index]
      let model = try TorchImport.read(SharedCases.path("char-rnn-pytorch/\(name).pt"), choices: ImportChoices())
      let corpus = URL(filePath: SharedCases.folder).deletingLastPathComponent()
        .appending(path: "corpora/tiny-shakespeare/input.txt")
      let ids = Dictionary(uniqueKeysWithValues: Self.printable.enumerated().map { ($1, Int32($0)) })
      let text = try Data(contentsOf: corpus).map { ids[$0] ?? 0 }
      let (streams, steps) = (20, 200)
      let length = text.count / streams
      func tokens(_ shift: Int) -> [Int32] {
        (0..<steps).flatMap { step in (0..<streams).map { text[$0 * length + step + shift] } }
      }
      let language = try RecurrentLanguageModel(
        Model(
          architecture: model.document.architecture,
          parameters: Parameters(
            table: ParameterTable(model.document.architecture), values: try TorchFixtures.parameters(model)),
          vocabulary: nil), streams: streams)
      var results = [Double](repeating: 0, count: streams * steps)
      language.score(inputs: tokens(0), targets: tokens(1), into: &results)
      let loss = -results.reduce(0, +) / Double(results.count)
      #expect(abs(loss - expected) < 6e-5, "\(name): \(loss)")
    }

    @Test(arguments: ["lstm", "gru"])
    func givesTheSignalsOfRTNeural(name: String) throws {
      let model = try TorchImport.read(SharedCases.path("rtneural/\(name)_torch.json"), choices: ImportChoices())
      func signal(_ which: String) throws -> [Float] {
        try String(contentsOfFile: SharedCases.path("rtneural/\(name)_torch_\(which).csv"), encoding: .utf8)
          .split(whereSeparator: { $0.isNewline || $0 == "," }).compactMap {
            Float($0.trimmingCharacters(in: .whitespaces))
          }
      }
      let (x, y) = (try signal("x"), try signal("y"))
      #expect(x.count == y.count && x.count > 500)
      let expected = TorchFixtures.Expected(inputs: .features(x), outputs: y, steps: x.count, streams: 1)
      let difference = try TorchFixtures.difference(model, expected)
      #expect(difference < 1e-6, "\(difference)")
    }
  }
#endif
