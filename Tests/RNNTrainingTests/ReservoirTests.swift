import Foundation
import Kernels
import RNNModel
import Testing

@testable import RNNTraining

/// Matrices and their largest eigenvalues by numpy; `fixtures/reservoir/make.py` writes them and says what they are.
struct SpectralRadiusGolden: Decodable {
  struct Case: Decodable {
    var size: Int
    var seed: UInt64
    var connectivity: Double
    var symmetric: Bool
    var radius: Double

    var matrix: [Float] {
      var x = seed
      func next() -> Float {
        x = (1_103_515_245 * x + 12345) % (1 << 31)
        return Float(Double(x) / 0x1p30 - 1)
      }
      let values = (0..<(size * size)).map { _ -> Float in
        if connectivity >= 1 { return next() }
        let isKept = next() < Float(2 * connectivity - 1)
        let value = next()
        return isKept ? value : 0
      }
      guard symmetric else { return values }
      return values.indices.map { (values[$0] + values[$0 % size * size + $0 / size]) / 2 }
    }
  }
  var cases: [Case]

  static let stored: SpectralRadiusGolden? = {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = repository.appending(path: "fixtures/reservoir/spectral_radius.json")
    return (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(SpectralRadiusGolden.self, from: $0) }
  }()
}

@Suite struct ReservoirTests {
  @Test func theGoldenNumbersAreThere() throws {
    #expect(try #require(SpectralRadiusGolden.stored).cases.count > 5)
  }

  @Test(arguments: SpectralRadiusGolden.stored?.cases ?? []) func agreesWithNumpy(golden: SpectralRadiusGolden.Case) {
    let radius = SpectralRadius.of(golden.matrix, size: golden.size)
    #expect(abs(radius / golden.radius - 1) < 2e-5, "\(radius) for \(golden.radius)")
  }

  @Test func knowsMatricesWithoutCycles() {
    // A shift moves everything out in the end.
    var shift = [Float](repeating: 0, count: 25)
    for row in 0..<4 { shift[row * 5 + row + 1] = 1 }
    #expect(SpectralRadius.of(shift, size: 5) == 0)
    // A rotation by 90 degrees has the eigenvalues ± i.
    #expect(abs(SpectralRadius.of([0, -3, 3, 0], size: 2) - 3) < 1e-6)
    #expect(abs(SpectralRadius.of([1e-20, 0, 0, -2e-20], size: 2) / 2e-20 - 1) < 1e-6)
  }

  private static let architecture = Architecture(
    size: 4,
    layers: [
      .oneHot(.init(name: "input", size: 4)), .elman(.init(name: "reservoir", inputs: 4, outputs: 60)),
      .linear(.init(name: "output", inputs: 60, outputs: 4)),
    ])

  @Test(arguments: [(0.9, 0.1), (1.2, 1)])
  func hasTheRadiusAndConnectivity(radius: Double, connectivity: Double) throws {
    var generator = RandomGenerator(seed: 3)
    let reservoir = Reservoir(spectralRadius: radius, connectivity: connectivity, inputScaling: 0.3)
    let parameters = try Initialisation(reservoir: reservoir).parameters(of: Self.architecture, using: &generator)
    let entry = try #require(parameters.table["reservoir", "recurrent_weights"])
    let weights = Array(parameters.values[entry.range])
    #expect(abs(SpectralRadius.of(weights, size: 60) - radius) < 1e-5)
    let share = Double(weights.count { $0 != 0 }) / 3600
    #expect(abs(share - connectivity) < 0.02)
    let input = try #require(parameters.table["reservoir", "input_weights"])
    let largest = parameters.values[input.range].map { abs($0) }.max() ?? 0
    #expect((0.28...0.3).contains(largest))
    let bias = try #require(parameters.table["reservoir", "bias"])
    #expect(parameters.values[bias.range].allSatisfy { $0 == 0 })
  }

  /// An echo-state network: only the readout learns, and that is enough for a text in which two symbols decide.
  @Test func onlyTheReadoutLearns() throws {
    var generator = RandomGenerator(seed: 3)
    let parameters = try Initialisation(reservoir: Reservoir(inputScaling: 0.5))
      .parameters(of: Self.architecture, using: &generator)
    let model = try Model(architecture: Self.architecture, parameters: parameters, vocabulary: nil)
    let frozen = Reservoir.frozenPaths(of: Self.architecture)
    #expect(frozen == ["reservoir/input_weights", "reservoir/recurrent_weights", "reservoir/bias"])
    let text: [Int32] = (0..<80).flatMap { _ in [0, 1, 0, 2, 3] as [Int32] }
    let plan = TrainingPlan(
      epochs: 60, batch: 4, length: 10, learningRate: 0.03, weightDecay: 1e-5, frozen: frozen)
    let trainer = try Trainer(model, plan: plan, training: text, validation: Array(text.suffix(101)))
    #expect(try trainer.run() == .finished)
    let best = try #require(trainer.best)
    #expect(best.loss < 0.1)
    for entry in parameters.table.entries {
      let isSame = Array(best.parameters[entry.range]) == Array(parameters.values[entry.range])
      #expect(isSame == frozen.contains(entry.path))
    }
  }

  @Test func refusesWhatCannotBeAReservoir() throws {
    var generator = RandomGenerator(seed: 1)
    for reservoir in [
      Reservoir(spectralRadius: -1), Reservoir(connectivity: 0), Reservoir(connectivity: 1e-9),
      Reservoir(inputScaling: .nan),
    ] {
      #expect(throws: TrainingError.self) {
        try Initialisation(reservoir: reservoir).parameters(of: Self.architecture, using: &generator)
      }
    }
  }
}
