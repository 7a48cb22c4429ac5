extension Architecture {
  /// One layer of a network.
  public enum Layer: Hashable, Sendable {
    /// A token as a vector with a single 1.
    case oneHot(OneHot)
    /// A token as a row of a trained matrix.
    case embedding(Embedding)
    /// A token as a number.
    case scalar(Scalar)
    /// A simple recurrent layer.
    case elman(Elman)
    /// A layer of long short-term memory cells.
    case lstm(LSTM)
    /// A layer of gated recurrent units.
    case gru(GRU)
    /// Random zeroing during training.
    case dropout(Dropout)
    /// Normalisation over the units of a step.
    case layerNorm(LayerNorm)
    /// The inputs of the last steps side by side.
    case delay(Delay)
    /// The sum of the outputs of earlier layers: residual connections.
    case sum(Connection)
    /// The outputs of earlier layers side by side.
    case concatenation(Connection)
    /// What a layer gives at the step that it reads last.
    case final(Final)
    /// The mean over all steps, weighted by attention.
    case attention(Attention)
    /// An affine map.
    case linear(Linear)
    /// A function of each unit.
    case activation(Activated)
    /// A table of n-grams, which is a model by itself.
    case ngram(NGram)
  }
}

extension Architecture.Layer {
  /// The layer's name.
  public var name: String {
    switch self {
    case .oneHot(let layer): layer.name
    case .embedding(let layer): layer.name
    case .scalar(let layer): layer.name
    case .elman(let layer): layer.name
    case .lstm(let layer): layer.name
    case .gru(let layer): layer.name
    case .dropout(let layer): layer.name
    case .layerNorm(let layer): layer.name
    case .delay(let layer): layer.name
    case .sum(let layer), .concatenation(let layer): layer.name
    case .final(let layer): layer.name
    case .attention(let layer): layer.name
    case .linear(let layer): layer.name
    case .activation(let layer): layer.name
    case .ngram(let layer): layer.name
    }
  }

  /// The `kind` of the layer's JSON.
  public var kind: String {
    switch self {
    case .oneHot: "one_hot"
    case .embedding: "embedding"
    case .scalar: "scalar"
    case .elman: "elman"
    case .lstm: "lstm"
    case .gru: "gru"
    case .dropout: "dropout"
    case .layerNorm: "layer_norm"
    case .delay: "delay"
    case .sum: "sum"
    case .concatenation: "concatenation"
    case .final: "final"
    case .attention: "attention"
    case .linear: "linear"
    case .activation: "activation"
    case .ngram: "ngram"
    }
  }

  /// The width of the layer's input (a number of tokens for the layers that take them); nil where any width passes through.
  public var inputs: Int? {
    switch self {
    case .oneHot(let layer): layer.size
    case .embedding(let layer): layer.inputs
    case .scalar(let layer): layer.size
    case .elman(let layer): layer.inputs
    case .lstm(let layer): layer.inputs
    case .gru(let layer): layer.inputs
    case .layerNorm(let layer): layer.width
    case .delay(let layer): layer.inputs
    case .attention(let layer): layer.width
    case .dropout, .sum, .concatenation, .final, .activation: nil
    case .linear(let layer): layer.inputs
    case .ngram(let layer): layer.size
    }
  }

  /// The width of the layer's output; nil where it follows from what comes in.
  public var outputs: Int? {
    switch self {
    case .oneHot(let layer): layer.size
    case .embedding(let layer): layer.outputs
    case .scalar: 1
    case .elman(let layer): layer.outputs
    case .lstm(let layer): layer.outputs
    case .gru(let layer): layer.outputs
    case .layerNorm(let layer): layer.width
    case .delay(let layer): layer.outputs
    case .attention(let layer): layer.width
    case .dropout, .sum, .concatenation, .final, .activation: nil
    case .linear(let layer): layer.outputs
    case .ngram(let layer): layer.size
    }
  }

  /// Whether the layer takes tokens.
  public var takesTokens: Bool {
    switch self {
    case .oneHot, .embedding, .scalar, .ngram: true
    case .elman, .lstm, .gru, .dropout, .layerNorm, .delay, .sum, .concatenation, .final, .attention, .linear,
      .activation:
      false
    }
  }

  /// The names of the layers whose outputs this one takes; nil for the layer before it.
  public var sources: [String]? {
    switch self {
    case .sum(let layer), .concatenation(let layer): layer.of
    case .final(let layer): [layer.of]
    default: nil
    }
  }

  /// Whether the layer makes one vector of all steps.
  public var pools: Bool {
    switch self {
    case .final, .attention: true
    default: false
    }
  }

  /// Whether what the layer gives at a step depends on the steps before it, so that it hands a state from each to the next.
  public var carriesState: Bool {
    if case .delay = self { return true }
    return direction != nil
  }

  /// In which order a recurrent layer reads; nil for the others.
  public var direction: Architecture.Direction? {
    switch self {
    case .elman(let layer): layer.direction
    case .lstm(let layer): layer.direction
    case .gru(let layer): layer.direction
    default: nil
    }
  }

  /// The state from which a recurrent layer starts; nil for the others.
  public var initialState: Architecture.InitialState? {
    switch self {
    case .elman(let layer): layer.initialState
    case .lstm(let layer): layer.initialState
    case .gru(let layer): layer.initialState
    default: nil
    }
  }
}

extension Architecture {
  /// The order in which a recurrent layer reads a sequence.
  public enum Direction: String, Hashable, Sendable, Codable, CaseIterable {
    /// From the first step to the last.
    case forward
    /// From the last step to the first.
    case backward
  }

  /// What a recurrent layer's h(0), and c(0), are.
  public enum InitialState: String, Hashable, Sendable, Codable, CaseIterable {
    /// Zero.
    case zero
    /// What the caller hands in; zero if nothing.
    case given
    /// Parameters of the layer, the same for every stream.
    case learned
  }
}
