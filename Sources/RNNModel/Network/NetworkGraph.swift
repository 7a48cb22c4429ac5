import Kernels

/// The layers of a running network in the order of computation, each with what it takes.
struct NetworkGraph {
  /// What a layer takes.
  enum Source {
    case tokens
    case layer(NetworkLayer)
    /// The outputs of layers that it holds itself.
    case own
  }

  /// A layer below the output.
  struct Node {
    let name: String
    let layer: NetworkLayer
    let source: Source
    /// Whether the layer comes after one that has made one row of all steps.
    let isPooled: Bool

    /// What the layer computes of a window.
    func window(_ window: Window) -> Window { isPooled ? window.pooled : window }
    /// What the layer gives of a window.
    func outputWindow(_ window: Window) -> Window { isPooled || layer is PoolingLayer ? window.pooled : window }
  }

  private(set) var nodes: [Node] = []
  private(set) var output: NetworkOutput
  /// What the output takes.
  private(set) var top: Source
  /// Whether the output has one row for all steps of a window.
  private(set) var isPooled = false
  /// Holds the vectors that come in, if it is not tokens that do.
  let features: FeatureLayer?

  /// Plans the layers of an architecture and their memory.
  ///
  /// - Throws: ``ArchitectureError/wrongOutput(layer:expected:found:)`` if the last layer is not one of the output's kind;
  ///   ``ArchitectureError/notTrainable(reason:)``.
  init(
    _ architecture: Architecture, _ table: ParameterTable, capacity: Window, trains: Bool
  ) throws(ArchitectureError) {
    if trains, let reason = architecture.reasonNotToTrain { throw .notTrainable(reason: reason) }
    var below = architecture.layers[...]
    var last: Architecture.Linear?
    if architecture.output != .values {
      guard case .linear(let linear)? = below.popLast() else {
        throw .wrongOutput(layer: architecture.layers.last?.name ?? "", expected: nil, found: nil)
      }
      last = linear
    }
    // Dropout does nothing when the network is only read: its name then means the layer before it.
    var aliases: [String: String] = [:]
    var layers: [Architecture.Layer] = []
    for layer in below {
      if case .dropout(let dropout) = layer, !trains || dropout.rate == 0, let before = layers.last {
        aliases[dropout.name] = before.name
      } else {
        layers.append(layer)
      }
    }
    func resolved(_ name: String) -> String { aliases[name] ?? name }
    let connected = Set(layers.flatMap { ($0.sources ?? []).map(resolved) })

    features =
      architecture.input == .features ? FeatureLayer(width: architecture.size, capacity: capacity, trains: trains) : nil
    var source = features.map { Source.layer($0) } ?? .tokens
    var pooled: Set<String> = []
    var byName: [String: NetworkLayer] = [:]
    for (index, layer) in layers.enumerated() {
      // A one-hot layer is not computed where the one after it can take the tokens themselves.
      let next =
        index + 1 < layers.count ? layers[index + 1] : architecture.windowLength == nil ? last.map { .linear($0) } : nil
      if case .oneHot = layer, !connected.contains(layer.name), next?.takesTokensInPlaceOfOneHot ?? false { continue }
      let takesPooled = layer.sources.map { $0.map(resolved).contains { pooled.contains($0) } } ?? isPooled
      let sources = (layer.sources ?? []).compactMap { byName[resolved($0)] }
      let made: NetworkLayer
      if case .final(let final) = layer, let taken = sources.first {
        // The layer that is named decides, not one that it stands for.
        let named = architecture.layers.first { $0.name == final.of }
        made = FinalLayer(
          of: taken, takesFirst: named?.direction == .backward, capacity: capacity, trains: trains)
      } else {
        made = Self.make(
          layer, table, source, sources, capacity: takesPooled ? capacity.pooled : capacity, trains: trains)
      }
      nodes.append(
        Node(name: layer.name, layer: made, source: layer.sources == nil ? source : .own, isPooled: takesPooled))
      byName[layer.name] = made
      source = .layer(made)
      isPooled = takesPooled || layer.pools
      if isPooled { pooled.insert(layer.name) }
    }
    // A window has one prediction, at its last step.
    if architecture.windowLength != nil, !isPooled, case .layer(let layer) = source {
      let final = FinalLayer(of: layer, takesFirst: false, capacity: capacity, trains: trains)
      nodes.append(Node(name: "", layer: final, source: .own, isPooled: false))
      source = .layer(final)
      isPooled = true
    }
    top = source
    let rows = isPooled ? capacity.pooled : capacity
    let takesTokens = source.isTokens
    switch (architecture.output, last) {
    case (.softmax, let last?):
      output = .softmax(SoftmaxOutput(last, table, takesTokens: takesTokens, capacity: rows, trains: trains))
    case (.sigmoid, let last?):
      output = .sigmoid(SigmoidOutput(last, table, takesTokens: takesTokens, capacity: rows, trains: trains))
    default: output = .values(ValuesOutput(width: source.width))
    }
  }

