import RNNModel

extension Architecture.Layer {
  /// What the layer does beyond its kind and sizes, in a few words.
  var semantics: String { parts.compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ", ") }

  private var parts: [String?] {
    switch self {
    case .oneHot, .embedding, .attention: []
    case .scalar(let layer): ["scale \(Format.short(layer.scale))"]
    case .dropout(let layer): ["rate \(Format.short(layer.rate))", layer.locked ? "locked" : nil]
    case .layerNorm(let layer): ["epsilon \(Format.short(layer.epsilon))", layer.bias ? nil : "no bias"]
    case .delay(let layer): ["\(layer.steps) steps side by side"]
    case .sum(let layer), .concatenation(let layer): ["of \(layer.of.joined(separator: ", "))"]
    case .final(let layer): ["of \(layer.of)"]
    case .activation(let layer): [layer.activation.rawValue]
    case .ngram(let layer):
      [
        "\(layer.counts.map(Format.count).joined(separator: " + ")) n-grams",
        layer.sentenceEnd == nil ? nil : "of sentences",
        layer.skipFactor.map { "factor \(Format.short($0)) for each order skipped" },
      ]
    case .linear(let layer): [layer.weightsOf.map { "weights of \($0)" }, layer.bias ? nil : "no bias"]
    case .elman(let layer):
      [layer.activation.rawValue, layer.leak == 1 ? nil : "leak \(Format.short(layer.leak))"] + order
    case .lstm(let layer):
      [
        "activations \(layer.recurrentActivation.rawValue), \(layer.activation.rawValue), \(layer.cellActivation.rawValue)",
        layer.forgetBias == 0 ? nil : "forget bias \(Format.short(layer.forgetBias))",
        layer.peepholes ? "peepholes" : nil, layer.coupledGates ? "coupled gates" : nil,
        layer.cellClip.map { "cells clipped at \(Format.short($0))" },
        layer.projection.map { projection in
          "projection of \(Format.count(projection.cells)) cells"
            + (projection.clip.map { " clipped at \(Format.short($0))" } ?? "")
        },
      ] + order
    case .gru(let layer):
      [
        "activations \(layer.recurrentActivation.rawValue), \(layer.activation.rawValue)",
        "reset \(layer.reset.rawValue)", "update keeps \(layer.updateKeeps.rawValue)",
      ] + order
    }
  }

  private var order: [String?] {
    [
      direction == .backward ? "backward" : nil,
      initialState == .zero ? nil : initialState.map { "\($0.rawValue) initial state" },
    ]
  }
}
