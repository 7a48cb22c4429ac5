import Foundation
import RNNFormat
import RNNModel
import RNNText
import RNNTraining

/// A training on the terminal: shows its progress, and keeps its best parameters and its state in the model file.
final class TrainingSession {
  /// What a session keeps in the file besides the numbers.
  struct Frame {
    var recipe: Recipe
    var hashes: TextHashes
    var metadata: JSONValue
    var lineage: [JSONValue]
  }

  private let model: Model
  private let output: String
  private let frame: Frame
  private let isJSON: Bool
  /// Whether the state stays in the file when the training is done.
  private let keepsState: Bool
  private let interval: Trainer.SaveInterval
  /// Where the training can be watched, if anywhere.
  private let log: TrainingLog?
  private var bar: ProgressBar
  private var isImproved = false
  private var hasWritten = false

  init(
    model: Model, output: String, frame: Frame, interval: Trainer.SaveInterval, keepsState: Bool, log: TrainingLog?,
    isQuiet: Bool, isJSON: Bool
  ) {
    self.model = model
    self.output = output
    self.frame = frame
    self.interval = interval
    self.keepsState = keepsState
    self.isJSON = isJSON
    self.log = log
    bar = ProgressBar(isQuiet: isQuiet)
  }

  /// Trains to the end of the plan, and scores the test text.
  func run(_ trainer: Trainer, test: (any WindowSource)?) throws {
    Interrupt.waitForWork()
    let end: TrainingEnd
    do {
      end = try trainer.run(
        Trainer.Observer(
          progressed: {
            self.log?.note($0)
            self.show($0)
          },
          validated: { record, isBest, parameters in
            self.note(record, isBest: isBest)
            try self.log?.note(record, parameters)
          },
          save: { try self.write(trainer, state: $0) },
          saveInterval: interval,
          isSaveWanted: { self.isImproved },
          recovered: {
            self.log?.note($0)
            self.note($0)
          },
          shouldStop: { Interrupt.isRequested }))
    } catch TrainingError.diverged(let divergence) {
      bar.clear()
      let remedy =
        hasWritten
        ? "go on from '\(output.printable)' with --resume and a lower --learning-rate" : "try a lower --learning-rate"
      let rest =
        frame.recipe.plan.recovery.map { ", after \(Format.count($0.attempts, "recovery", "recoveries")) in vain" }
        ?? ", or let --recover do it"
      throw Failure("\(divergence); \(remedy)\(rest)", code: Failure.refused)
    } catch {
      bar.clear()
      throw error
    }
    bar.clear()
    guard let best = trainer.best else {
      throw Failure("no parameters were good enough to keep: the loss is not finite", code: Failure.refused)
    }
    let isStopped = end == .stopped
    let identity = try write(trainer, state: isStopped ? trainer.state : keepsState ? keptState(of: trainer) : nil)
    let testLoss = isStopped ? nil : try test.map { try trainer.loss(of: best.parameters, on: $0) }
    try report(end, trainer, identity, best.loss, testLoss)
    if isStopped {
      throw Failure(
        "stopped: go on with 'rnntool train --resume \(output.printable)'", code: Failure.interrupted)
    }
  }

  // MARK: The terminal

  private func show(_ progress: TrainingProgress) {
    bar.update(progress.fraction, seconds: progress.seconds, line(progress))
  }

  private func line(_ progress: TrainingProgress) -> [ProgressBar.Item] {
    [
      .init("epoch \(Format.number(progress.epoch, 2))", rank: 2),
      .init("loss \(Format.number(progress.trainLoss, 4))"), .init("(\(inPublicUnits(progress.trainLoss)))", rank: 3),
    ]
      + (progress.validLoss.map { [.init("valid \(Format.number($0, 4))", rank: 1)] } ?? [])
      + [
        .init("rate \(Format.short(progress.learningRate))"), .init("norm \(Format.short(progress.gradientNorm))"),
        .init("\(Format.count(progress.tokensPerSecond)) tok/s"),
      ]
  }

  /// Perplexity for words, bits for smaller symbols: what people compare.
  private func inPublicUnits(_ loss: Double) -> String {
    if model.labels != nil { return "perplexity \(Format.number(Foundation.exp(loss), 3))" }
    return switch model.vocabulary?.kind {
    case .words, .bpe: "perplexity \(Format.number(Foundation.exp(loss), 2))"
    case .bytes, .characters, nil: "\(Format.number(loss / Foundation.log(2), 3)) bits"
    }
  }

