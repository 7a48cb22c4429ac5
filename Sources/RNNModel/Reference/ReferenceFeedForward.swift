/// h(t) is 1 at the token's index.
struct ReferenceOneHot<Scalar: ReferenceScalar>: ReferenceLayer {
  let size: Int

  func forward(_ input: ReferenceSequence<Scalar>, from state: Reference<Scalar>.LayerState) -> ReferenceTrace<Scalar> {
    let outputs = input.tokens.map { token in
      var vector = [Scalar](repeating: 0, count: size)
      vector[Int(token)] = 1
      return vector
    }
    return ReferenceTrace(outputs: outputs, initialState: state, finalState: state)
  }

  func backward(
    _ trace: ReferenceTrace<Scalar>, input: ReferenceSequence<Scalar>, outputGradients: [[Scalar]],
    into gradient: inout [Scalar]
  ) -> [[Scalar]] { [] }
}

/// h(t) is the token's row of the weights.
struct ReferenceEmbedding<Scalar: ReferenceScalar>: ReferenceLayer {
  let weights: ReferenceTensor<Scalar>
  let outputs: Int

  func forward(_ input: ReferenceSequence<Scalar>, from state: Reference<Scalar>.LayerState) -> ReferenceTrace<Scalar> {
    let rows = input.tokens.map { token in
      let start = weights.start + Int(token) * outputs
      return Array(weights.values[start..<(start + outputs)])
    }
    return ReferenceTrace(outputs: rows, initialState: state, finalState: state)
  }

  func backward(
    _ trace: ReferenceTrace<Scalar>, input: ReferenceSequence<Scalar>, outputGradients: [[Scalar]],
    into gradient: inout [Scalar]
  ) -> [[Scalar]] {
    for (token, delta) in zip(input.tokens, outputGradients) {
      for unit in 0..<outputs { gradient[weights.start + Int(token) * outputs + unit] += delta[unit] }
    }
    return []
  }
}

/// h(t) = x(t) times a given mask, or x(t).
struct ReferenceDropout<Scalar: ReferenceScalar>: ReferenceLayer {
  /// `[step][unit]`.
  let masks: [[Scalar]]?

  func forward(_ input: ReferenceSequence<Scalar>, from state: Reference<Scalar>.LayerState) -> ReferenceTrace<Scalar> {
    ReferenceTrace(outputs: masked(input.vectors), initialState: state, finalState: state)
  }

  func backward(
    _ trace: ReferenceTrace<Scalar>, input: ReferenceSequence<Scalar>, outputGradients: [[Scalar]],
    into gradient: inout [Scalar]
  ) -> [[Scalar]] { masked(outputGradients) }

  private func masked(_ vectors: [[Scalar]]) -> [[Scalar]] {
    guard let masks else { return vectors }
    return zip(vectors, masks).map { zip($0, $1).map { $0 * $1 } }
  }
}

/// h(t) = W x(t) + b.
struct ReferenceLinear<Scalar: ReferenceScalar>: ReferenceLayer {
  let weights: ReferenceTensor<Scalar>
  let bias: ReferenceTensor<Scalar>
  let outputs: Int

  func forward(_ input: ReferenceSequence<Scalar>, from state: Reference<Scalar>.LayerState) -> ReferenceTrace<Scalar> {
    let vectors = input.vectors.map { x in
      (0..<outputs).map { weights.dot(row: $0, x) + bias.element($0) }
    }
    return ReferenceTrace(outputs: vectors, initialState: state, finalState: state)
  }

  func backward(
    _ trace: ReferenceTrace<Scalar>, input: ReferenceSequence<Scalar>, outputGradients: [[Scalar]],
    into gradient: inout [Scalar]
  ) -> [[Scalar]] {
    zip(input.vectors, outputGradients).map { (x, delta) in
      var xGradient = [Scalar](repeating: 0, count: x.count)
      for unit in 0..<outputs {
        weights.propagate(row: unit, delta: delta[unit], x: x, to: &xGradient, &gradient)
        bias.accumulate(unit, delta: delta[unit], &gradient)
      }
      return xGradient
    }
  }
}
