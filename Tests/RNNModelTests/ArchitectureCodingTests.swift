import Foundation
import Kernels
import RNNModel
import Testing

/// The JSON of `docs/FORMAT.md`, section 4.
@Suite struct ArchitectureCodingTests {
  private static let json = """
    {"context":{"kind":"stream"},
     "input":{"kind":"tokens","size":65},
     "layers":[
      {"kind":"embedding","name":"embedding","inputs":65,"outputs":32},
      {"kind":"lstm","name":"lstm_1","inputs":32,"outputs":128,"gates":["input","forget","candidate","output"],
       "recurrent_activation":"sigmoid","activation":"tanh","cell_activation":"tanh","forget_bias":0,
       "bias":true,"recurrent_bias":false,"peepholes":false,"projection":null,"cell_clip":null,"coupled_gates":false,
       "direction":"forward","initial_state":"zero"},
      {"kind":"dropout","name":"dropout_1","rate":0.2},
      {"kind":"linear","name":"output","inputs":128,"outputs":65,"bias":true}],
     "output":{"activation":"softmax"}}
    """

  private static let architecture = Architecture(
    size: 65,
    layers: [
      .embedding(.init(name: "embedding", inputs: 65, outputs: 32)),
      .lstm(.init(name: "lstm_1", inputs: 32, outputs: 128)), .dropout(.init(name: "dropout_1", rate: 0.2)),
      .linear(.init(name: "output", inputs: 128, outputs: 65)),
    ])

  /// One layer of each kind, no property at its default.
  private static let unusual = Architecture(
    size: 7,
    layers: [
      .oneHot(.init(name: "input", size: 7)),
      .elman(.init(name: "elman", inputs: 7, outputs: 6, activation: .relu, bias: false, recurrentBias: true)),
      .lstm(
        .init(
          name: "lstm", inputs: 6, outputs: 5, recurrentActivation: .hardSigmoid, activation: .softsign,
          cellActivation: .hardTanh, forgetBias: 0.5, bias: false, recurrentBias: true)),
      .gru(
        .init(
          name: "gru", inputs: 5, outputs: 4, recurrentActivation: .hardSigmoidSixth, activation: .elu, reset: .before,
          updateKeeps: .candidate, bias: false, recurrentBias: false)),
      .dropout(.init(name: "dropout", rate: 0.25)), .linear(.init(name: "output", inputs: 4, outputs: 7, bias: false)),
    ])

  /// Every option that came after format 1.0.
  private static let later = Architecture(
    size: 7,
    layers: [
      .elman(.init(name: "elman", inputs: 7, outputs: 6, leak: 0.5, direction: .backward, initialState: .given)),
      .lstm(
        .init(
          name: "lstm", inputs: 6, outputs: 5, peepholes: true, coupledGates: true, cellClip: 3,
          projection: .init(cells: 9, clip: 2), initialState: .learned)),
      .gru(.init(name: "gru", inputs: 5, outputs: 6, direction: .backward, initialState: .learned)),
      .layerNorm(.init(name: "norm", width: 6, epsilon: 0.001, bias: false)),
      .sum(.init(name: "residual", of: ["norm", "elman"])),
      .concatenation(.init(name: "both", of: ["residual", "lstm"])),
      .dropout(.init(name: "dropout", rate: 0.25, locked: true)),
      .linear(.init(name: "output", inputs: 11, outputs: 3)),
    ], context: .sequence, input: .features, output: .sigmoid)

  /// Weights shared by the first and the last layer.
  private static let tied = Architecture(
    size: 7,
    layers: [
      .embedding(.init(name: "embedding", inputs: 7, outputs: 4)), .lstm(.init(name: "lstm", inputs: 4, outputs: 4)),
      .linear(.init(name: "output", inputs: 4, outputs: 7, weightsOf: "embedding")),
    ])

  private func decode(_ json: String) throws -> Architecture {
    try JSONDecoder().decode(Architecture.self, from: Data(json.utf8))
  }

