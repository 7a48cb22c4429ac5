import Kernels

extension Trainer {
  func requireFiniteParameters() throws(TrainingError) {
    let parameters = network.parameters
    guard VectorOperations.sumOfSquares(parameters.span).isFinite else {
      throw .diverged(found(.parameters, rate: progress.last?.learningRate ?? 0, loss: nil))
    }
  }

  /// What is wrong with the loss of a window, if anything is.
  func divergence(loss: Double) -> Divergence.Cause? {
    guard loss.isFinite else { return .loss }
    guard let multiple = plan.explosion, progress.step > 0 else { return nil }
    return loss > multiple * max(1, progress.recent.value) ? .explosion : nil
  }

  func found(_ cause: Divergence.Cause, rate: Double, loss: Double?) -> Divergence {
    // A fault that is found between two updates is that of the last one.
    let isBetween = cause == .validation || cause == .parameters
    return Divergence(
      cause: cause, step: progress.step + (isBetween ? 0 : 1), epoch: progress.epoch + 1, window: progress.window + 1,
      position: progress.position, learningRate: rate, loss: loss.flatMap { $0.isFinite ? $0 : nil })
  }

  /// Goes back to the last state that was kept, with a lower rate.
  ///
  /// - Throws: ``TrainingError/diverged(_:)`` if the plan has no attempts left.
  func recover(_ divergence: Divergence) throws(TrainingError) -> RecoveryRecord {
    guard let recovery = plan.recovery, let state = fallback, progress.recoveries.count < recovery.attempts else {
      throw .diverged(divergence)
    }
    let (seconds, recoveries) = (progress.seconds, progress.recoveries)
    let rateFactor = progress.rateFactor * recovery.factor
    try restore(state, ranges: plan.learningRanges(network.table))
    progress.seconds = seconds
    progress.rateFactor = rateFactor
    let record = RecoveryRecord(divergence: divergence, step: state.progress.step, rateFactor: rateFactor)
    progress.recoveries = recoveries + [record]
    fallback = state
    return record
  }

  /// Keeps a state to go back to when one is due: the one before an update whose window has shown that the loss of its parameters
  /// is sound. After an update nobody knows yet.
  func keepFallback(_ generator: RandomGenerator) {
    guard let recovery = plan.recovery, progress.step.isMultiple(of: recovery.interval) else { return }
    fallback = nil
    var state = state
    state.generator = generator
    fallback = state
  }
}
