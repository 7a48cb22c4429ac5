extension Trainer {
  /// Trains to the end of the plan.
  ///
  /// - Returns: why it ended.
  /// - Throws: ``TrainingError/diverged(_:)``, what the text or the observer throws. What was validated before stays valid, and
  ///   so does the state that was saved last.
  public func run(_ observer: Observer = Observer()) throws -> TrainingEnd {
    let start = clock.now
    let before = progress.seconds
    func seconds() -> Double { before + (clock.now - start) / .seconds(1) }
    var lastSave = before
    var savedStep: Int?
    closing = nil
    if plan.recovery != nil, fallback == nil { fallback = state }

    var end: TrainingEnd?
    while end == nil {
      if let limit = plan.limit(reachedBy: progress) {
        end = limit == .time ? .timeUp : .finished
        break
      }
      do {
        try advance(seconds)
        observer.progressed(progress.last ?? Self.nothing)
        if isValidationDue { try validate(seconds, observer) }
        if observer.saveInterval.isDue(step: progress.step, secondsSinceLast: seconds() - lastSave)
          || observer.isSaveWanted()
        {
          try save(observer)
          savedStep = progress.step
          lastSave = seconds()
        }
      } catch TrainingError.diverged(let divergence) {
        progress.seconds = seconds()
        observer.recovered(try recover(divergence))
      }
      if plan.limit(reachedBy: progress) == nil, observer.shouldStop() { end = .stopped }
    }
    if savedStep != progress.step { try save(observer) }
    try close(seconds, observer)
    return end ?? .finished
  }

  var isValidationDue: Bool {
    plan.validation.interval.map { progress.step.isMultiple(of: $0) } ?? (progress.window == 0)
  }

  func fraction(_ seconds: Double) -> Double {
    var fraction = 0.0
    if let steps = plan.maximumSteps, steps > 0 { fraction = max(fraction, Double(progress.step) / Double(steps)) }
    if let epochs = plan.epochs, epochs > 0 { fraction = max(fraction, epochsRead / Double(epochs)) }
    if let limit = plan.maximumSeconds { fraction = max(fraction, limit > 0 ? seconds / limit : 1) }
    return min(1, fraction)
  }

  var epochsRead: Double { Double(progress.epoch) + Double(progress.position) / Double(source.length) }

  func save(_ observer: Observer) throws {
    try requireFiniteParameters()
    try observer.save(state)
  }
}
