#if NPZ
  import Foundation
  import RNNFormat
  import RNNModel
  import Testing

  @testable import RNNConversion

  /// The files that `fixtures/torch/make.py` made, with the numbers of PyTorch.
  enum TorchFixtures {
    static func path(_ name: String) -> String { Fixtures.repository.appending(path: "fixtures/torch/\(name)").path }

    /// What PyTorch was given and gave.
    struct Expected {
      let inputs: Network.Inputs
      let outputs: [Float]
      let steps: Int
      let streams: Int
    }

    static func expected(_ path: String) throws -> Expected {
      let file = try NPZFile(opening: path)
      let input = try #require(file.arrays["ids"] ?? file.arrays["x"])
      let output = try #require(file.arrays["logits"] ?? file.arrays["y"])
      let bytes = try file.bytes(of: input)
      let inputs: Network.Inputs =
        input.type == .int64
        ? .tokens(LittleEndian.integers(bytes, as: Int64.self).map { Int32(truncatingIfNeeded: $0) })
        : .features(LittleEndian.values(bytes, type: .float32, as: Float.self))
      return Expected(
        inputs: inputs,
        outputs: LittleEndian.values(try file.bytes(of: output), type: .float32, as: Float.self),
        steps: input.shape[0], streams: input.shape[1])
    }

    static func parameters(_ model: ImportedModel) throws -> [Float] {
      try model.tensors.flatMap { LittleEndian.values(try model.bytes(of: $0), type: $0.type, as: Float.self) }
    }

    /// The largest difference between what a model computes and what PyTorch gave.
    static func difference(_ model: ImportedModel, _ expected: Expected) throws -> Float {
      let architecture = model.document.architecture
      let network = try Network(
        architecture, parameters: try parameters(model), purpose: .inference, batch: expected.streams,
        steps: expected.steps)
      var found = [Float](repeating: 0, count: expected.outputs.count)
      network.logits(expected.inputs, into: &found)
      // Some give logarithms of probabilities.
      func normalised(_ values: [Float]) -> [Float] {
        guard architecture.output == .softmax else { return values }
        return stride(from: 0, to: values.count, by: architecture.outputSize).flatMap { start in
          architecture.output.logProbabilities(Array(values[start..<(start + architecture.outputSize)]))
        }
      }
      return zip(normalised(found), normalised(expected.outputs)).map { abs($0 - $1) }.max() ?? .infinity
    }
  }
#endif
