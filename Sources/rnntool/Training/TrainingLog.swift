import Foundation
import RNNFormat
import RNNGeneration
import RNNInspection
import RNNModel
import RNNTraining

/// Writes down how a training goes, for TensorBoard and as CSV.
final class TrainingLog {
  private let model: Model
  private let events: EventFile?
  private let table: HistoryFile?
  /// What went wrong where nothing can be thrown.
  private var failure: (any Error)?

  /// The tokens of a sample.
  private static let sampleLength = 300

  /// - Parameters:
  ///   - options: what is wanted.
  ///   - model: the model, whose parameters do not matter.
  ///   - step: the updates that lie behind a training that is resumed; nil for a new one.
  ///   - mayReplace: whether a new training may replace a CSV file.
  /// - Throws: `FormatError`, ``Failure``.
  init(_ options: WatchOptions, model: Model, resumedAt step: Int?, mayReplace: Bool) throws {
    self.model = model
    if let path = options.csv {
      if step == nil { try Input.check(path, mayReplace: mayReplace) }
      table = try HistoryFile(path, goingOnAfter: step)
    } else {
      table = nil
    }
    events = try options.tensorboard.map { try EventFile(in: $0, time: Self.now) }
    if let step { try events?.append(TrainingEvent(restartingAfter: step, time: Self.now)) }
  }

  private static var now: Double { Date().timeIntervalSince1970 }

  /// Notes an update: every one of the first thousand, every tenth up to ten thousand, and so on, so that the files of long trainings stay small.
  func note(_ progress: TrainingProgress) {
    guard let events, failure == nil else { return }
    var interval = 1
    while progress.step / interval > 1000 { interval *= 10 }
    guard progress.step.isMultiple(of: interval) else { return }
    do {
      try events.append(
        TrainingEvent(
          step: progress.step, time: Self.now,
          values: [
            ("loss/training", .scalar(progress.trainLoss)), ("epoch", .scalar(progress.epoch)),
            ("learning_rate", .scalar(progress.learningRate)), ("gradient_norm", .scalar(progress.gradientNorm)),
            ("tokens_per_second", .scalar(progress.tokensPerSecond)),
          ]))
    } catch {
      failure = error
    }
  }

  /// Notes a validation.
  ///
  /// - Parameter parameters: those that were validated.
  /// - Throws: `FormatError`, also for what could not be written since the last validation.
  func note(_ record: ValidationRecord, _ parameters: [Float]) throws {
    if let failure { throw failure }
    try table?.append(record)
    guard let events else { return }
    let step = record.progress.step
    var values: [(name: String, value: TrainingEvent.Value)] = [
      ("loss/validation", .scalar(record.validLoss)), ("loss/training_since_validation", .scalar(record.trainLoss)),
    ]
    for entry in model.parameters.table.entries where entry.range.upperBound <= parameters.count {
      let bytes = LittleEndian.bytes(parameters[entry.range])
      values.append((entry.path, .histogram(TensorStatistics(bytes, type: .float32))))
    }
    if let text = try sample(parameters) { values.append(("sample", .text(text))) }
    try events.append(TrainingEvent(step: step, time: Self.now, values: values))
  }

  /// Notes that a training has gone back: what came after that update has not happened.
  func note(_ recovery: RecoveryRecord) {
    do {
      try table?.drop(after: recovery.step)
      try events?.append(TrainingEvent(restartingAfter: recovery.step, time: Self.now))
    } catch {
      failure = error
    }
  }

  /// What the model writes now, as a block of code in Markdown; always drawn with the same numbers.
  private func sample(_ parameters: [Float]) throws -> String? {
    guard let vocabulary = model.vocabulary else { return nil }
    var model = model
    model.parameters.values = parameters
    let reader = try model.languageModel(longestWindow: 1)
    var sampler = Sampler(chain: DecodingChain(excluding: vocabulary.specials), seed: 0)
    var tokens: [Int32] = []
    try sampler.sample(Self.sampleLength, after: [], from: reader, frequencies: vocabulary.counts) { draw in
      tokens.append(draw.token)
      return true
    }
    // Indented by four, every line is code, whatever is in it.
    return String(decoding: vocabulary.decode(tokens), as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false
    ).map { "    " + $0 }.joined(separator: "\n")
  }
}
