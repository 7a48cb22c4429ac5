import Kernels

/// Runs a network with the parameters of one layer in memory at a time: for models that are larger than the memory that a conversion may take.
public enum LayerByLayer {
  /// What a network of one layer gives for some sequences `[sequence][step][unit]`.
  public typealias Run<Scalar: ReferenceScalar> = (
    _ layer: Architecture, _ values: [Scalar], _ sequences: [Reference<Scalar>.Inputs]
  ) throws -> [[[Scalar]]]

  /// The logits of some sequences, each read from the initial state.
  ///
  /// - Parameters:
  ///   - architecture: one that ``Architecture/check()`` has accepted.
  ///   - sequences: what is fed.
  ///   - append: appends the parameters of a tensor; asked once for each, but for tied weights.
  ///   - run: computes a layer: ``reference(_:_:_:)`` or ``network(_:_:_:)``.
  /// - Returns: `[sequence][step][unit]`; one step in a context of windows, and after a pooling layer.
  /// - Throws: what `append` and `run` throw.
  public static func logits<Scalar: ReferenceScalar>(
    of architecture: Architecture, _ sequences: [Reference<Scalar>.Inputs],
    append: (ParameterTable.Entry, inout [Scalar]) throws -> Void, run: Run<Scalar>
  ) throws -> [[[Scalar]]] {
    typealias Inputs = Reference<Scalar>.Inputs
    let table = ParameterTable(architecture)
    let widths = architecture.widths
    var outputs: [String: [[[Scalar]]]] = [:]
    var below: [[[Scalar]]]?
    for (index, layer) in architecture.layers.enumerated() {
      let result: [[[Scalar]]]
      if architecture.windowLength != nil, index == architecture.layers.count - 1, case .linear = layer {
        // Of a window the last step counts; the others would be as wide as the vocabulary.
        below = below.map { $0.map { Array($0.suffix(1)) } }
      }
      switch layer {
      case .sum(let layer):
        let sources = layer.of.compactMap { outputs[$0] }
        result = sequences.indices.map { sequence in combine(sources.map { $0[sequence] }) { sum($0) } }
      case .concatenation(let layer):
        let sources = layer.of.compactMap { outputs[$0] }
        result = sequences.indices.map { sequence in combine(sources.map { $0[sequence] }) { Array($0.joined()) } }
      case .final(let layer):
        let isBackward = architecture.layers.first { $0.name == layer.of }?.direction == .backward
        result = (outputs[layer.of] ?? []).map { isBackward ? Array($0.prefix(1)) : Array($0.suffix(1)) }
      case .dropout:
        result = below ?? sequences.map { $0.vectors }
      default:
        let width = index > 0 ? widths[index - 1] : architecture.size
        let alone = Architecture(
          size: width, layers: [layer.untied], context: .sequence,
          input: layer.takesTokens ? .tokens : .features, output: .values)
        let own = ParameterTable(alone)
        var parameters: [Scalar] = []
        // In one piece: a copy of the largest matrix would be the largest thing in memory.
        parameters.reserveCapacity(own.count)
        for entry in own.entries {
          let owner = entry.name == "weights" ? layer.weightsOf ?? layer.name : layer.name
          if let stored = table[owner, entry.name] { try append(stored, &parameters) }
        }
        result = try run(alone, parameters, below.map { $0.map { Inputs.features($0) } } ?? sequences)
      }
      outputs[layer.name] = result
      below = result
    }
    let logits = below ?? []
    return architecture.windowLength == nil ? logits : logits.map { Array($0.suffix(1)) }
  }

  /// Computes a layer with the reference implementation.
  public static func reference(
    _ layer: Architecture, _ values: [Double], _ sequences: [Reference<Double>.Inputs]
  ) -> [[[Double]]] {
    let reference = Reference<Double>(layer, values: values)
    return sequences.map { sequence in
      var state = reference.initialState
      return reference.logits(sequence, state: &state)
    }
  }

  /// Computes a layer with the fast path.
  public static func network(
    _ layer: Architecture, _ values: [Float], _ sequences: [Reference<Float>.Inputs]
  ) throws -> [[[Float]]] {
    let steps = sequences.map(\.count).max() ?? 0
    guard steps > 0 else { return [] }
    let network = try Network(layer, parameters: values, purpose: .inference, batch: 1, steps: steps)
    let isPooled = layer.layers.contains { $0.pools }
    return sequences.map { sequence in
      let rows = isPooled ? 1 : sequence.count
      var logits = [Float](repeating: 0, count: rows * layer.outputSize)
      switch sequence {
      case .tokens(let tokens): network.logits(.tokens(tokens), into: &logits)
      case .features(let vectors): network.logits(.features(Array(vectors.joined())), into: &logits)
      }
      return (0..<rows).map { Array(logits[($0 * layer.outputSize)..<(($0 + 1) * layer.outputSize)]) }
    }
  }

  /// What several layers give, step by step.
  private static func combine<Scalar>(_ sources: [[[Scalar]]], _ join: ([[Scalar]]) -> [Scalar]) -> [[Scalar]] {
    (0..<(sources.first?.count ?? 0)).map { step in join(sources.map { $0[step] }) }
  }

  private static func sum<Scalar: ReferenceScalar>(_ vectors: [[Scalar]]) -> [Scalar] {
    (vectors.first ?? []).indices.map { unit in vectors.reduce(Scalar(0)) { $0 + $1[unit] } }
  }
}

extension Architecture.Layer {
  /// The embedding layer whose weights this one has; nil for weights of its own.
  fileprivate var weightsOf: String? {
    if case .linear(let layer) = self { layer.weightsOf } else { nil }
  }

  /// The layer with weights of its own: tied weights [token, output] of an embedding lie in memory as weights [output, input].
  fileprivate var untied: Architecture.Layer {
    guard case .linear(var layer) = self else { return self }
    layer.weightsOf = nil
    return .linear(layer)
  }
}
