import RealModule

/// The mathematics of a network written plainly, one sequence at a time: the yardstick of the fast path and of the
/// proof in each file.
///
/// The notation is that of Graves (2012), chapter 3: in(t) is what comes into a unit, a(t) its activation, and
/// delta(t) = dL/d in(t), which the backward pass computes from t = T down to 1.
public struct Reference<Scalar: ReferenceScalar>: Sendable {
  /// A vector.
  public typealias Vector = [Scalar]

  let names: [String]
  let layers: [any ReferenceLayer<Scalar>]
  /// The layers whose outputs, one after another, are the input of each layer; none for the first.
  let sources: [[Int]]
  let output: Architecture.Output
  let parameterCount: Int
  /// Whether there is one output for all steps: that of the last one, unless a layer has pooled them.
  let hasOneOutput: Bool
  /// Of each layer, whether it gives one vector for all steps.
  let hasOneStep: [Bool]
  /// The number of parameters that the state can depend on: all those up to the last recurrent layer's.
  let influentialCount: Int

  /// Prepares an architecture with its parameters.
  ///
  /// - Parameters:
  ///   - architecture: one that ``Architecture/check()`` has accepted.
  ///   - values: the parameters in the order of the architecture's ``ParameterTable``.
  ///   - dropoutMasks: for each dropout layer, by name, `[step][unit]` factors to multiply by (the same at each step if
  ///     the layer's mask is locked); layers that are not named do nothing, as in a trained model.
  /// - Precondition: there are as many values as parameters, and masks for as many steps as are fed.
  public init(_ architecture: Architecture, values: Vector, dropoutMasks: [String: [Vector]] = [:]) {
    let table = ParameterTable(architecture)
    precondition(values.count == table.count, "an architecture with \(table.count) parameters, \(values.count) values")
    parameterCount = table.count
    output = architecture.output
    hasOneOutput = architecture.hasOneOutput
    names = architecture.layers.map { $0.name }
    sources = architecture.layers.enumerated().map { (index, layer) in
      layer.sources?.compactMap { name in architecture.layers.firstIndex { $0.name == name } }
        ?? (index == 0 ? [] : [index - 1])
    }
    var hasOneStep: [Bool] = []
    for (layer, taken) in zip(architecture.layers, sources) {
      hasOneStep.append(layer.pools || taken.contains { hasOneStep[$0] })
    }
    self.hasOneStep = hasOneStep
    layers = architecture.layers.map { layer in
      layer.reference(dropoutMasks: dropoutMasks[layer.name]) { owner, name in
        ReferenceTensor(values: values, entry: table[owner, name])
      } direction: { name in
        architecture.layers.first { $0.name == name }?.direction
      }
    }
    let recurrent = architecture.layers.lastIndex { $0.carriesState } ?? -1
    let owners = Set(names.prefix(recurrent + 1))
    influentialCount = table.entries.last { owners.contains($0.layer) }?.range.upperBound ?? 0
  }

  /// The state of each layer before the first step: zeros, or what was trained.
  public var initialState: [LayerState] { layers.map { $0.start.state } }

  /// Runs the network forward.
  ///
  /// - Parameters:
  ///   - inputs: what is fed, one step after another.
  ///   - state: one for each layer; on return, the state after the last step.
  /// - Returns: in(t) of the output units, `[step][unit]`: the logits; a single step in a context of windows, and after a pooling layer.
  public func logits(_ inputs: Inputs, state: inout [LayerState]) -> [Vector] {
    let trace = run(inputs, from: state, cut: hasOneOutput)
    state = trace.finalState
    return hasOneOutput ? trace.outputs.suffix(1) : trace.outputs
  }

  /// The logarithms of the output's probabilities `[step][unit]`: ln p(token | inputs) of a softmax, ln p(bit = 1 |
  /// inputs) of independent bits; the state is that before the inputs, then that after them.
  public func logProbabilities(_ inputs: Inputs, state: inout [LayerState]) -> [Vector] {
    logits(inputs, state: &state).map(output.logProbabilities)
  }

  /// ``logits(_:state:)`` of tokens.
  public func logits(_ tokens: [Int32], state: inout [LayerState]) -> [Vector] {
    logits(.tokens(tokens), state: &state)
  }

  /// ``logProbabilities(_:state:)`` of tokens.
  public func logProbabilities(_ tokens: [Int32], state: inout [LayerState]) -> [Vector] {
    logProbabilities(.tokens(tokens), state: &state)
  }

  /// ``logProbabilities(_:state:)`` of tokens, from the initial state.
  public func logProbabilities(_ tokens: [Int32]) -> [Vector] {
    var state = initialState
    return logProbabilities(tokens, state: &state)
  }
}

extension Architecture.Layer {
  /// The layer with its parameters.
  fileprivate func reference<Scalar: ReferenceScalar>(
    dropoutMasks: [[Scalar]]?, tensor: (_ layer: String, _ name: String) -> ReferenceTensor<Scalar>,
    direction: (_ layer: String) -> Architecture.Direction?
  ) -> any ReferenceLayer<Scalar> {
    func own(_ name: String) -> ReferenceTensor<Scalar> { tensor(self.name, name) }
    switch self {
    case .oneHot(let layer): return ReferenceOneHot(size: layer.size)
    case .embedding: return ReferenceEmbedding(weights: own("weights"))
    case .scalar(let layer): return ReferenceScalarInput(size: layer.size, scale: Scalar(layer.scale))
    case .elman(let layer): return ReferenceElman(layer, tensor: own)
    case .lstm(let layer): return ReferenceLSTM(layer, tensor: own)
    case .gru(let layer): return ReferenceGRU(layer, tensor: own)
    case .dropout: return ReferenceDropout(masks: dropoutMasks)
    case .layerNorm(let layer):
      return ReferenceLayerNorm(epsilon: Scalar(layer.epsilon), gain: own("gain"), bias: own("bias"))
    case .delay(let layer): return ReferenceDelay(layer)
    case .sum(let layer): return ReferenceSum(count: layer.of.count)
    case .concatenation: return ReferenceConcatenation()
    case .final(let layer): return ReferenceFinal(takesFirst: direction(layer.of) == .backward)
    case .attention: return ReferenceAttention(weights: own("weights"))
    case .activation(let layer): return ReferenceActivated(activation: layer.activation)
    case .ngram(let layer): return ReferenceNGram(layer, tensor: own)
    // Tied weights [token, output] of an embedding lie in memory as weights [output, input] (Press & Wolf 2017).
    case .linear(let layer):
      return ReferenceLinear(weights: tensor(layer.weightsOf ?? layer.name, "weights"), bias: own("bias"))
    }
  }
}
