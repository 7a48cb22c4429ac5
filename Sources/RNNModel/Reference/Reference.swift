import RealModule

/// A number that the reference computes with: Float or Double.
public protocol ReferenceScalar: Real, BinaryFloatingPoint, Sendable {}
extension Float: ReferenceScalar {}
extension Double: ReferenceScalar {}

/// The mathematics of a network written plainly, one sequence at a time: the yardstick of the fast path and of the proof
/// in each file.
///
/// The notation is that of Graves (2012), chapter 3: in(t) is what comes into a unit, a(t) its activation, and
/// delta(t) = dL/d in(t), which the backward pass computes from t = T down to 1.
public struct Reference<Scalar: ReferenceScalar>: Sendable {
  /// A vector.
  public typealias Vector = [Scalar]

  /// What a recurrent layer hands from one step to the next.
  public struct LayerState: Hashable, Sendable {
    /// h(t) `[hidden]`; empty for layers without state.
    public var hidden: Vector
    /// c(t) `[hidden]` of an LSTM; empty for others.
    public var cell: Vector
  }

  /// The result of a backward pass.
  public struct Gradient: Sendable {
    /// -ln p(targets | inputs), summed over the steps, in nats.
    public var loss: Scalar
    /// dL/dw for each parameter, in the order of the ``ParameterTable``.
    public var values: Vector
    /// The state after the last step, one for each layer.
    public var state: [LayerState]
  }

  let layers: [any ReferenceLayer<Scalar>]
  let parameterCount: Int

  /// Prepares an architecture with its parameters.
  ///
  /// - Parameters:
  ///   - architecture: one that ``Architecture/check()`` has accepted.
  ///   - values: the parameters in the order of the architecture's ``ParameterTable``.
  ///   - dropoutMasks: for each dropout layer, by name, `[step][unit]` factors to multiply by; layers that are not named do nothing,
  ///     as in a trained model.
  /// - Precondition: there are as many values as parameters.
  public init(_ architecture: Architecture, values: Vector, dropoutMasks: [String: [Vector]] = [:]) {
    let table = ParameterTable(architecture)
    precondition(values.count == table.count, "an architecture with \(table.count) parameters, \(values.count) values")
    parameterCount = table.count
    layers = architecture.layers.map { layer -> any ReferenceLayer<Scalar> in
      func matrix(_ name: String) -> ReferenceTensor<Scalar> {
        ReferenceTensor(values: values, entry: table[layer.name, name])
      }
      switch layer {
      case .oneHot(let layer): return ReferenceOneHot(size: layer.size)
      case .embedding(let layer): return ReferenceEmbedding(weights: matrix("weights"), outputs: layer.outputs)
      case .dropout(let layer): return ReferenceDropout(masks: dropoutMasks[layer.name])
      case .layerNorm, .sum, .concatenation: preconditionFailure("layers of kind '\(layer.kind)' are not computed yet")
      case .linear(let layer):
        return ReferenceLinear(weights: matrix("weights"), bias: matrix("bias"), outputs: layer.outputs)
      case .elman(let layer):
        return ReferenceElman(
          layer, W: matrix("input_weights"), U: matrix("recurrent_weights"), b: matrix("bias"),
          r: matrix("recurrent_bias"))
      case .lstm(let layer):
        return ReferenceLSTM(
          layer, W: matrix("input_weights"), U: matrix("recurrent_weights"), b: matrix("bias"),
          r: matrix("recurrent_bias"))
      case .gru(let layer):
        return ReferenceGRU(
          layer, W: matrix("input_weights"), U: matrix("recurrent_weights"), b: matrix("bias"),
          r: matrix("recurrent_bias"))
      }
    }
  }

  /// The state before the first symbol: zeros.
  public var zeroState: [LayerState] { layers.map { $0.zeroState } }

  /// Runs the network forward.
  ///
  /// - Parameters:
  ///   - inputs: token ids, fed one after another.
  ///   - state: one for each layer; on return, the state after the last step.
  /// - Returns: in(t) of the output units, `[step][token]`: the logits.
  public func logits(_ inputs: [Int32], state: inout [LayerState]) -> [Vector] {
    var activations: ReferenceSequence<Scalar> = .tokens(inputs)
    for (index, layer) in layers.enumerated() {
      let trace = layer.forward(activations, from: state[index])
      state[index] = trace.finalState
      activations = .vectors(trace.outputs)
    }
    return activations.vectors
  }

  /// ln p(next token | inputs so far) `[step][token]`, from the zero state.
  public func logProbabilities(_ inputs: [Int32]) -> [Vector] {
    var state = zeroState
    return logProbabilities(inputs, state: &state)
  }

  /// ln p(next token | inputs so far) `[step][token]`; the state is that before the inputs, then that after them.
  public func logProbabilities(_ inputs: [Int32], state: inout [LayerState]) -> [Vector] {
    logits(inputs, state: &state).map(Self.logSoftmax)
  }

