extension Trainer {
  func isBest(_ loss: Double) -> Bool { loss.isFinite && loss < progress.bestLoss ?? .infinity }

  /// The validation of the present parameters, as a row of the history.
  func validationRecord(
    _ parameters: [Float], _ seconds: () -> Double
  ) throws -> (record: ValidationRecord, seconds: Double) {
    let before = seconds()
    let loss = try validation.loss(parameters)
    var shown = progress.last ?? Self.nothing
    shown.validLoss = loss
    let trainLoss = progress.lossSinceValidation / Double(max(1, progress.tokensSinceValidation))
    let record = ValidationRecord(progress: shown, trainLoss: trainLoss, validLoss: loss)
    guard loss.isFinite else {
      throw TrainingError.diverged(found(.validation, rate: shown.learningRate, loss: nil))
    }
    return (record, seconds() - before)
  }

  func validate(_ seconds: () -> Double, _ observer: Observer) throws {
    let parameters = optimizer.evaluated(network.parameters)
    let (record, duration) = try validationRecord(parameters, seconds)
    let isBest = isBest(record.validLoss)
    if isBest {
      progress.bestLoss = record.validLoss
      progress.bestStep = progress.step
      bestParameters = parameters
    }
    triggerAveraging(record.validLoss)
    progress.history.append(record)
    progress.last?.validLoss = record.validLoss
    progress.lossSinceValidation = 0
    progress.tokensSinceValidation = 0
    progress.validSeconds += duration
    progress.seconds = seconds()
    plan.schedule.observe(record.validLoss, &progress.schedule)
    try observer.validated(record, isBest, parameters)
  }

  /// Begins to average when a validation is worse than the best of all but the last few before it (Merity et al. 2018,
  /// algorithm 1).
  func triggerAveraging(_ loss: Double) {
    guard case .averagedSGD(let nonMonotone) = plan.optimizer, !optimizer.isAveraging else { return }
    if let best = progress.history.dropLast(nonMonotone).map(\.validLoss).min(), loss > best {
      optimizer.startAveraging(from: network.parameters)
    }
  }

  /// The last word of a run: validates what the plan has not, beside the state, so that a resumed training does not notice.
  func close(_ seconds: () -> Double, _ observer: Observer) throws {
    guard progress.history.last?.progress.step != progress.step || progress.step == 0 else { return }
    let parameters = optimizer.evaluated(network.parameters)
    let record = try validationRecord(parameters, seconds).record
    closing = (record, parameters)
    try observer.validated(record, isBest(record.validLoss), parameters)
  }

  /// Before the first update.
  static let nothing = TrainingProgress(
    step: 0, epoch: 0, fraction: 0, trainLoss: 0, validLoss: nil, learningRate: 0, gradientNorm: 0, tokensPerSecond: 0,
    seconds: 0)
}
