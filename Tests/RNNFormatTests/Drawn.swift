import Kernels
import RNNFormat
import RNNModel

/// Models drawn at random, the same for the same seed.
enum Drawn {
  /// Any kind of layer and any option, one to three recurrent layers.
  static func architecture(_ seed: Int) -> Architecture {
    var chance = Chance(seed)
    func activation() -> Activation { Activation.allCases.randomElement(using: &chance) ?? .tanh }
    let size = chance.count(2...9)
    var width = size
    var layers: [Architecture.Layer] = [.oneHot(.init(name: "one_hot", size: size))]
    if chance.flag() {
      width = chance.count(1...5)
      layers = [.embedding(.init(name: "embedding", inputs: size, outputs: width))]
    }
    for index in 1...chance.count(1...3) {
      if chance.flag() { layers.append(.dropout(.init(name: "dropout_\(index)", rate: 0.25))) }
      let outputs = chance.count(1...6)
      let (bias, recurrentBias) = (chance.flag(), chance.flag())
      switch chance.count(0...2) {
      case 0:
        layers.append(
          .elman(
            .init(
              name: "elman_\(index)", inputs: width, outputs: outputs, activation: activation(), bias: bias,
              recurrentBias: recurrentBias)))
      case 1:
        layers.append(
          .lstm(
            .init(
              name: "lstm_\(index)", inputs: width, outputs: outputs, recurrentActivation: activation(),
              activation: activation(), cellActivation: activation(), forgetBias: chance.flag() ? 0 : 0.5, bias: bias,
              recurrentBias: recurrentBias)))
      default:
        layers.append(
          .gru(
            .init(
              name: "gru_\(index)", inputs: width, outputs: outputs, recurrentActivation: activation(),
              activation: activation(), reset: chance.flag() ? .after : .before,
              updateKeeps: chance.flag() ? .previous : .candidate, bias: bias, recurrentBias: recurrentBias)))
      }
      width = outputs
    }
    layers.append(.linear(.init(name: "output", inputs: width, outputs: size, bias: chance.flag())))
    return Architecture(size: size, layers: layers)
  }

  /// Values in ±0.5 for every parameter.
  static func parameters(of architecture: Architecture, _ seed: Int) -> Parameters {
    var chance = Chance(seed &+ 1)
    let table = ParameterTable(architecture)
    let values = (0..<table.count).map { _ in Float.random(in: -0.5...0.5, using: &chance) }
    return Parameters(table: table, values: values)
  }

  /// A document with everything that one can hold.
  static func document(of architecture: Architecture, _ parameters: Parameters) throws -> ModelDocument {
    ModelDocument(
      architecture: architecture,
      vocabulary: try Vocabulary(
        kind: .words, normalisation: .none, tokens: (0..<architecture.size).map { Array("word\($0)".utf8) + [0xFF] },
        counts: (0..<architecture.size).map { UInt64($0) }),
      metadata: ["title": "Räksmörgås 😀", "hyper_parameters": ["rate": 0.1, "big": 1e300]],
      lineage: [["event": "trained", "by": "a test"]],
      history: History(columns: ["step": .integers([1, 2, 3]), "valid_loss": .reals([3.5, 0.1, 1e-300])]),
      proof: Proof(architecture: architecture, values: parameters.values.map { Double($0) }))
  }
}