  /// Back-propagation through time over one stretch of a text.
  ///
  /// - Parameters:
  ///   - inputs: token ids.
  ///   - targets: the token that follows each input.
  ///   - state: the state before the first input, taken as a constant (truncated BPTT).
  /// - Returns: the loss and its derivatives.
  /// - Precondition: as many targets as inputs.
  public func gradient(inputs: [Int32], targets: [Int32], state: [LayerState]) -> Gradient {
    precondition(inputs.count == targets.count, "\(inputs.count) inputs, \(targets.count) targets")
    var traces: [ReferenceTrace<Scalar>] = []
    var sources: [ReferenceSequence<Scalar>] = [.tokens(inputs)]
    for (layer, start) in zip(layers, state) {
      let trace = layer.forward(sources[sources.count - 1], from: start)
      traces.append(trace)
      sources.append(.vectors(trace.outputs))
    }
    var loss: Scalar = 0
    var deltas = zip(sources[sources.count - 1].vectors, targets).map { (logits, target) -> Vector in
      let logProbabilities = Self.logSoftmax(logits)
      loss -= logProbabilities[Int(target)]
      // dL/d in_k = p_k - [k is the target] for softmax with cross-entropy.
      var delta = logProbabilities.map { Scalar.exp($0) }
      delta[Int(target)] -= 1
      return delta
    }
    var gradient = Vector(repeating: 0, count: parameterCount)
    for index in layers.indices.reversed() {
      deltas = layers[index].backward(traces[index], input: sources[index], outputGradients: deltas, into: &gradient)
    }
    return Gradient(loss: loss, values: gradient, state: traces.map { $0.finalState })
  }

  static func logSoftmax(_ logits: Vector) -> Vector {
    let largest = logits.max() ?? 0
    let logSum = largest + Scalar.log(logits.reduce(0) { $0 + Scalar.exp($1 - largest) })
    return logits.map { $0 - logSum }
  }
}

/// What goes into a layer: tokens into the first, vectors into the others.
enum ReferenceSequence<Scalar: ReferenceScalar> {
  case tokens([Int32])
  case vectors([[Scalar]])

  var tokens: [Int32] {
    if case .tokens(let tokens) = self { return tokens }
    return []
  }

  var vectors: [[Scalar]] {
    if case .vectors(let vectors) = self { return vectors }
    return []
  }
}

/// What a layer keeps from its forward pass.
struct ReferenceTrace<Scalar: ReferenceScalar> {
  /// h(t) `[step][output]`.
  var outputs: [[Scalar]]
  /// The state before the first step.
  var initialState: Reference<Scalar>.LayerState
  /// The state after the last step.
  var finalState: Reference<Scalar>.LayerState
  /// Whatever else the layer's backward pass needs: `[step][name of the quantity]`.
  var gates: [[[Scalar]]] = []
}

/// A layer, forward beside backward.
protocol ReferenceLayer<Scalar>: Sendable {
  associatedtype Scalar: ReferenceScalar
  var zeroState: Reference<Scalar>.LayerState { get }
  func forward(_ input: ReferenceSequence<Scalar>, from state: Reference<Scalar>.LayerState) -> ReferenceTrace<Scalar>
  /// Adds dL/dw to `gradient` and returns dL/dx(t) `[step][input]` from dL/dh(t) `[step][output]`.
  func backward(
    _ trace: ReferenceTrace<Scalar>, input: ReferenceSequence<Scalar>, outputGradients: [[Scalar]],
    into gradient: inout [Scalar]
  ) -> [[Scalar]]
}

extension ReferenceLayer {
  var zeroState: Reference<Scalar>.LayerState { .init(hidden: [], cell: []) }
}

/// A tensor `[..., rows, columns]` within the flat parameters; an absent one is zero and takes no gradient.
struct ReferenceTensor<Scalar: ReferenceScalar>: Sendable {
  let values: [Scalar]
  let start: Int
  let columns: Int
  let rows: Int
  let isPresent: Bool

  init(values: [Scalar], entry: ParameterTable.Entry?) {
    self.values = values
    start = entry?.range.lowerBound ?? 0
    columns = entry?.shape.last ?? 0
    rows = (entry?.shape.count ?? 0) > 1 ? (entry?.shape[(entry?.shape.count ?? 2) - 2] ?? 0) : 1
    isPresent = entry != nil
  }

  /// The element `[row]` of a bias, or `[gate, row]`.
  func element(gate: Int = 0, _ row: Int) -> Scalar {
    isPresent ? values[start + gate * columns + row] : 0
  }

  /// Row `row` of matrix `gate` times x.
  // Nearly all of the reference's time is spent here and in `propagate`; unspecialised, it would be forty times as much.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  func dot(gate: Int = 0, row: Int, _ x: [Scalar]) -> Scalar {
    let offset = start + (gate * rows + row) * columns
    var sum: Scalar = 0
    for column in 0..<columns { sum += values[offset + column] * x[column] }
    return sum
  }

  /// dL/dx += transposed row * delta, and dL/dw += delta * x: one unit's share of the chain rule.
  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  func propagate(
    gate: Int = 0, row: Int, delta: Scalar, x: [Scalar], to xGradient: inout [Scalar], _ gradient: inout [Scalar]
  ) {
    let offset = start + (gate * rows + row) * columns
    for column in 0..<columns {
      xGradient[column] += values[offset + column] * delta
      gradient[offset + column] += delta * x[column]
    }
  }

  /// dL/db += delta.
  func accumulate(gate: Int = 0, _ row: Int, delta: Scalar, _ gradient: inout [Scalar]) {
    if isPresent { gradient[start + gate * columns + row] += delta }
  }
}
