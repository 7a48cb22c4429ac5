import Foundation
import RNNModel
import Testing

/// The reference against numbers that other programs computed: `fixtures/reference`.
@Suite struct ReferenceGoldenTests {
  @Test func thereAreFixtures() {
    #expect(GoldenProblem.names.count >= 11)
  }

  @Test(arguments: GoldenProblem.names) func givesTheSameOutputs(name: String) throws {
    let golden = try GoldenProblem(name)
    var state = golden.reference.initialState
    let found = golden.reference.logits(golden.inputs.values, state: &state)
    #expect(largestError(found.flatMap { $0 }, golden.outputs.flatMap { $0 }) < golden.tolerance)
  }

  @Test(arguments: GoldenProblem.names) func givesTheSameGradient(name: String) throws {
    let golden = try GoldenProblem(name)
    guard let targets = golden.targets, let loss = golden.loss, let expected = golden.gradient else { return }
    let reference = golden.reference
    let found = reference.gradient(
      inputs: golden.inputs.values, targets: targets.values, state: reference.initialState)
    #expect(largestError([found.loss], [loss]) < golden.tolerance)
    #expect(largestError(found.values, golden.flat(expected)) < golden.tolerance)
  }

  @Test(arguments: GoldenProblem.names) func givesTheSameTruncatedGradients(name: String) throws {
    let golden = try GoldenProblem(name)
    guard let targets = golden.targets, let truncated = golden.truncated else { return }
    let reference = golden.reference
    let found = try reference.truncatedGradients(
      inputs: golden.inputs.values, targets: targets.values, state: reference.initialState, k1: truncated.k1,
      k2: truncated.k2)
    #expect(found.count == truncated.gradients.count)
    for (found, expected) in zip(found, truncated.gradients) {
      #expect(largestError(found.values, golden.flat(expected)) < golden.tolerance)
    }
  }
}

/// A file of `fixtures/reference`.
private struct GoldenProblem: Decodable {
  struct Inputs: Decodable {
    let tokens: [Int32]?
    let features: [[Double]]?

    var values: Reference<Double>.Inputs { tokens.map { .tokens($0) } ?? .features(features ?? []) }
  }

  struct Targets: Decodable {
    let classes: [Int32]?
    let bits: [[Double]]?

    var values: Reference<Double>.Targets { classes.map { .classes($0) } ?? .bits(bits ?? []) }
  }

  struct Truncated: Decodable {
    let k1: Int
    let k2: Int
    let gradients: [[String: [Double]]]
  }

  let tolerance: Double
  let architecture: Architecture
  /// By path, as the gradient.
  let parameters: [String: [Double]]
  let inputs: Inputs
  let targets: Targets?
  let outputs: [[Double]]
  let loss: Double?
  let gradient: [String: [Double]]?
  let truncated: Truncated?

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "fixtures/reference")

  static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".json") }.sorted()

  init(_ name: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: Self.folder.appending(path: name)))
    try architecture.check()
    // No tensor is missing, and none is there that the architecture does not have.
    #expect(Set(parameters.keys) == Set(ParameterTable(architecture).entries.map { $0.path }))
  }

  var reference: Reference<Double> { Reference(architecture, values: flat(parameters)) }

  /// Tensors in the order of the ``ParameterTable``.
  func flat(_ tensors: [String: [Double]]) -> [Double] {
    ParameterTable(architecture).entries.flatMap { tensors[$0.path] ?? [] }
  }
}
