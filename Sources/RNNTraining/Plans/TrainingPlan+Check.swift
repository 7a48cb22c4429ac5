import RNNModel

extension TrainingPlan {
  /// A number that a training cannot be carried out with.
  public struct Problem: Hashable, Sendable, CustomStringConvertible {
    /// Which number: where it stands in the plan's JSON, for example `schedule.warm_up`.
    public let key: String
    /// What is wrong, as the rest of a sentence that begins with the name of the number.
    public let what: String

    /// One sentence without its full stop.
    public var description: String { "\(key) \(what)" }
  }

  /// Checks that the plan can be carried out.
  ///
  /// - Throws: ``TrainingError/invalidPlan(_:)`` for ``problem``.
  public func check() throws(TrainingError) {
    if let problem { throw .invalidPlan("\(problem)") }
  }

  /// The first number that makes no sense, or that float32 or JSON could not hold; nil if there is none.
  public var problem: Problem? {
    var check = RangeCheck()
    check("epochs", epochs, in: RangeCheck.counts)
    check("maximum_steps", maximumSteps, in: RangeCheck.counts)
    check("maximum_seconds", maximumSeconds, in: RangeCheck.magnitudes)
    check("batch", batch, in: RangeCheck.sizes)
    check("length", length, in: RangeCheck.sizes)
    check("update_interval", updateInterval, in: 1...max(1, length))
    check("learning_rate", learningRate, in: RangeCheck.magnitudes)
    check("weight_decay", weightDecay, in: RangeCheck.magnitudes)
    switch clipping {
    case .norm(let limit): check("clipping.norm", limit, in: RangeCheck.positive)
    case .value(let limit): check("clipping.value", limit, in: RangeCheck.positive)
    case nil: break
    }
    check("explosion", explosion, in: 1...RangeCheck.magnitudes.upperBound)
    check.require(explosion != 1, "explosion", "is 1, but has to be above 1")
    check("validation.interval", validation.interval, in: RangeCheck.sizes)
    check("validation.streams", validation.streams, in: RangeCheck.sizes)
    check("validation.window", validation.window, in: RangeCheck.sizes)
    check("recovery.attempts", recovery?.attempts, in: RangeCheck.counts)
    check("recovery.factor", recovery?.factor, in: RangeCheck.positive.lowerBound...1)
    check("recovery.interval", recovery?.interval, in: RangeCheck.sizes)
    randomLengths?.check(with: &check, length: length, overlaps: updateInterval != nil)
    optimizer.check(with: &check)
    schedule.check(with: &check)
    regularisation.check(with: &check)
    return check.problem
  }

  /// The parameters that learn, as ranges in order without overlaps.
  ///
  /// - Throws: ``TrainingError/unknownTensor(_:)`` for a frozen path that the architecture does not have.
  func learningRanges(_ table: ParameterTable) throws(TrainingError) -> [Range<Int>] {
    let frozen = Set(frozen)
    if let path = frozen.subtracting(table.entries.map(\.path)).min() { throw .unknownTensor(path) }
    var ranges: [Range<Int>] = []
    for entry in table.entries where !frozen.contains(entry.path) && !entry.range.isEmpty {
      if let last = ranges.last, last.upperBound == entry.range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<entry.range.upperBound
      } else {
        ranges.append(entry.range)
      }
    }
    return ranges
  }
}

extension TrainingPlan.RandomLengths {
  fileprivate func check(with check: inout RangeCheck, length: Int, overlaps: Bool) {
    check.require(
      !overlaps, "update_interval", "is given, but windows of random length cannot overlap: leave one of them out")
    check("random_lengths.half_probability", halfProbability, in: 0...1)
    check("random_lengths.deviation", deviation, in: 0...Double(max(0, length)))
    check("random_lengths.minimum", minimum, in: 1...max(1, length))
  }
}

extension Optimizer {
  fileprivate func check(with check: inout RangeCheck) {
    switch self {
    case .sgd(let momentum, let dampening, let nesterov):
      check(share: "optimizer.momentum", momentum)
      check("optimizer.dampening", dampening, in: 0...1)
      check.require(
        !nesterov || (momentum > 0 && dampening == 0), "optimizer.nesterov", "needs momentum, and no dampening")
    case .rmsprop(let alpha, let epsilon, let momentum, _):
      check(share: "optimizer.alpha", alpha)
      check("optimizer.epsilon", epsilon, in: RangeCheck.positive)
      check(share: "optimizer.momentum", momentum)
    case .adagrad(let rateDecay, let initialSum, let epsilon):
      check("optimizer.rate_decay", rateDecay, in: RangeCheck.magnitudes)
      check("optimizer.initial_sum", initialSum, in: RangeCheck.magnitudes)
      check("optimizer.epsilon", epsilon, in: RangeCheck.positive)
    case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
      check(share: "optimizer.beta1", beta1)
      check(share: "optimizer.beta2", beta2)
      check("optimizer.epsilon", epsilon, in: RangeCheck.positive)
    case .averagedSGD(let nonMonotone): check("optimizer.non_monotone", nonMonotone, in: RangeCheck.sizes)
    }
  }
}

extension Schedule {
  fileprivate func check(with check: inout RangeCheck) {
    check("schedule.warm_up", warmUp, in: RangeCheck.counts)
    switch decay {
    case .constant: break
    case .step(let every, let factor):
      check("schedule.every", every, in: RangeCheck.sizes)
      check("schedule.factor", factor, in: 0...1)
    case .exponential(let factor, let from):
      check("schedule.factor", factor, in: 0...1)
      check("schedule.from", from, in: RangeCheck.sizes)
    case .cosine(let final): check("schedule.final", final, in: 0...1)
    case .plateau(let factor, let patience, let threshold, let minimum):
      check("schedule.factor", factor, in: 0...1)
      check("schedule.patience", patience, in: RangeCheck.counts)
      check("schedule.threshold", threshold, in: 0...1)
      check("schedule.minimum", minimum, in: 0...1)
    }
  }
}

extension Regularisation {
  fileprivate func check(with check: inout RangeCheck) {
    check(share: "regularisation.embedding_dropout", embeddingDropout)
    check(share: "regularisation.weight_drop", weightDrop)
    check("regularisation.activation_penalty", activationPenalty, in: RangeCheck.magnitudes)
    check("regularisation.temporal_penalty", temporalPenalty, in: RangeCheck.magnitudes)
  }
}
