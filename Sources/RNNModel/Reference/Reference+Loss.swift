import RealModule

extension Architecture.Output {
  /// ln p of each output unit, from its logit; the values themselves where they are the output.
  public func logProbabilities<Scalar: ReferenceScalar>(_ logits: [Scalar]) -> [Scalar] {
    switch self {
    case .softmax:
      let largest = logits.max() ?? 0
      let logSum = largest + Scalar.log(logits.reduce(0) { $0 + Scalar.exp($1 - largest) })
      return logits.map { $0 - logSum }
    case .sigmoid: return logits.map { -softplus(-$0) }
    case .values, .logProbabilities: return logits
    }
  }
}

extension Reference {
  /// -ln p(targets of step `t`) in nats, and its derivatives with respect to the logits.
  ///
  /// Both kinds of output have dL/d in_k(t) = y_k(t) - z_k(t), with y the network's output and z the target: Graves
  /// (2012), section 3.1.
  func loss(of logits: Vector, _ targets: Targets, at t: Int) -> (loss: Scalar, delta: Vector) {
    switch targets {
    case .classes(let classes):
      guard classes[t] >= 0 else { return (0, Vector(repeating: 0, count: logits.count)) }
      let target = Int(classes[t])
      let logProbabilities = output.logProbabilities(logits)
      var delta = logProbabilities.map { Scalar.exp($0) }
      delta[target] -= 1
      return (-logProbabilities[target], delta)
    case .bits(let vectors):
      var loss: Scalar = 0
      let delta = zip(logits, vectors[t]).map { (logit, bit) -> Scalar in
        // -z ln y - (1 - z) ln(1 - y), with y = 1 / (1 + exp(-logit)).
        loss += bit * softplus(-logit) + (1 - bit) * softplus(logit)
        return Scalar.exp(-softplus(-logit)) - bit
      }
      return (loss, delta)
    }
  }

  /// The losses of some steps `[step]`, and their derivatives with respect to the logits `[step][unit]`.
  func losses(of trace: Trace, _ targets: Targets, at steps: Range<Int>) -> (losses: Vector, deltas: [Vector]) {
    let outputs = trace.outputs
    let pairs = steps.map { loss(of: outputs[$0], targets, at: $0) }
    return (pairs.map { $0.loss }, pairs.map { $0.delta })
  }
}

/// ln(1 + exp(x)), without overflow.
private func softplus<Scalar: ReferenceScalar>(_ x: Scalar) -> Scalar {
  max(x, 0) + Scalar.log(onePlus: Scalar.exp(-abs(x)))
}
