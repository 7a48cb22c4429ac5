extension TrainingState {
  /// The state with nothing in it that was measured by a clock, which is never the same twice.
  ///
  /// A training with a limit of time that goes on from it counts from zero.
  public func withoutTimes() -> TrainingState {
    var state = self
    state.progress = progress.withoutTimes()
    state.fallback = fallback.map { $0.withoutTimes() }
    return state
  }
}

extension TrainingState.Progress {
  fileprivate func withoutTimes() -> Self {
    var progress = self
    (progress.seconds, progress.validSeconds) = (0, 0)
    progress.last = last?.withoutTimes()
    progress.history = history.map {
      ValidationRecord(progress: $0.progress.withoutTimes(), trainLoss: $0.trainLoss, validLoss: $0.validLoss)
    }
    return progress
  }
}

extension TrainingProgress {
  fileprivate func withoutTimes() -> Self {
    var progress = self
    (progress.seconds, progress.tokensPerSecond) = (0, 0)
    return progress
  }
}
