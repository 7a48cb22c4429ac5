import RNNFormat
import RNNModel
import RNNTraining

/// A training on the terminal: shows its progress, and keeps the best model in its file.
final class TrainingSession {
  private let model: Model
  private let output: String
  private let metadata: JSONValue
  private let isJSON: Bool
  private var bar: ProgressBar
  private var records: [ValidationRecord] = []
  private var best: (parameters: [Float], loss: Double)?

  init(model: Model, output: String, metadata: JSONValue, isQuiet: Bool, isJSON: Bool) {
    self.model = model
    self.output = output
    self.metadata = metadata
    self.isJSON = isJSON
    bar = ProgressBar(isQuiet: isQuiet)
  }

  func run(_ trainer: Trainer) throws {
    Interrupt.waitForWork()
    let end: TrainingEnd
    do {
      end = try trainer.run(
        Trainer.Observer(
          progressed: { self.show($0) },
          validated: { try self.keep($0, isBest: $1, $2) },
          shouldStop: { Interrupt.isRequested }))
    } catch {
      bar.clear()
      if best != nil { Terminal.note("the best parameters so far are in '\(output.printable)'") }
      throw error
    }
    bar.clear()
    guard let best else {
      throw Failure("no parameters were good enough to keep: the loss is not finite", code: Failure.refused)
    }
    // Once more, with the whole history.
    let identity = try write(best.parameters)
    try report(end, identity, best.loss)
    if end == .stopped {
      throw Failure("stopped: the best parameters so far are in '\(output.printable)'", code: Failure.interrupted)
    }
  }

  private func show(_ progress: TrainingProgress) {
    bar.update(progress.fraction, seconds: progress.seconds, Self.line(progress))
  }

  private static func line(_ progress: TrainingProgress) -> String {
    let valid = progress.validLoss.map { " valid \(Format.number($0, 4))" } ?? ""
    return "epoch \(Format.number(progress.epoch, 2))  loss \(Format.number(progress.trainLoss, 4))\(valid)"
      + "  rate \(Format.short(progress.learningRate))  norm \(Format.number(progress.gradientNorm, 2))"
      + "  \(Format.count(Int(progress.tokensPerSecond))) tok/s"
  }

  private func keep(_ record: ValidationRecord, isBest: Bool, _ parameters: [Float]) throws {
    records.append(record)
    let mark = isBest ? "  kept" : ""
    bar.note(
      "step \(Format.count(record.progress.step))  epoch \(Format.number(record.progress.epoch, 2))"
        + "  train \(Format.number(record.trainLoss, 4))  valid \(Format.number(record.validLoss, 4)) nats\(mark)")
    guard isBest else { return }
    try write(parameters)
    best = (parameters, record.validLoss)
  }

  @discardableResult
  private func write(_ parameters: [Float]) throws -> String {
    let parameters = Parameters(table: model.parameters.table, values: parameters)
    let document = ModelDocument(
      architecture: model.architecture, vocabulary: model.vocabulary, metadata: metadata,
      lineage: [["event": "trained", "by": .string(Generator.text)]], history: history,
      proof: Proof(architecture: model.architecture, values: parameters.values.map { Double($0) }))
    return try ModelWriter().write(document, parameters: parameters, to: output)
  }

  private var history: History {
    func reals(_ value: (ValidationRecord) -> Double) -> History.Column { .reals(records.map(value)) }
    var history = History(columns: [
      "step": .integers(records.map { Int64($0.progress.step) }), "epoch": reals { $0.progress.epoch },
      "train_loss": reals { $0.trainLoss }, "valid_loss": reals { $0.validLoss },
      "learning_rate": reals { $0.progress.learningRate }, "gradient_norm": reals { $0.progress.gradientNorm },
    ])
    // Measured times are never the same twice: whoever wants the same bytes does not get them.
    if metadata["created"] == nil {
      history.columns["tokens_per_second"] = reals { $0.progress.tokensPerSecond }
      history.columns["seconds"] = reals { $0.progress.seconds }
    }
    return history
  }

  private func report(_ end: TrainingEnd, _ identity: String, _ loss: Double) throws {
    let last = records.last?.progress
    if isJSON {
      return try Terminal.print(
        .object([
          "file": .string(output), "model_id": .string(identity), "end": .string(end.rawValue),
          "steps": .integer(last?.step ?? 0), "epochs": .number(last?.epoch ?? 0),
          "seconds": .number(last?.seconds ?? 0), "tokens_per_second": .number(last?.tokensPerSecond ?? 0),
          "best_valid_loss": .number(loss), "parameters": .integer(model.parameters.values.count),
        ]))
    }
    try Terminal.print(
      Format.table([
        ["model", output.printable], ["identity", identity],
        ["best loss", "\(Format.number(loss, 4)) nats per token on the held-out part"],
        [
          "trained",
          "\(Format.count(last?.step ?? 0)) steps, \(Format.number(last?.epoch ?? 0, 2)) epochs in \(Format.duration(last?.seconds ?? 0)), \(Format.count(Int(last?.tokensPerSecond ?? 0))) tokens/s",
        ],
      ]))
  }
}
