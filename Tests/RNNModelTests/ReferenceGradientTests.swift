import Kernels
import RNNModel
import Testing

/// The reference's backward pass against central differences of its forward pass, all in Double.
@Suite struct ReferenceGradientTests {
  @Test(arguments: 0..<150) func equalsCentralDifferencesOnDrawnModels(seed: Int) throws {
    var model = DrawnModel(seed: seed, dropout: true)
    try model.architecture.check()
    try requireGradient(of: &model, steps: 1 + seed % 6)
  }

  @Test(arguments: Activation.allCases) func equalsCentralDifferencesForEveryCell(activation: Activation) throws {
    for architecture in Architecture.everyCell where architecture.uses(activation) {
      var model = DrawnModel(architecture, seed: 7)
      try requireGradient(of: &model, steps: 3)
    }
  }

  private func requireGradient(of model: inout DrawnModel, steps: Int) throws {
    let architecture = model.architecture
    let masks = model.masks(steps: steps)
    var values = model.parameters.map { Double($0) }
    let (inputs, targets) = (model.tokens(steps), model.tokens(steps))
    let prefix = model.tokens(2)
    // A state that is not zero: where a text has got to after two symbols.
    func reference() -> Reference<Double> { Reference(architecture, values: values, dropoutMasks: masks) }
    var state = reference().initialState
    _ = Reference(architecture, values: values).logits(prefix, state: &state)
    let start = state
    func loss() -> Double {
      var state = start
      let logits = reference().logits(inputs, state: &state)
      return zip(logits, targets).reduce(0) { $0 - logSoftmax($1.0)[Int($1.1)] }
    }
    let gradient = reference().gradient(inputs: inputs, targets: targets, state: start)
    #expect(abs(gradient.loss - loss()) < 1e-12 * max(1, abs(gradient.loss)))
    for index in values.indices {
      let (value, step) = (values[index], 1e-5)
      values[index] = value + step
      let above = loss()
      values[index] = value - step
      let below = loss()
      values[index] = value
      let difference = (above - below) / (2 * step)
      let error = abs(difference - gradient.values[index])
      #expect(error < 1e-6 * max(0.01, abs(difference)), "\(architecture) parameter \(index)")
    }
    var state2 = start
    _ = reference().logits(inputs, state: &state2)
    #expect(gradient.state == state2)
  }
}

extension Architecture {
  /// Whether the cell computes with an activation.
  fileprivate func uses(_ activation: Activation) -> Bool {
    layers.contains { layer in
      switch layer {
      case .elman(let layer): layer.activation == activation
      case .lstm(let layer):
        [layer.recurrentActivation, layer.activation, layer.cellActivation].contains(activation)
          && (activation != .tanh && activation != .sigmoid || layer.activation == layer.cellActivation)
      case .gru(let layer): [layer.recurrentActivation, layer.activation].contains(activation)
      case .oneHot, .embedding, .dropout, .layerNorm, .sum, .concatenation, .linear: false
      }
    }
  }
}

extension DrawnModel {
  /// Factors for all dropout layers, except for one of several, which does nothing.
  fileprivate mutating func masks(steps: Int) -> [String: [[Double]]] {
    var masks: [String: [[Double]]] = [:]
    let widths = architecture.dropoutWidths.sorted { $0.key < $1.key }
    for (name, width) in widths.dropFirst(widths.count > 1 ? 1 : 0) {
      masks[name] = (0..<steps).map { _ in (0..<width).map { _ in generator.uniform(in: 0..<2) } }
    }
    return masks
  }
}
