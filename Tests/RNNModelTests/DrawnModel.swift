import Kernels
import RNNModel

/// A small model drawn from a seed: any input, zero to three layers of any kind, any activation.
struct DrawnModel: Sendable {
  let architecture: Architecture
  let parameters: [Float]
  /// Goes on where drawing the model stopped.
  var generator: RandomGenerator

  init(seed: Int, dropout: Bool) {
    generator = RandomGenerator(seed: UInt64(seed))
    architecture = Architecture(drawing: &generator, dropout: dropout)
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
  init(drawing generator: inout RandomGenerator, dropout: Bool) {
    let size = Int.random(in: 1...5, using: &generator)
    var layers: [Layer] = []
    var width = size
    if Bool.random(using: &generator) {
      layers.append(.oneHot(OneHot(name: "input", size: size)))
    } else {
      width = Int.random(in: 1...3, using: &generator)
      layers.append(.embedding(Embedding(name: "input", inputs: size, outputs: width)))
    }
    func dropOut(after layer: Int) {
      if dropout, Int.random(in: 0..<3, using: &generator) == 0 {
        let rate = [0, 0.25, 0.5][Int.random(in: 0..<3, using: &generator)]
        layers.append(.dropout(Dropout(name: "dropout_\(layer)", rate: rate)))
      }
    }
    dropOut(after: 0)
    for index in 0..<Int.random(in: 0...3, using: &generator) {
      let outputs = Int.random(in: 1...3, using: &generator)
      let layer = Layer(drawing: "layer_\(index + 1)", inputs: width, outputs: outputs, using: &generator)
      layers.append(layer)
      width = outputs
      dropOut(after: index + 1)
    }
    layers.append(
      .linear(Linear(name: "output", inputs: width, outputs: size, bias: Bool.random(using: &generator))))
    self.init(size: size, layers: layers)
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
    var widths: [String: Int] = [:]
    var width = size
    for layer in layers {
      if case .dropout(let layer) = layer { widths[layer.name] = width }
      width = layer.outputs ?? width
    }
    return widths
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
}

extension Architecture.Layer {
  init(drawing name: String, inputs: Int, outputs: Int, using generator: inout RandomGenerator) {
    func activation() -> Activation { Activation.allCases.randomElement(using: &generator) ?? .tanh }
    let (bias, recurrentBias) = (Bool.random(using: &generator), Bool.random(using: &generator))
    switch Int.random(in: 0..<4, using: &generator) {
    case 0:
      self = .elman(
        .init(
          name: name, inputs: inputs, outputs: outputs, activation: activation(), bias: bias,
          recurrentBias: recurrentBias))
    case 1:
      self = .lstm(
        .init(
          name: name, inputs: inputs, outputs: outputs, recurrentActivation: activation(), activation: activation(),
          cellActivation: activation(), forgetBias: generator.uniform(in: -1..<1), bias: bias,
          recurrentBias: recurrentBias))
    case 2:
      self = .gru(
        .init(
          name: name, inputs: inputs, outputs: outputs, recurrentActivation: activation(), activation: activation(),
          reset: Bool.random(using: &generator) ? .before : .after,
          updateKeeps: Bool.random(using: &generator) ? .previous : .candidate, bias: bias,
          recurrentBias: recurrentBias))
    default: self = .linear(.init(name: name, inputs: inputs, outputs: outputs, bias: bias))
    }
  }
}
