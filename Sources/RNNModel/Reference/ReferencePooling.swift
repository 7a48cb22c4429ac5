/// A layer that makes one vector of all steps; networks with one are read, not trained.
protocol ReferencePooling<Scalar>: ReferenceLayer {
  /// h of x(t) `[step][unit]`.
  func pool(_ steps: [[Scalar]]) -> [Scalar]
}

extension ReferencePooling {
  func step(
    _ input: ReferenceInput<Scalar>, from state: Reference<Scalar>.LayerState, at t: Int
  ) -> ReferenceStep<Scalar> {
    ReferenceStep(input: input, previous: state, state: state, output: pool([input.vector]))
  }

  func backstep(
    _ step: ReferenceStep<Scalar>, at t: Int, outputGradient: [Scalar], stateGradient: Reference<Scalar>.LayerState,
    into gradient: inout [Scalar]
  ) -> (input: [Scalar], state: Reference<Scalar>.LayerState) {
    preconditionFailure("a network that pools is not trained")
  }
}

/// h is what a layer gives at the step that it reads last.
struct ReferenceFinal<Scalar: ReferenceScalar>: ReferencePooling {
  /// Whether the layer reads backward.
  let takesFirst: Bool

  func pool(_ steps: [[Scalar]]) -> [Scalar] { (takesFirst ? steps.first : steps.last) ?? [] }
}

/// h = sum over t of a(t) x(t), where a = softmax over t of w · x(t).
struct ReferenceAttention<Scalar: ReferenceScalar>: ReferencePooling {
  let weights: ReferenceTensor<Scalar>

  func pool(_ steps: [[Scalar]]) -> [Scalar] {
    let scores = steps.map { x in x.indices.reduce(Scalar(0)) { $0 + weights.element($1) * x[$1] } }
    let largest = scores.max() ?? 0
    let shares = scores.map { Scalar.exp($0 - largest) }
    let sum = shares.reduce(0, +)
    return (steps.first ?? []).indices.map { unit in
      zip(shares, steps).reduce(Scalar(0)) { $0 + $1.0 / sum * $1.1[unit] }
    }
  }
}
