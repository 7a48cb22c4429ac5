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
}
