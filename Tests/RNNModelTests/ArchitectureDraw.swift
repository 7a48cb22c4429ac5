import Kernels
import RNNModel

/// Draws an architecture, layer by layer.
struct ArchitectureDraw {
  /// Which of ``Architecture/features`` there may be.
  let features: Set<String>
  let dropout: Bool
  var generator: RandomGenerator

  private var layers: [Architecture.Layer] = []
  /// The output widths of the layers so far.
  private var widths: [Int] = []
  private var context = Architecture.Context.stream

  init(features: Set<String>, dropout: Bool, generator: RandomGenerator) {
    (self.features, self.dropout, self.generator) = (features, dropout, generator)
  }

  private var width: Int { widths[widths.count - 1] }

  /// Chance decides, but only about what is allowed.
  private mutating func draws(_ feature: String, oneIn count: Int = 2) -> Bool {
    features.contains(feature) && Int.random(in: 0..<count, using: &generator) == 0
  }

  private mutating func coin() -> Bool { Bool.random(using: &generator) }

  private mutating func units() -> Int { Int.random(in: 1...3, using: &generator) }

  private mutating func activation() -> Activation { Activation.allCases.randomElement(using: &generator) ?? .tanh }

  /// One that has bounds: gates without them let a state grow beyond all numbers within a few steps.
  private mutating func gate() -> Activation {
    let bounded: [Activation] = [.sigmoid, .tanh, .hardSigmoid, .hardSigmoidSixth, .softsign, .hardTanh]
    return bounded.randomElement(using: &generator) ?? .sigmoid
  }

  private mutating func append(_ layer: Architecture.Layer, width: Int) {
    layers.append(layer)
    widths.append(width)
  }

  mutating func architecture() -> Architecture {
    let size = Int.random(in: 1...5, using: &generator)
    context = draws("sequence-context", oneIn: 4) ? .sequence : .stream
    let input: Architecture.Input = draws("feature-input", oneIn: 4) ? .features : .tokens
    let output: Architecture.Output = draws("sigmoid-output", oneIn: 4) ? .sigmoid : .softmax
    switch input {
    case .tokens:
      if draws("scalar-input", oneIn: 5) {
        append(.scalar(.init(name: "input", size: size, scale: generator.uniform(in: 0.1..<1))), width: 1)
      } else if coin() {
        append(.oneHot(.init(name: "input", size: size)), width: size)
      } else {
        let width = units()
        append(.embedding(.init(name: "input", inputs: size, outputs: width)), width: width)
      }
    case .features:
      let width = units()
      append(.linear(.init(name: "input", inputs: size, outputs: width, bias: coin())), width: width)
    }
    dropOut(after: 0)
    for index in 1..<(1 + Int.random(in: 0...3, using: &generator)) {
      if draws("connections", oneIn: 4) { reroute(before: index) }
      if draws("delay", oneIn: 4) {
        let delay = Architecture.Delay(
          name: "delay_\(index)", inputs: width, steps: Int.random(in: 2...4, using: &generator))
        append(.delay(delay), width: delay.outputs)
      }
      let width = units()
      append(layer(named: "layer_\(index)", inputs: self.width, outputs: width), width: width)
      if draws("connections", oneIn: 3) { connect(after: index) }
      if draws("activation-layers", oneIn: 3) {
        append(.activation(.init(name: "activation_\(index)", activation: activation())), width: self.width)
      }
      if draws("layer-norm", oneIn: 3) {
        let epsilon = generator.uniform(in: 0.01..<0.1)
        append(
          .layerNorm(.init(name: "norm_\(index)", width: self.width, epsilon: epsilon, bias: coin())),
          width: self.width)
      }
      dropOut(after: index)
    }
    var outputs = size
    let isLanguageModel = input == .tokens && output == .softmax && context == .stream
    if case .embedding(let embedding) = layers[0], draws("tied-weights") {
      if width != embedding.outputs {
        append(
          .linear(.init(name: "bridge", inputs: width, outputs: embedding.outputs, bias: coin())),
          width: embedding.outputs)
      }
      append(
        .linear(
          .init(name: "output", inputs: width, outputs: embedding.inputs, bias: coin(), weightsOf: embedding.name)),
        width: size)
    } else {
      if !isLanguageModel { outputs = units() }
      append(.linear(.init(name: "output", inputs: width, outputs: outputs, bias: coin())), width: outputs)
    }
    return Architecture(size: size, layers: layers, context: context, input: input, output: output)
  }

  private mutating func dropOut(after index: Int) {
    guard dropout, Int.random(in: 0..<3, using: &generator) == 0 else { return }
    let rate = [0, 0.25, 0.5][Int.random(in: 0..<3, using: &generator)]
    append(
      .dropout(.init(name: "dropout_\(index)", rate: rate, locked: draws("locked-dropout"))), width: width)
  }

  /// The next layer takes an earlier layer's output.
  private mutating func reroute(before index: Int) {
    let source = Int.random(in: 0..<layers.count, using: &generator)
    append(.sum(.init(name: "route_\(index)", of: [layers[source].name])), width: widths[source])
  }

  /// The last layer's output and some earlier ones, added or one after another.
  private mutating func connect(after index: Int) {
    let last = layers.count - 1
    let adds = coin()
    var of = [last]
    for source in 0..<last where coin() && (!adds || widths[source] == width) { of.append(source) }
    of.shuffle(using: &generator)
    let connection = Architecture.Connection(name: "connection_\(index)", of: of.map { layers[$0].name })
    if adds {
      append(.sum(connection), width: width)
    } else {
      append(.concatenation(connection), width: of.reduce(0) { $0 + widths[$1] })
    }
  }

  private mutating func direction() -> Architecture.Direction {
    context == .sequence && draws("backward-layers") ? .backward : .forward
  }

  private mutating func initialState() -> Architecture.InitialState {
    if draws("learned-initial-state", oneIn: 3) { return .learned }
    return draws("given-initial-state", oneIn: 3) ? .given : .zero
  }

  private mutating func layer(named name: String, inputs: Int, outputs: Int) -> Architecture.Layer {
    switch Int.random(in: 0..<4, using: &generator) {
    case 0:
      return .elman(
        .init(
          name: name, inputs: inputs, outputs: outputs, activation: activation(),
          leak: draws("leaky-units") ? generator.uniform(in: 0.1..<0.9) : 1, bias: coin(), recurrentBias: coin(),
          direction: direction(), initialState: initialState()))
    case 1:
      let coupledGates = draws("coupled-gates", oneIn: 3)
      return .lstm(
        .init(
          name: name, inputs: inputs, outputs: outputs, recurrentActivation: gate(), activation: activation(),
          cellActivation: activation(), forgetBias: coupledGates ? 0 : generator.uniform(in: -1..<1), bias: coin(),
          recurrentBias: coin(), peepholes: draws("peepholes"), coupledGates: coupledGates,
          cellClip: draws("cell-clip", oneIn: 3) ? generator.uniform(in: 0.05..<0.6) : nil,
          projection: draws("projection", oneIn: 3)
            ? .init(cells: units(), clip: coin() ? generator.uniform(in: 0.05..<0.3) : nil) : nil,
          direction: direction(), initialState: initialState()))
    case 2:
      return .gru(
        .init(
          name: name, inputs: inputs, outputs: outputs, recurrentActivation: gate(), activation: activation(),
          reset: coin() ? .before : .after, updateKeeps: coin() ? .previous : .candidate, bias: coin(),
          recurrentBias: coin(), direction: direction(), initialState: initialState()))
    default: return .linear(.init(name: name, inputs: inputs, outputs: outputs, bias: coin()))
    }
  }
}
