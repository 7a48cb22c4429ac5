import Kernels
import RNNModel
import Testing

@Suite struct ParametersTests {
  private let architecture = Architecture(
    size: 7,
    layers: [
      .embedding(.init(name: "input", inputs: 7, outputs: 5)),
      .elman(.init(name: "elman", inputs: 5, outputs: 4, bias: false, recurrentBias: true)),
      .dropout(.init(name: "dropout", rate: 0.5)), .lstm(.init(name: "lstm", inputs: 4, outputs: 16, forgetBias: 0.25)),
      .gru(.init(name: "gru", inputs: 16, outputs: 25)),
      .linear(.init(name: "middle", inputs: 25, outputs: 9, bias: false)),
      .linear(.init(name: "output", inputs: 9, outputs: 7)),
    ])

  @Test func tableHasEveryTensorWithoutHoles() {
    let table = ParameterTable(architecture)
    let expected: [(String, [Int], [ParameterTable.Axis])] = [
      ("input/weights", [7, 5], [.token, .output]), ("elman/input_weights", [1, 4, 5], [.gate, .hidden, .input]),
      ("elman/recurrent_weights", [1, 4, 4], [.gate, .hidden, .hidden]),
      ("elman/recurrent_bias", [1, 4], [.gate, .hidden]),
      ("lstm/input_weights", [4, 16, 4], [.gate, .hidden, .input]),
      ("lstm/recurrent_weights", [4, 16, 16], [.gate, .hidden, .hidden]), ("lstm/bias", [4, 16], [.gate, .hidden]),
      ("gru/input_weights", [3, 25, 16], [.gate, .hidden, .input]),
      ("gru/recurrent_weights", [3, 25, 25], [.gate, .hidden, .hidden]), ("gru/bias", [3, 25], [.gate, .hidden]),
      ("gru/recurrent_bias", [3, 25], [.gate, .hidden]), ("middle/weights", [9, 25], [.output, .input]),
      ("output/weights", [7, 9], [.output, .input]), ("output/bias", [7], [.output]),
    ]
    #expect(table.entries.map(\.path) == expected.map(\.0))
    #expect(table.entries.map(\.shape) == expected.map(\.1))
    #expect(table.entries.map(\.axes) == expected.map(\.2))
    var end = 0
    for entry in table.entries {
      #expect(entry.range == end..<(end + entry.shape.reduce(1, *)))
      end = entry.range.upperBound
      let gates = [
        "elman": ["hidden"], "lstm": ["input", "forget", "candidate", "output"],
        "gru": ["update", "reset", "candidate"],
      ]
      #expect(entry.gates == gates[entry.layer] ?? [])
      #expect(table[entry.layer, entry.name] == entry)
    }
    #expect(table.count == end)
    #expect(table["lstm", "recurrent_bias"] == nil)
  }

  @Test func tableOfAModelWithoutTensorsIsEmpty() {
    #expect(ParameterTable(Architecture(size: 3, layers: [.oneHot(.init(name: "input", size: 3))])).count == 0)
  }

  @Test func drawsWithinItsBounds() throws {
    var generator = RandomGenerator(seed: 5)
    let drawn = Parameters(drawing: architecture, using: &generator)
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
    let drawn = Parameters(drawing: architecture, forgetBias: 2.25, using: &generator)
    let bias = drawn.values[try #require(drawn.table["lstm", "bias"]).range]
    #expect(Array(bias) == [0, 2, 0, 0].flatMap { Array(repeating: Float($0), count: 16) })
  }

  @Test func drawsTheSameFromTheSameSeed() {
    func draw(_ seed: UInt64) -> [Float] {
      var generator = RandomGenerator(seed: seed)
      return Parameters(drawing: architecture, using: &generator).values
    }
    #expect(draw(1) == draw(1))
    #expect(draw(1) != draw(2))
  }
}
