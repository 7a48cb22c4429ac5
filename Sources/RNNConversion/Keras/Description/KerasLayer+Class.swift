extension KerasLayer {
  /// All recurrent cells in it.
  var cells: [KerasCell] {
    switch kind {
    case .recurrent(let layer): layer.cells
    case .bidirectional(let forward, let backward, _): forward.cells + backward.cells
    default: []
    }
  }
}

extension KerasLayer.Kind {
  /// The class that such a layer usually is.
  var text: String {
    switch self {
    case .input: "InputLayer"
    case .embedding: "Embedding"
    case .recurrent(let layer): layer.cells.first?.kind.className ?? "RNN"
    case .bidirectional(let layer, _, _): "Bidirectional \(layer.cells.first?.kind.className ?? "RNN")"
    case .dense: "Dense"
    case .activation: "Activation"
    case .dropout: "Dropout"
    case .concatenation: "Concatenate"
    case .sum: "Add"
    case .layerNormalization: "LayerNormalization"
    case .attention: "AttentionWeightedAverage"
    case .identity: "Masking"
    case .shares: "Softmax"
    case .weightedSum: "Dot"
    case .flattened: "Flatten"
    }
  }
}

extension KerasCell.Kind {
  /// The class of a layer of such cells.
  var className: String {
    switch self {
    case .lstm: "LSTM"
    case .gru: "GRU"
    case .simple: "SimpleRNN"
    }
  }
}
