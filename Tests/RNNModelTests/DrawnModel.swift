import Kernels
import RNNModel

/// A small model drawn from a seed: any input, zero to three layers of any kind, any activation, any option that is
/// allowed.
struct DrawnModel: Sendable {
  let architecture: Architecture
  let parameters: [Float]
  /// Goes on where drawing the model stopped.
  var generator: RandomGenerator

  /// - Parameters:
  ///   - seed: decides about everything.
  ///   - dropout: whether there may be dropout layers.
  ///   - features: which of ``Architecture/features`` the model may have.
  init(seed: Int, dropout: Bool, features: Set<String> = []) {
    generator = RandomGenerator(seed: UInt64(seed))
    architecture = Architecture(drawing: &generator, dropout: dropout, features: features)
    parameters = drawnParameters(of: architecture, using: &generator)
  }

  init(_ architecture: Architecture, seed: Int = 1) {
    self.architecture = architecture
    generator = RandomGenerator(seed: UInt64(seed))
    parameters = drawnParameters(of: architecture, using: &generator)
  }

  /// Token ids.
  mutating func tokens(_ count: Int) -> [Int32] {
    (0..<count).map { _ in Int32.random(in: 0..<Int32(architecture.size), using: &generator) }
  }

  /// Token ids, of which about one in five is to be ignored.
  mutating func targets(_ count: Int) -> [Int32] {
    tokens(count).map { Int.random(in: 0..<5, using: &generator) == 0 ? -1 : $0 }
  }
}

/// Numbers for every tensor, biases included, so that a forgotten one is seen.
func drawnParameters(of architecture: Architecture, using generator: inout RandomGenerator) -> [Float] {
  (0..<ParameterTable(architecture).count).map { _ in Float(generator.uniform(in: -0.8..<0.8)) }
}

extension Architecture {
  /// All that ``features`` can name of networks that can be trained.
  static let allFeatures: Set<String> = [
    "activation-layers", "backward-layers", "cell-clip", "connections", "coupled-gates", "delay", "feature-input",
    "given-initial-state",
    "layer-norm", "leaky-units", "learned-initial-state", "locked-dropout", "peepholes", "projection",
    "scalar-input", "sequence-context", "sigmoid-output", "tied-weights",
  ]

  init(drawing generator: inout RandomGenerator, dropout: Bool, features: Set<String> = []) {
    var draw = ArchitectureDraw(features: features, dropout: dropout, generator: generator)
    self = draw.architecture()
    generator = draw.generator
  }

  /// A layer between one-hot tokens and a linear output.
  init(size: Int = 3, around layer: Layer) {
    let width = layer.outputs ?? size
    self.init(
      size: size,
      layers: [
        .oneHot(OneHot(name: "input", size: size)), layer,
        .linear(Linear(name: "output", inputs: width, outputs: size)),
      ])
  }

  /// The width of what each dropout layer passes on.
  var dropoutWidths: [String: Int] {
    var dropoutWidths: [String: Int] = [:]
    for (layer, width) in zip(layers, widths) {
      if case .dropout(let layer) = layer { dropoutWidths[layer.name] = width }
    }
    return dropoutWidths
  }

  /// One architecture for each kind of cell, each activation in each place of it, each variant.
  static var everyCell: [Architecture] {
    let sizes = (name: "cell", inputs: 3, outputs: 2)
    var layers: [Layer] = []
    for activation in Activation.allCases {
      layers.append(
        .elman(
          Elman(
            name: sizes.name, inputs: sizes.inputs, outputs: sizes.outputs, activation: activation, recurrentBias: true)
        ))
      for place in 0..<3 {
        layers.append(
          .lstm(
            LSTM(
              name: sizes.name, inputs: sizes.inputs, outputs: sizes.outputs,
              recurrentActivation: place == 0 ? activation : .sigmoid, activation: place == 1 ? activation : .tanh,
              cellActivation: place == 2 ? activation : .tanh, forgetBias: 0.5, recurrentBias: true)))
      }
      for reset in GRU.Reset.allCases {
        for update in GRU.Update.allCases {
          for place in 0..<2 {
            layers.append(
              .gru(
                GRU(
                  name: sizes.name, inputs: sizes.inputs, outputs: sizes.outputs,
                  recurrentActivation: place == 0 ? activation : .sigmoid,
                  activation: place == 1 ? activation : .tanh, reset: reset, updateKeeps: update)))
          }
        }
      }
    }
    return layers.map { Architecture(around: $0) }
  }

  /// One architecture for each option, and for each combination of an LSTM's.
  static var everyOption: [Architecture] {
    let (name, inputs, outputs) = ("cell", 3, 2)
    var layers: [Layer] = []
    for peepholes in [false, true] {
      for coupledGates in [false, true] {
        for cellClip in [nil, 0.2] {
          for projection in [nil, LSTM.Projection(cells: 3), LSTM.Projection(cells: 1, clip: 0.1)] {
            layers.append(
              .lstm(
                .init(
                  name: name, inputs: inputs, outputs: outputs, peepholes: peepholes, coupledGates: coupledGates,
                  cellClip: cellClip, projection: projection)))
          }
        }
      }
    }
    layers.append(.elman(.init(name: name, inputs: inputs, outputs: outputs, leak: 0.3)))
    layers.append(.layerNorm(.init(name: name, width: inputs, epsilon: 0.1)))
    for steps in [2, 3, 9] { layers.append(.delay(.init(name: name, inputs: inputs, steps: steps))) }
    layers.append(.layerNorm(.init(name: name, width: inputs, epsilon: 0.1, bias: false)))
    for initialState in [InitialState.given, .learned] {
      for direction in Direction.allCases {
        layers.append(
          .elman(
            .init(name: name, inputs: inputs, outputs: outputs, direction: direction, initialState: initialState)))
        layers.append(
          .gru(.init(name: name, inputs: inputs, outputs: outputs, direction: direction, initialState: initialState)))
        layers.append(
          .lstm(
            .init(
              name: name, inputs: inputs, outputs: outputs, projection: .init(cells: 3), direction: direction,
              initialState: initialState)))
      }
    }
    var architectures = layers.map { layer in
      var architecture = Architecture(around: layer)
      if layer.direction == .backward { architecture.context = .sequence }
      return architecture
    }
    var bits = Architecture(around: .gru(.init(name: name, inputs: inputs, outputs: outputs)))
    bits.output = .sigmoid
    architectures.append(bits)
    architectures.append(
      Architecture(
        size: 3, layers: [.elman(.init(name: name, inputs: 3, outputs: 2)), output(of: 2)], input: .features))
    architectures.append(
      Architecture(
        size: 3,
        layers: [
          .embedding(.init(name: "input", inputs: 3, outputs: 2)),
          .dropout(.init(name: "dropout", rate: 0.5, locked: true)), .lstm(.init(name: name, inputs: 2, outputs: 2)),
          .sum(.init(name: "residual", of: ["dropout", name])),
          .linear(.init(name: "output", inputs: 2, outputs: 3, weightsOf: "input")),
        ]))
    architectures.append(
      Architecture(
        size: 3,
        layers: [
          .oneHot(.init(name: "input", size: 3)), .gru(.init(name: "there", inputs: 3, outputs: 2)),
          .sum(.init(name: "again", of: ["input"])),
          .lstm(.init(name: "back", inputs: 3, outputs: 1, direction: .backward)),
          .concatenation(.init(name: "both", of: ["there", "back"])), output(of: 3),
        ], context: .sequence))
    return architectures
  }

  private static func output(of inputs: Int) -> Layer {
    .linear(.init(name: "output", inputs: inputs, outputs: 3))
  }
}