  private func note(_ record: ValidationRecord, isBest: Bool) {
    if isBest { isImproved = true }
    let mark = isBest ? "  best" : ""
    bar.note(
      "step \(Format.count(record.progress.step))  epoch \(Format.number(record.progress.epoch, 2))"
        + "  train \(Format.number(record.trainLoss, 4))  valid \(Format.number(record.validLoss, 4)) nats"
        + " (\(inPublicUnits(record.validLoss)))\(mark)")
  }

  private func note(_ recovery: RecoveryRecord) {
    bar.note(
      "\(recovery.divergence): back to step \(Format.count(recovery.step)), the rate times \(Format.short(recovery.rateFactor)) from here on"
    )
  }

  // MARK: The file

  /// Writes the best parameters so far, or the present ones before the first validation, with the state if there is one.
  ///
  /// What the closing validation of a run has found is in the model and its history, but not in the state: the training that goes on
  /// is one that was never cut.
  @discardableResult
  private func write(_ trainer: Trainer, state: TrainingState?) throws -> String {
    isImproved = false
    let values = trainer.best?.parameters ?? (state ?? trainer.state).parameters
    var model = model
    model.parameters.values = values
    let document = ModelDocument(
      architecture: model.architecture, vocabulary: model.vocabulary, labels: model.labels,
      metadata: frame.metadata,
      lineage: frame.lineage, history: history(trainer.history),
      proof: Proof(architecture: model.architecture, values: values.map { Double($0) }))
    let stored = state.map { StoredTraining(model: model, recipe: frame.recipe, hashes: frame.hashes, state: $0) }
    let identity = try ModelWriter().write(
      document, parameters: model.parameters, trainingState: try stored?.document(), to: output)
    hasWritten = true
    return identity
  }

  /// Measured times are never the same twice: whoever wants the same bytes, and says so by a time of creation, does not get them.
  private var recordsTimes: Bool { frame.metadata["created"] == nil }

  private func keptState(of trainer: Trainer) -> TrainingState {
    recordsTimes ? trainer.state : trainer.state.withoutTimes()
  }

  private func history(_ records: [ValidationRecord]) -> History {
    func reals(_ value: (ValidationRecord) -> Double) -> History.Column { .reals(records.map(value)) }
    var history = History(columns: [
      "step": .integers(records.map { Int64($0.progress.step) }), "epoch": reals { $0.progress.epoch },
      "train_loss": reals { $0.trainLoss }, "valid_loss": reals { $0.validLoss },
      "learning_rate": reals { $0.progress.learningRate }, "gradient_norm": reals { $0.progress.gradientNorm },
    ])
    if recordsTimes {
      history.columns["tokens_per_second"] = reals { $0.progress.tokensPerSecond }
      history.columns["seconds"] = reals { $0.progress.seconds }
    }
    return history
  }

  // MARK: The result

  private func report(
    _ end: TrainingEnd, _ trainer: Trainer, _ identity: String, _ loss: Double, _ testLoss: Double?
  ) throws {
    let last = trainer.lastProgress
    if isJSON {
      return try Terminal.print(
        .object(omittingNil: [
          "file": .string(output), "model_id": .string(identity), "end": .string(end.rawValue),
          "steps": .integer(last?.step ?? 0), "epochs": .number(last?.epoch ?? 0),
          "seconds": .number(last?.seconds ?? 0), "tokens_per_second": .number(last?.tokensPerSecond ?? 0),
          "best_valid_loss": .number(loss), "parameters": .integer(model.parameters.values.count),
          "test_loss": testLoss.map { .number($0) },
          "unknown_symbols": frame.metadata["extra"]?["unknown_symbols"],
        ]))
    }
    func described(_ loss: Double, _ what: String) -> String {
      "\(Format.number(loss, 4)) nats per \(model.labels == nil ? "token" : "label"), \(inPublicUnits(loss)), on the \(what)"
    }
    var rows = [
      ["model", output.printable], ["identity", identity], ["best loss", described(loss, "held-out part")],
    ]
    if let testLoss { rows.append(["test loss", described(testLoss, "test text")]) }
    rows.append([
      "trained",
      "\(Format.count(last?.step ?? 0, "step")), \(Format.number(last?.epoch ?? 0, 2)) epochs in \(Format.duration(last?.seconds ?? 0)), \(Format.count(last?.tokensPerSecond ?? 0)) tokens/s",
    ])
    try Terminal.print(Format.table(rows))
  }
}
