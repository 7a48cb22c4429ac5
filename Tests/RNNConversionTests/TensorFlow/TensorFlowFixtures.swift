import Foundation
import RNNFormat
import RNNModel
import Testing

@testable import RNNConversion

/// The files of `fixtures/tensorflow-checkpoints`, with the numbers that TensorFlow gave.
enum TensorFlowFixtures {
  static let folder = Fixtures.repository.appending(path: "fixtures/tensorflow-checkpoints").path

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  static func facts(_ name: String) throws -> JSONValue {
    try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: path("\(name).json")))))
  }

  /// The largest difference between what a model computes and what TensorFlow did.
  static func difference(of model: ImportedModel, _ facts: JSONValue) throws -> Double {
    let inputs = try #require(facts["inputs"]?.array)
    let sequence: Reference<Float>.Inputs =
      model.document.architecture.input == .tokens
      ? .tokens(inputs.compactMap { $0.integer.map { Int32($0) } })
      : .features(inputs.map { $0.array?.compactMap { $0.number.map { Float($0) } } ?? [] })
    let found = try ONNXImportTests.outputs(of: model, [sequence])[0]
    let expected = try #require(facts["outputs"]?.array).map {
      $0.array?.compactMap { $0.number.map { Float($0) } } ?? []
    }
    try #require(found.map(\.count) == expected.map(\.count))
    return OutputCheck.largestDifference(Array(expected.joined()), Array(found.joined()))
  }

  /// Copies a file or folder of the fixtures to a folder of the test.
  static func copy(_ names: [String], to scratch: Scratch) throws {
    for name in names {
      try FileManager.default.copyItem(atPath: path(name), toPath: scratch.path(name))
    }
  }
}
