extension TrainingState.Progress {
  /// Whether all counters and times are what some training can have counted, with room to count on.
  var isInRange: Bool {
    let counters = [
      step, epoch, window, position, tokens, tokensSinceValidation, optimizerStep, averagedSteps, schedule.badChecks,
      bestStep ?? 0, last?.step ?? 0,
    ]
    let numbers = [
      seconds, validSeconds, lossSinceValidation, schedule.best ?? 0, schedule.factor, rateFactor, bestLoss ?? 0,
      recent.value,
    ]
    return counters.allSatisfy { (0...1 << 53).contains($0) } && numbers.allSatisfy(\.isFinite)
      && validSeconds >= 0 && validSeconds <= seconds && rateFactor >= 0 && schedule.factor >= 0
      && history.allSatisfy { (0...1 << 53).contains($0.progress.step) }
  }
}
