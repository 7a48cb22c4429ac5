/// A layer that makes one vector of all steps.
protocol ReferencePooling<Scalar>: ReferenceLayer {
  /// h of x(t) `[step][unit]`.
  func pool(_ steps: [[Scalar]]) -> [Scalar]

  /// The chain rule: dL/dx(t) `[step][unit]` of dL/dh; adds dL/dw to the gradient.
  func backpool(_ steps: [[Scalar]], outputGradient: [Scalar], into gradient: inout [Scalar]) -> [[Scalar]]
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
    (backpool([step.input.vector], outputGradient: outputGradient, into: &gradient)[0], stateGradient)
  }
}

/// h is what a layer gives at the step that it reads last.
struct ReferenceFinal<Scalar: ReferenceScalar>: ReferencePooling {
  /// Whether the layer reads backward.
  let takesFirst: Bool

  func pool(_ steps: [[Scalar]]) -> [Scalar] { (takesFirst ? steps.first : steps.last) ?? [] }

  func backpool(_ steps: [[Scalar]], outputGradient: [Scalar], into gradient: inout [Scalar]) -> [[Scalar]] {
    let counts = takesFirst ? 0 : steps.count - 1
    return steps.indices.map { $0 == counts ? outputGradient : [Scalar](repeating: 0, count: outputGradient.count) }
  }
}

/// h = sum over t of a(t) x(t), where a = softmax over t of w · x(t).
struct ReferenceAttention<Scalar: ReferenceScalar>: ReferencePooling {
  let weights: ReferenceTensor<Scalar>

  private func shares(_ steps: [[Scalar]]) -> [Scalar] {
    let scores = steps.map { x in x.indices.reduce(Scalar(0)) { $0 + weights.element($1) * x[$1] } }
    let largest = scores.max() ?? 0
    let shares = scores.map { Scalar.exp($0 - largest) }
    let sum = shares.reduce(0, +)
    return shares.map { $0 / sum }
  }

  func pool(_ steps: [[Scalar]]) -> [Scalar] {
    let shares = shares(steps)
    return (steps.first ?? []).indices.map { unit in
      zip(shares, steps).reduce(Scalar(0)) { $0 + $1.0 * $1.1[unit] }
    }
  }

  /// With s(t) = w · x(t) and dL/da(t) = dL/dh · x(t): dL/ds(t) = a(t) (dL/da(t) - sum over u of a(u) dL/da(u)), and
  /// dL/dx(t) = a(t) dL/dh + dL/ds(t) w.
  func backpool(_ steps: [[Scalar]], outputGradient: [Scalar], into gradient: inout [Scalar]) -> [[Scalar]] {
    let shares = shares(steps)
    let slopes = steps.map { x in zip(outputGradient, x).reduce(Scalar(0)) { $0 + $1.0 * $1.1 } }
    let mean = zip(shares, slopes).reduce(Scalar(0)) { $0 + $1.0 * $1.1 }
    return steps.indices.map { t in
      let score = shares[t] * (slopes[t] - mean)
      return steps[t].indices.map { unit in
        weights.accumulate(unit, delta: score * steps[t][unit], &gradient)
        return shares[t] * outputGradient[unit] + score * weights.element(unit)
      }
    }
  }
}
