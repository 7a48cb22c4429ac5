import Kernels
import RNNFormat
import RNNModel

/// Models drawn at random, the same for the same seed.
enum Drawn {
  /// Any kind of layer and any option, one to three recurrent layers.
  ///
  /// - Parameter options: whether there may be what came after version 1.0 of the format.
  static func architecture(_ seed: Int, options: Bool = true) -> Architecture {
    var draw = ArchitectureDraw(chance: Chance(seed), options: options)
    return draw.architecture()
  }

  /// Values in ±0.2 for every parameter: also with activations without bounds, no number grows beyond all of them.
  static func parameters(of architecture: Architecture, _ seed: Int) -> Parameters {
    var chance = Chance(seed &+ 1)
    let table = ParameterTable(architecture)
    let values = (0..<table.count).map { _ in Float.random(in: -0.2...0.2, using: &chance) }
    return Parameters(table: table, values: values)
  }

  /// A document with everything that one can hold.
  static func document(of architecture: Architecture, _ parameters: Parameters) throws -> ModelDocument {
    let vocabulary = try Vocabulary(
      kind: .words, normalisation: .none, tokens: (0..<architecture.size).map { Array("word\($0)".utf8) + [0xFF] },
      counts: (0..<architecture.size).map { UInt64($0) })
    let labels =
      architecture.isLanguageModel
      ? nil : try Labels((0..<architecture.outputSize).map { Array("label \($0) å".utf8) + [0xFF, UInt8($0 % 256)] })
    return ModelDocument(
      architecture: architecture, vocabulary: architecture.input == .tokens ? vocabulary : nil, labels: labels,
      metadata: ["title": "Räksmörgås 😀", "hyper_parameters": ["rate": 0.1, "big": 1e300]],
      lineage: [["event": "trained", "by": "a test"]],
      history: History(columns: ["step": .integers([1, 2, 3]), "valid_loss": .reals([3.5, 0.1, 1e-300])]),
      proof: Proof(architecture: architecture, values: parameters.values.map { Double($0) }))
  }

  /// The state of a training, with every bit pattern that a number can have.
  static func trainingState(_ seed: Int) -> TrainingStateDocument {
    var chance = Chance(seed)
    func floats(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float(bitPattern: UInt32.random(in: 0 ... .max, using: &chance)) }
    }
    return TrainingStateDocument(
      arrays: [
        "parameters": floats(9), "slots/momentum": floats(9), "slots/square_average": floats(0),
        "carried_state/lstm_1/hidden": floats(6) + [.nan, -.infinity, -0.0, .leastNonzeroMagnitude],
        "carried_state/lstm_1/cell": floats(3), "last_good/slots/a/b": floats(2),
      ],
      words: ["random_state/dropout": [0, 1, .max, UInt64.random(in: 0 ... .max, using: &chance)]],
      progress: ["step": 7, "plan": ["rate": 0.002, "name": "räka"], "best": .null])
  }
}

/// Draws one architecture.
private struct ArchitectureDraw {
  var chance: Chance
  let options: Bool
  private var layers: [Architecture.Layer] = []
  private var size = 0
  private var width = 0

  init(chance: Chance, options: Bool) {
    self.chance = chance
    self.options = options
  }

  private mutating func option() -> Bool { options && chance.count(0...2) == 0 }
  private mutating func activation() -> Activation { Activation.allCases.randomElement(using: &chance) ?? .tanh }

