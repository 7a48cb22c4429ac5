import Kernels
import RNNModel
import RNNTraining
import Testing

/// What parameters are drawn from if nothing is said.
@Suite struct CustomaryInitialisationTests {
  private static let architecture = Architecture(
    size: 7,
    layers: [
      .embedding(.init(name: "input", inputs: 7, outputs: 5)),
      .elman(.init(name: "elman", inputs: 5, outputs: 4, bias: false, recurrentBias: true)),
      .dropout(.init(name: "dropout", rate: 0.5)), .lstm(.init(name: "lstm", inputs: 4, outputs: 16, forgetBias: 0.25)),
      .gru(.init(name: "gru", inputs: 16, outputs: 25)),
      .linear(.init(name: "middle", inputs: 25, outputs: 9, bias: false)),
      .linear(.init(name: "output", inputs: 9, outputs: 7)),
    ])

  @Test func drawsWithinItsBounds() throws {
    var generator = RandomGenerator(seed: 5)
    let drawn = try Initialisation.customary.parameters(of: Self.architecture, using: &generator)
    let bounds: [String: Float] = [
      "input": 0.1, "elman": 0.5, "lstm": 0.25, "gru": 0.2, "middle": 0.2, "output": 1 / 3,
    ]
    for entry in drawn.table.entries {
      let values = drawn.values[entry.range]
      if entry.name.hasSuffix("bias") {
        let hidden = entry.range.count / max(1, entry.gates.count)
        for (index, value) in values.enumerated() {
          // The layer adds 0.25 to the forget gate by itself.
          #expect(value == (entry.path == "lstm/bias" && index / hidden == 1 ? 0.75 : 0))
        }
      } else {
        let bound = try #require(bounds[entry.layer])
        let largest = try #require(values.map { abs($0) }.max())
        #expect(largest <= bound && largest > 0.7 * bound, "\(entry.path)")
        #expect(values.contains { $0 < 0 } && values.contains { $0 > 0 })
      }
    }
  }

  @Test func startsTheForgetGateWhereItIsTold() throws {
    var generator = RandomGenerator(seed: 5)
    let drawn = try Initialisation(forgetBias: 2.25).parameters(of: Self.architecture, using: &generator)
    let bias = drawn.values[try #require(drawn.table["lstm", "bias"]).range]
    #expect(Array(bias) == [0, 2, 0, 0].flatMap { Array(repeating: Float($0), count: 16) })
  }

  @Test func drawsTheSameFromTheSameSeed() throws {
    func draw(_ seed: UInt64) throws -> [Float] {
      var generator = RandomGenerator(seed: seed)
      return try Initialisation.customary.parameters(of: Self.architecture, using: &generator).values
    }
    #expect(try draw(1) == draw(1))
    #expect(try draw(1) != draw(2))
  }
}