  private func object(_ architecture: Architecture) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(architecture))
    return try #require(object as? [String: Any])
  }

  @Test func readsTheExampleOfTheSpecification() throws {
    #expect(try decode(Self.json) == Self.architecture)
  }

  @Test func writesTheExampleOfTheSpecification() throws {
    let expected = try JSONSerialization.jsonObject(with: Data(Self.json.utf8))
    #expect(try object(Self.architecture) as NSDictionary == expected as? NSDictionary)
  }

  @Test func roundTrips() throws {
    let drawn = (0..<50).map { DrawnModel(seed: $0, dropout: true).architecture }
    for architecture in [Self.architecture, Self.unusual, Self.later, Self.tied] + drawn {
      #expect(try JSONDecoder().decode(Architecture.self, from: JSONEncoder().encode(architecture)) == architecture)
    }
  }

  @Test func namesWhatALaterReaderNeeds() {
    #expect(Self.unusual.features == [])
    #expect(
      Self.later.features == [
        "backward-layers", "cell-clip", "connections", "coupled-gates", "feature-input", "given-initial-state",
        "layer-norm", "leaky-units", "learned-initial-state", "locked-dropout", "peepholes", "projection",
        "sequence-context", "sigmoid-output",
      ])
    #expect(Self.tied.features == ["tied-weights"])
  }

  @Test func writesLaterKeysOnlyWhereTheySaySomething() throws {
    let layers = try #require(try object(Self.unusual)["layers"] as? [[String: Any]])
    #expect(!layers.contains { $0.keys.contains { ["leak", "locked", "weights_of", "of"].contains($0) } })
    #expect(throws: DecodingError.self) {
      try decode(Self.json.replacingOccurrences(of: "\"rate\":0.2", with: "\"rate\":0.2,\"locked\":false"))
    }
  }

  @Test(arguments: [
    ("\"stream\"", "\"sentence\""), ("\"tokens\"", "\"bits\""), ("\"softmax\"", "\"hardmax\""),
    ("\"embedding\",\"name\"", "\"convolution\",\"name\""),
    ("\"input\",\"forget\",\"candidate\",\"output\"", "\"input\",\"forget\",\"output\",\"candidate\""),
    ("\"recurrent_activation\":\"sigmoid\"", "\"recurrent_activation\":\"swish\""),
    ("\"peepholes\":false", "\"peepholes\":1"), ("\"projection\":null", "\"projection\":64"),
    ("\"cell_clip\":null", "\"cell_clip\":\"3\""), ("\"coupled_gates\":false", "\"coupled_gates\":true"),
    ("\"direction\":\"forward\"", "\"direction\":\"both\""),
    ("\"initial_state\":\"zero\"", "\"initial_state\":\"random\""), ("\"size\":65", "\"size\":6.5"),
    ("\"bias\":true", "\"bias\":1"), ("\"inputs\":32", "\"inputs\":\"32\""), ("\"rate\":0.2", "\"rate\":null"),
  ])
  func refusesUnknownMeanings(known: String, unknown: String) throws {
    let json = Self.json.replacingOccurrences(of: known, with: unknown)
    try #require(json != Self.json)
    #expect(throws: DecodingError.self) { try decode(json) }
  }

  @Test func refusesAMissingKeyWhereverItIs() throws {
    for architecture in [Self.architecture, Self.unusual] {
      let complete = try object(architecture)
      let layers = try #require(complete["layers"] as? [[String: Any]])
      for key in complete.keys {
        try requireRefusal(of: complete.filter { $0.key != key }, "\(key)")
      }
      for (index, layer) in layers.enumerated() {
        for key in layer.keys {
          var changed = (whole: complete, layers: layers)
          changed.layers[index] = layer.filter { $0.key != key }
          changed.whole["layers"] = changed.layers
          try requireRefusal(of: changed.whole, "\(key) of layer \(index)")
        }
      }
    }
  }

  private func requireRefusal(of object: [String: Any], _ what: String) throws {
    let data = try JSONSerialization.data(withJSONObject: object)
    #expect(throws: DecodingError.self, "without \(what)") { try JSONDecoder().decode(Architecture.self, from: data) }
  }
}