  /// All layers but the output.
  var all: [NetworkLayer] { (features.map { [$0] } ?? []) + nodes.map(\.layer) }

  private static func make(
    _ layer: Architecture.Layer, _ table: ParameterTable, _ source: Source, _ sources: [NetworkLayer],
    capacity: Window, trains: Bool
  ) -> NetworkLayer {
    let takesTokens = source.isTokens
    switch layer {
    case .oneHot(let layer): return OneHotLayer(layer, capacity: capacity, trains: trains)
    case .embedding(let layer): return EmbeddingLayer(layer, table, capacity: capacity, trains: trains)
    case .scalar(let layer): return ScalarLayer(layer, capacity: capacity, trains: trains)
    case .elman(let layer):
      return ElmanLayer(layer, table, takesTokens: takesTokens, capacity: capacity, trains: trains)
    case .lstm(let layer):
      return LSTMLayer(layer, table, takesTokens: takesTokens, capacity: capacity, trains: trains)
    case .gru(let layer):
      return GRULayer(layer, table, takesTokens: takesTokens, capacity: capacity, trains: trains)
    case .linear(let layer):
      return LinearLayer(layer, table, takesTokens: takesTokens, capacity: capacity, trains: trains)
    case .dropout(let layer): return DropoutLayer(layer, width: source.width, capacity: capacity)
    case .layerNorm(let layer): return LayerNormLayer(layer, table, capacity: capacity, trains: trains)
    case .delay(let layer): return DelayLayer(layer, capacity: capacity, trains: trains)
    case .sum: return SumLayer(of: sources, capacity: capacity, trains: trains)
    case .concatenation: return ConcatenationLayer(of: sources, capacity: capacity, trains: trains)
    case .final: return FinalLayer(of: sources[0], takesFirst: false, capacity: capacity, trains: trains)
    case .attention(let layer): return AttentionLayer(layer, table, capacity: capacity, trains: trains)
    case .activation(let layer):
      return ActivationLayer(layer, width: source.width, capacity: capacity, trains: trains)
    case .ngram: preconditionFailure("refused by the network's initializer")
    }
  }
}

extension NetworkGraph.Source {
  var isTokens: Bool {
    if case .tokens = self { return true }
    return false
  }

  /// The width of a layer's output; tokens have none.
  var width: Int {
    if case .layer(let layer) = self { return layer.width }
    return 0
  }

  /// With the tokens of a window.
  func input(_ tokens: [Int32]) -> LayerInput {
    switch self {
    case .tokens, .own: .tokens(tokens)
    case .layer(let layer): .layer(layer)
    }
  }
}

extension Architecture.Layer {
  /// Whether a row of the weights can be looked up where a one-hot vector would be multiplied with them.
  fileprivate var takesTokensInPlaceOfOneHot: Bool {
    switch self {
    case .elman, .lstm, .gru, .linear: true
    case .oneHot, .embedding, .scalar, .dropout, .layerNorm, .delay, .sum, .concatenation, .final, .attention,
      .activation, .ngram:
      false
    }
  }
}
