import Foundation
import Kernels
import RNNModel
import Testing

@testable import RNNTraining

@Suite struct InitialisationTests {
  private static let architecture = Architecture(
    size: 30,
    layers: [
      .embedding(.init(name: "embedding", inputs: 30, outputs: 20)),
      .lstm(.init(name: "lstm", inputs: 20, outputs: 25, forgetBias: 0.5, recurrentBias: true)),
      .gru(.init(name: "gru", inputs: 25, outputs: 10)),
      .linear(.init(name: "output", inputs: 10, outputs: 30)),
    ])

  private func drawn(_ initialisation: Initialisation, seed: UInt64 = 1) throws -> Parameters {
    var generator = RandomGenerator(seed: seed)
    return try initialisation.parameters(of: Self.architecture, using: &generator)
  }

  private func values(_ parameters: Parameters, _ layer: String, _ name: String) throws -> [Float] {
    let entry = try #require(parameters.table[layer, name])
    return Array(parameters.values[entry.range])
  }

  /// What the first version drew: a seed that was published has to give the same parameters for ever.
  @Test(arguments: [
    (Initialisation.customary, 8.888730028), (.uniform(0.08, forgetBias: 1), 8.113905879),
    (.wordLanguageModel, -11.901329351), (.glorotOrthogonal, 3.203906991),
  ])
  func aSeedGivesWhatItHasAlwaysGiven(initialisation: Initialisation, sum: Double) throws {
    let drawn = try drawn(initialisation).values.reduce(0) { $0 + Double($1) }
    #expect(abs(drawn - sum) < 1e-5)
  }

  @Test func charRNNsIsUniformButForTheForgetGate() throws {
    let parameters = try drawn(.uniform(0.08, forgetBias: 1))
    let forget = try values(parameters, "lstm", "bias")[25..<50]
    // The layer itself adds 0.5.
    #expect(forget.allSatisfy { $0 == 0.5 })
    for entry in parameters.table.entries where entry.path != "lstm/bias" {
      let values = parameters.values[entry.range]
      #expect(values.allSatisfy { abs($0) <= 0.08 })
      #expect(values.contains { abs($0) > 0.06 } && Set(values).count > values.count / 2)
    }
  }

  @Test func wordLanguageModelsIsThatOfPyTorch() throws {
    let parameters = try drawn(.wordLanguageModel)
    func range(_ layer: String, _ name: String) throws -> Float {
      try values(parameters, layer, name).map { abs($0) }.max() ?? 0
    }
    for name in ["input_weights", "recurrent_weights", "bias", "recurrent_bias"] {
      #expect(try (0.17...0.2).contains(range("lstm", name)))
      #expect(try (0.2...0.3163).contains(range("gru", name)))
    }
    #expect(try (0.09...0.1).contains(range("embedding", "weights")))
    #expect(try (0.09...0.1).contains(range("output", "weights")))
    #expect(try range("output", "bias") == 0)
  }

  @Test func glorotsVarianceIsTwoOverTheSumOfTheFans() throws {
    for distribution in [Initialisation.Distribution.glorotUniform, .glorotNormal] {
      let parameters = try drawn(Initialisation(inputWeights: distribution, linear: distribution))
      for (layer, name, fans) in [("lstm", "input_weights", 45.0), ("output", "weights", 40)] {
        let values = try values(parameters, layer, name)
        let square = values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
        #expect(abs(square * fans / 2 - 1) < 0.15)
        let bound = (6 / fans).squareRoot()
        #expect(values.contains { Double(abs($0)) > bound } == (distribution == .glorotNormal))
      }
    }
  }

  @Test func orthogonalMatricesKeepLengths() throws {
    let parameters = try drawn(
      Initialisation(inputWeights: .orthogonal(gain: 2), recurrentWeights: .orthogonal(gain: 1)))
    /// The largest distance of A Aᵀ (of the smaller side) from gain² I.
    func error(_ numbers: ArraySlice<Float>, _ rows: Int, _ columns: Int, gain: Double) -> Double {
      let a = numbers.map { Double($0) }
      let (count, length) = (min(rows, columns), max(rows, columns))
      func element(_ vector: Int, _ index: Int) -> Double {
        rows <= columns ? a[vector * columns + index] : a[index * columns + vector]
      }
      var largest = 0.0
      for first in 0..<count {
        for second in 0...first {
          let product = (0..<length).reduce(0.0) { $0 + element(first, $1) * element(second, $1) }
          largest = max(largest, abs(product - (first == second ? gain * gain : 0)))
        }
      }
      return largest
    }
    for (layer, gates, hidden, inputs) in [("lstm", 4, 25, 20), ("gru", 3, 10, 25)] {
      let recurrent = try values(parameters, layer, "recurrent_weights")
      let input = try values(parameters, layer, "input_weights")
      for gate in 0..<gates {
        let (square, wide) = (hidden * hidden, hidden * inputs)
        #expect(error(recurrent[(gate * square)..<((gate + 1) * square)], hidden, hidden, gain: 1) < 1e-5)
        #expect(error(input[(gate * wide)..<((gate + 1) * wide)], hidden, inputs, gain: 2) < 1e-5)
      }
      #expect(recurrent[..<10] != recurrent[(hidden * hidden)..<(hidden * hidden + 10)])
    }
  }

  @Test(arguments: [
    Initialisation.uniform(-1), .uniform(.nan), Initialisation(linear: .normal(deviation: .infinity)),
    Initialisation(recurrentWeights: .orthogonal(gain: -1)), Initialisation(forgetBias: .nan),
    Initialisation(reservoir: Reservoir()),
  ])
  func refusesWhatMakesNoSense(initialisation: Initialisation) {
    #expect(throws: TrainingError.self) { try drawn(initialisation) }
  }

  @Test(arguments: [
    Initialisation.customary, .uniform(0.1), .wordLanguageModel, .glorotOrthogonal,
    Initialisation(reservoir: Reservoir(spectralRadius: 0.8)),
  ])
  func readsBackWhatItWrites(initialisation: Initialisation) throws {
    let data = try JSONEncoder().encode(initialisation)
    #expect(try JSONDecoder().decode(Initialisation.self, from: data) == initialisation)
  }
}
