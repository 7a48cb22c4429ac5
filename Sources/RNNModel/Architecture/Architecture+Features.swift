extension Architecture {
  /// The names of what this architecture uses beyond format 1.0, sorted: `docs/FORMAT.md`, section 3.
  ///
  /// A reader that does not know one of them cannot compute the model.
  public var features: [String] {
    var features: Set<String> = []
    switch context {
    case .stream: break
    case .sequence: features.insert("sequence-context")
    case .window: features.insert("window-context")
    }
    if input == .features { features.insert("feature-input") }
    switch output {
    case .softmax: break
    case .sigmoid: features.insert("sigmoid-output")
    case .values: features.insert("values-output")
    // Of an n-gram model, whose layer says so.
    case .logProbabilities: break
    }
    for layer in layers {
      if layer.direction == .backward { features.insert("backward-layers") }
      switch layer.initialState {
      case .given: features.insert("given-initial-state")
      case .learned: features.insert("learned-initial-state")
      case .zero, nil: break
      }
      features.formUnion(layer.ownFeatures)
    }
    return features.sorted()
  }
}

extension Architecture.Layer {
  fileprivate var ownFeatures: [String] {
    switch self {
    case .oneHot, .embedding, .gru: []
    case .scalar: ["scalar-input"]
    case .elman(let layer): layer.leak == 1 ? [] : ["leaky-units"]
    case .lstm(let layer):
      [
        layer.peepholes ? "peepholes" : nil, layer.coupledGates ? "coupled-gates" : nil,
        layer.cellClip == nil ? nil : "cell-clip", layer.projection == nil ? nil : "projection",
      ].compactMap(\.self)
    case .dropout(let layer): layer.locked ? ["locked-dropout"] : []
    case .layerNorm: ["layer-norm"]
    case .delay: ["delay"]
    case .sum, .concatenation: ["connections"]
    case .final, .attention: ["pooling"]
    case .linear(let layer): layer.weightsOf == nil ? [] : ["tied-weights"]
    case .activation: ["activation-layers"]
    case .ngram: ["ngram"]
    }
  }
}
