import Foundation
import RNNModel
import Testing

@testable import RNNAnalysis

/// A file of `fixtures/analysis` by PyTorch.
private struct TorchGolden: Decodable {
  let architecture: Architecture
  let parameters: [String: [Float]]
  let tokens: [Int32]
  let start: Int
  let steps: Int
  /// `[layer][t][k]`
  let flow: [[[Double]]]
  let jacobian: [[Double]]

  init(_ name: String) throws { self = try JSONDecoder().decode(Self.self, from: fixture("\(name).json")) }

  var model: Model {
    get throws {
      let table = ParameterTable(architecture)
      let values = table.entries.flatMap { parameters[$0.path] ?? [] }
      return try Model(
        architecture: architecture, parameters: Parameters(table: table, values: values), vocabulary: nil)
    }
  }

  var window: AnalysisWindow {
    get throws { try AnalysisWindow(tokens, start: start, length: steps) }
  }
}

private func largestError(_ found: [[Double]], _ expected: [[Double]]) -> Double {
  guard found.map(\.count) == expected.map(\.count) else { return .infinity }
  return zip(found.joined(), expected.joined()).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// An Elman net of linear units with U = diag(factor), and other numbers drawn.
private func linearNet(_ factor: Float, width: Int = 3, seed: UInt64 = 1) throws -> Model {
  let architecture = Architecture(
    size: 4,
    layers: [
      .oneHot(.init(name: "one_hot", size: 4)),
      .elman(.init(name: "elman", inputs: 4, outputs: width, activation: .linear)),
      .linear(.init(name: "output", inputs: width, outputs: 4)),
    ])
  return try drawn(architecture, seed: seed) { entry, index, value in
    guard entry.name == "recurrent_weights" else { return value }
    return index / width == index % width ? factor : 0
  }
}

func drawn(
  _ architecture: Architecture, seed: UInt64,
  change: (_ entry: ParameterTable.Entry, _ index: Int, _ value: Float) -> Float = { _, _, value in value }
) throws -> Model {
  let table = ParameterTable(architecture)
  var state = seed
  let values = table.entries.flatMap { entry in
    (0..<entry.count).map { index -> Float in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return change(entry, index, Float(state >> 40) / Float(1 << 23) - 1)
    }
  }
  return try Model(architecture: architecture, parameters: Parameters(table: table, values: values), vocabulary: nil)
}

private func text(_ count: Int, size: Int32 = 4) -> [Int32] { (0..<Int32(count)).map { ($0 * $0 + $0 / 3) % size } }

@Suite struct GradientTests {
  @Test(arguments: ["lstm", "gru"]) func flowIsThatOfAutograd(name: String) throws {
    let golden = try TorchGolden(name)
    let flow = try GradientFlow(of: golden.model, golden.window)
    #expect(flow.layers.map(\.name) == ["\(name)_1", "\(name)_2"])
    for (layer, expected) in zip(flow.layers, golden.flow) {
      #expect(largestError(layer.norms, expected) < 1e-6)
    }
  }

  @Test(arguments: ["lstm", "gru"]) func jacobianIsThatOfAutograd(name: String) throws {
    let golden = try TorchGolden(name)
    let jacobian = try SequentialJacobian(of: golden.model, golden.window)
    // The state before the window is computed in float32.
    #expect(largestError(jacobian.norms, golden.jacobian) < 1e-6)
  }

  /// J(t) reaches h(k) only through U^(t - k): the norms fall as the power of the lag, exactly.
  @Test(arguments: [Float(0.5), 0.25, 2]) func linearUnitsFallExactly(factor: Float) throws {
    let model = try linearNet(factor)
    let flow = try GradientFlow(of: model, AnalysisWindow(text(60), start: 3, length: 40))
    let layer = try #require(flow.layers.first)
    #expect(layer.norms.map(\.count) == Array(1...40))
    for (t, row) in layer.norms.enumerated() {
      for (k, norm) in row.enumerated() {
        let expected = row[t] * pow(Double(factor), Double(t - k))
        #expect(abs(norm - expected) <= 1e-6 * expected)
      }
    }
    #expect(abs(try #require(layer.slope) - log(Double(factor))) < 1e-6)
  }

  @Test func meanByLagIsTheMean() {
    let layer = GradientFlow.Layer(name: "", norms: [[4], [1, 2], [0.5, 3, 6]])
    #expect(layer.meanByLag == [4, 2, 0.5])
    #expect(GradientFlow.Layer(name: "", norms: []).meanByLag.isEmpty)
    #expect(GradientFlow.Layer(name: "", norms: [[1]]).slope == nil)
    #expect(GradientFlow.Layer(name: "", norms: [[0], [0, 0]]).slope == nil)
  }

  /// Cutting the losses into batches of streams changes nothing: the last row of a long window is the row of a short one.
  @Test func batchesOfStreamsDoNotMatter() throws {
    let model = try linearNet(0.9, width: 5)
    let long = try GradientFlow(of: model, AnalysisWindow(text(90), start: 0, length: 70))
    let short = try GradientFlow(of: model, AnalysisWindow(text(90), start: 0, length: 11))
    let (a, b) = (long.layers[0].norms[..<11], short.layers[0].norms)
    #expect(largestError(Array(a), b) < 1e-6)
  }

  @Test func contributionsSumToTheGradient() throws {
    let golden = try TorchGolden("lstm")
    let (model, window) = (try golden.model, try AnalysisWindow(golden.tokens, start: 0, length: 9))
    let weight = try WeightName("lstm_1/recurrent_weights[forget,1,2]", in: model.parameters.table)
    let contributions = try WeightContributions(to: weight, of: model, window)
    let reference = Reference(model.architecture, values: model.parameters.values.map(Double.init))
    let gradient = reference.gradient(inputs: window.inputs, targets: window.targets, state: reference.initialState)
    let sum = contributions.values.joined().reduce(0, +)
    #expect(!contributions.areNorms && contributions.values.map(\.count) == Array(1...9))
    #expect(abs(sum - gradient.values[weight.range.lowerBound]) < 1e-12 && sum != 0)
    let tensor = try WeightContributions(
      to: WeightName("lstm_1/recurrent_weights", in: model.parameters.table), of: model, window)
    #expect(tensor.areNorms && tensor.values.joined().allSatisfy { $0 >= 0 })
    #expect(zip(tensor.values.joined(), contributions.values.joined()).allSatisfy { $0 >= abs($1) - 1e-12 })
  }

  @Test(arguments: ["lstm", "gru"]) func waysToComputeAGradientAgree(name: String) throws {
    let golden = try TorchGolden(name)
    let check = try GradientCheck(golden.model, golden.window, sample: 50)
    #expect(check.sampled == 50 && check.parameters > 50 && check.pairs.count == 6 && check.largestDerivative > 0.01)
    for pair in check.pairs {
      let isSingle = pair.first == .network || pair.second == .network
      let isDifference = pair.first == .differences || pair.second == .differences
      #expect(pair.relative < (isSingle ? 1e-5 : isDifference ? 1e-7 : 1e-12), "\(pair)")
      #expect(pair.largestDifference > 0 || !isDifference)
    }
  }

  @Test func weightsHaveNames() throws {
    let table = try linearNet(1).parameters.table
    #expect(try WeightName("elman/recurrent_weights[1,2]", in: table).range == 17..<18)
    #expect(try WeightName("elman/recurrent_weights[hidden, 1, 2]", in: table).range == 17..<18)
    #expect(try WeightName("output/bias[3]", in: table).range.count == 1)
    #expect(try WeightName("output/weights", in: table).range.count == 12)
    for wrong in [
      "", "x", "output/bias[4]", "output/bias[-1]", "output/bias[", "output/bias[]", "output/weights[1]",
      "elman/bias[forget,0]", "output/bias[9999999999999999999]",
    ] {
      #expect(throws: AnalysisError.self) { try WeightName(wrong, in: table) }
    }
  }

  @Test func refusesWhatCannotBeFollowed() throws {
    let tokens = text(10)
    for (start, length) in [(0, 10), (9, 1), (0, 0), (-1, 3), (.max, 1), (1, .max), (5, 5)] {
      #expect(throws: AnalysisError.self) { try AnalysisWindow(tokens, start: start, length: length) }
    }
    let window = try AnalysisWindow(tokens, start: 0, length: 9)
    var architecture = try linearNet(1).architecture
    architecture.context = .window(length: 3, padding: nil)
    let windowed = try drawn(architecture, seed: 1)
    #expect(throws: AnalysisError.notStream) { try GradientFlow(of: windowed, window) }
    #expect(throws: AnalysisError.notStream) { try StateRecording(reading: tokens, with: windowed) }
    #expect(throws: AnalysisError.self) { try GradientFlow(of: linearNet(1), window, limit: 0) }
    #expect(throws: AnalysisError.self) { try SequentialJacobian(of: linearNet(1), window, limit: 0) }
    #expect(throws: AnalysisError.self) { try GradientCheck(linearNet(1), window, sample: 10, limit: 0) }
    #expect(throws: AnalysisError.notFinite("the gradient of layer 'elman'")) {
      try GradientFlow(of: linearNet(1e30), window)
    }
  }
}
