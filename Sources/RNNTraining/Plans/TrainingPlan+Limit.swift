extension TrainingPlan {
  /// What ends a training. Each is counted from the very beginning, over all parts of a training that is resumed.
  public enum Limit: Hashable, Sendable, CaseIterable {
    /// ``TrainingPlan/maximumSteps``.
    case steps
    /// ``TrainingPlan/epochs``.
    case epochs
    /// ``TrainingPlan/maximumSeconds``.
    case time
  }

  /// The limit that a training has reached; nil if there is something left to do.
  public func limit(reachedBy progress: TrainingState.Progress) -> Limit? {
    if let maximumSteps, progress.step >= maximumSteps { return .steps }
    if let epochs, progress.epoch >= epochs { return .epochs }
    // What counts is the time of the last update, so that a resumed training ends where it ended.
    if let maximumSeconds, progress.step > 0, progress.seconds >= maximumSeconds { return .time }
    return nil
  }
}
