import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// The files that versions of Keras wrote, with the numbers that they gave.
enum KerasFixtures {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let inputs: Numbers
    let outputs: Numbers
    let architecture: String?

    var path: String { KerasFixtures.folder + "/" + name }
    var testDescription: String { name }
  }

  /// Numbers with a shape, of which the first axis is a batch of one.
  struct Numbers: Sendable {
    let shape: [Int]
    let values: [Double]
  }

  static let folder = Fixtures.repository.appending(path: "fixtures/keras").path

  static let all: [Case] = (1...3).flatMap { version -> [Case] in
    guard let bytes = FileManager.default.contents(atPath: "\(folder)/expected_keras\(version).json"),
      let members = try? JSONValue(parsing: Array(bytes)).object
    else { return [] }
    return members.sorted { $0.key < $1.key }.map { name, value in
      Case(
        name: name, inputs: numbers(value["inputs"]), outputs: numbers(value["outputs"]),
        architecture: value["architecture"]?.string)
    }
  }

  private static func numbers(_ value: JSONValue?) -> Numbers {
    Numbers(
      shape: value?["shape"]?.array?.compactMap(\.integer) ?? [],
      values: value?["values"]?.array?.compactMap(\.number) ?? [])
  }

  static func text(_ name: String) throws -> JSONValue {
    try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))))
  }
}

/// Runs an imported model on what a Keras model took.
struct KerasRun {
  let model: ImportedModel

  /// What comes out, one row after the other: probabilities, or values.
  func outputs(_ inputs: KerasFixtures.Numbers) throws -> [Double] {
    let architecture = model.document.architecture
    var values: [Float] = []
    for tensor in model.tensors {
      values += LittleEndian.values(try model.bytes(of: tensor), type: tensor.type, as: Float.self)
    }
    let steps = inputs.shape[1]
    let network = try Network(architecture, parameters: values, purpose: .inference, batch: 1, steps: steps)
    var results = [Float](repeating: 0, count: steps * architecture.outputSize)
    network.logits(Self.taken(inputs, by: architecture), into: &results)
    let pooled = architecture.windowLength != nil || architecture.layers.contains(where: \.pools)
    let rows = pooled ? 1 : steps
    return results.prefix(rows * architecture.outputSize).chunks(of: architecture.outputSize).flatMap {
      Self.applied(architecture.output, $0.map(Double.init))
    }
  }

  private static func taken(_ inputs: KerasFixtures.Numbers, by architecture: Architecture) -> Network.Inputs {
    guard architecture.input == .tokens else { return .features(inputs.values.map { Float($0) }) }
    if inputs.shape.count == 2 { return .tokens(inputs.values.map { Int32($0) }) }
    if inputs.shape[2] == 1 { return .tokens(inputs.values.map { Int32(($0 * Double(architecture.size)).rounded()) }) }
    return .tokens(
      inputs.values[...].chunks(of: inputs.shape[2]).map { Int32($0.firstIndex(of: 1) ?? 0) - Int32($0.startIndex) })
  }

  private static func applied(_ output: Architecture.Output, _ row: [Double]) -> [Double] {
    switch output {
    case .values, .logProbabilities: return row
    case .sigmoid: return row.map { 1 / (1 + exp(-$0)) }
    case .softmax:
      let largest = row.max() ?? 0
      let powers = row.map { exp($0 - largest) }
      let sum = powers.reduce(0, +)
      return powers.map { $0 / sum }
    }
  }
}

extension ArraySlice {
  /// Pieces of equal length.
  func chunks(of count: Int) -> [ArraySlice] {
    stride(from: startIndex, to: endIndex, by: count).map { self[$0..<Swift.min($0 + count, endIndex)] }
  }
}