  mutating func architecture() -> Architecture {
    size = chance.count(2...9)
    let input: Architecture.Input = option() ? .features : .tokens
    var context: Architecture.Context = option() ? .sequence : .stream
    if option() {
      context = .window(length: chance.count(1...6), padding: input == .tokens && chance.flag() ? size - 1 : nil)
    }
    let output: Architecture.Output = option() ? (chance.flag() ? .values : .sigmoid) : .softmax
    width = size
    if input == .tokens {
      layers = [.oneHot(.init(name: "one_hot", size: size))]
      if option() {
        width = 1
        layers = [.scalar(.init(name: "scalar", size: size, scale: 1 / Double(size)))]
      }
      if chance.flag() {
        width = chance.count(1...5)
        layers = [.embedding(.init(name: "embedding", inputs: size, outputs: width))]
      }
    }
    for index in 1...chance.count(1...3) {
      if chance.flag() { layers.append(.dropout(.init(name: "dropout_\(index)", rate: 0.25, locked: option()))) }
      if option() {
        let delay = Architecture.Delay(name: "delay_\(index)", inputs: width, steps: chance.count(2...4))
        layers.append(.delay(delay))
        width = delay.outputs
      }
      let isBackward = context != .stream && option()
      appendRecurrent(index, isBackward ? .backward : .forward)
      if option() {
        layers.append(.layerNorm(.init(name: "norm_\(index)", width: width, epsilon: 1e-3, bias: chance.flag())))
      }
      if option() { appendConnection(index) }
      if option() {
        layers.append(.activation(.init(name: "activation_\(index)", activation: activation())))
      }
    }
    let isFree = input != .tokens || context == .sequence || output != .softmax
    var outputs = isFree ? chance.count(1...9) : size
    var tied: String?
    if option(), case .embedding(let embedding) = layers[0] {
      // One more layer, of the width that tied weights need.
      layers.append(.lstm(.init(name: "lstm_tied", inputs: width, outputs: embedding.outputs)))
      (width, outputs, tied) = (embedding.outputs, size, embedding.name)
    }
    if context != .stream, option() {
      layers.append(
        chance.flag()
          ? .attention(.init(name: "pool", width: width))
          : .final(.init(name: "pool", of: layers.last?.name ?? "")))
    }
    layers.append(
      .linear(.init(name: "output", inputs: width, outputs: outputs, bias: chance.flag(), weightsOf: tied)))
    return Architecture(size: size, layers: layers, context: context, input: input, output: output)
  }

  private mutating func appendRecurrent(_ index: Int, _ direction: Architecture.Direction) {
    let (inputs, outputs) = (width, chance.count(1...6))
    let (bias, recurrentBias) = (chance.flag(), chance.flag())
    let start: Architecture.InitialState = option() ? (chance.flag() ? .given : .learned) : .zero
    switch chance.count(0...2) {
    case 0:
      layers.append(
        .elman(
          .init(
            name: "elman_\(index)", inputs: inputs, outputs: outputs, activation: activation(),
            leak: option() ? 0.25 : 1, bias: bias, recurrentBias: recurrentBias, direction: direction,
            initialState: start)))
    case 1:
      let coupled = option()
      let clip = option() ? 0.5 : nil
      layers.append(
        .lstm(
          .init(
            name: "lstm_\(index)", inputs: inputs, outputs: outputs, recurrentActivation: activation(),
            activation: activation(), cellActivation: activation(), forgetBias: coupled || chance.flag() ? 0 : 0.5,
            bias: bias, recurrentBias: recurrentBias, peepholes: option(), coupledGates: coupled,
            cellClip: option() ? 0.75 : nil,
            projection: option() ? .init(cells: chance.count(1...7), clip: clip) : nil, direction: direction,
            initialState: start)))
    default:
      layers.append(
        .gru(
          .init(
            name: "gru_\(index)", inputs: inputs, outputs: outputs, recurrentActivation: activation(),
            activation: activation(), reset: chance.flag() ? .after : .before,
            updateKeeps: chance.flag() ? .previous : .candidate, bias: bias, recurrentBias: recurrentBias,
            direction: direction, initialState: start)))
    }
    width = outputs
  }

  /// A concatenation of everything so far, or a sum of all that is as wide as the last layer.
  private mutating func appendConnection(_ index: Int) {
    let architecture = Architecture(size: size, layers: layers)
    let named = zip(layers.map(\.name), architecture.widths)
    if chance.flag() {
      let equals = named.filter { $0.1 == width }.map(\.0)
      layers.append(.sum(.init(name: "sum_\(index)", of: equals)))
    } else {
      let all = Array(named.suffix(3))
      layers.append(.concatenation(.init(name: "both_\(index)", of: all.map(\.0))))
      width = all.reduce(0) { $0 + $1.1 }
    }
  }
}
