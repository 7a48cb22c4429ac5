/// Where a training stands after an update.
public struct TrainingProgress: Hashable, Sendable {
  /// The number of updates so far.
  public var step: Int
  /// How often the training text has been read so far.
  public var epoch: Double
  /// The part of the whole training that is done, 0 ... 1.
  public var fraction: Double
  /// The mean loss of late, in nats per token.
  public var trainLoss: Double
  /// The last validation's loss, in nats per token.
  public var validLoss: Double?
  /// Adam's step size.
  public var learningRate: Double
  /// The norm of the last gradient before clipping.
  public var gradientNorm: Double
  /// The training tokens read per second.
  public var tokensPerSecond: Double
  /// Since the training began.
  public var seconds: Double
}

/// One validation: a row of the history.
public struct ValidationRecord: Hashable, Sendable {
  /// Where the training stood.
  public var progress: TrainingProgress
  /// The mean training loss since the last validation, in nats per token.
  public var trainLoss: Double
  /// The loss on the held-out text, in nats per token.
  public var validLoss: Double
}

/// Why a training ended.
public enum TrainingEnd: String, Hashable, Sendable {
  /// All epochs or steps are done.
  case finished
  /// The time is up.
  case timeUp = "time_up"
  /// Somebody asked for it.
  case stopped
}

/// Why a training failed.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The loss or the gradient is no longer a finite number.
  case diverged(step: Int, learningRate: Double)
  /// The plan cannot be carried out.
  case invalidPlan(String)
  /// The text is too short for the plan.
  case tooShort(what: String, TextStreams.TooShort)

  /// One sentence.
  public var description: String {
    switch self {
    case .diverged(let step, let rate):
      "the training diverged at step \(step): the loss is not finite; try a learning rate below \(rate), or stronger clipping"
    case .invalidPlan(let what): "the plan of the training cannot be carried out: \(what)"
    case .tooShort(let what, let error): "the \(what): \(error); give more text or a smaller --batch"
    }
  }
}
