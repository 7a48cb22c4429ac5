extension Trainer {
  /// What the training has to say, and what it asks.
  public struct Observer {
    /// Called after every update.
    public var progressed: (TrainingProgress) -> Void
    /// Called after each validation; `isBest` says that these parameters are the best so far.
    public var validated: (ValidationRecord, _ isBest: Bool, _ parameters: [Float]) throws -> Void
    /// Called with the whole state when a checkpoint is due, and before `run` returns.
    ///
    /// The state must not be kept: then the next update would have to copy all of it.
    public var checkpoint: (TrainingState) throws -> Void
    /// When checkpoints are due.
    public var checkpointInterval: CheckpointInterval
    /// Asked after every update: whether a checkpoint is wanted although none is due.
    public var isCheckpointWanted: () -> Bool
    /// Called when the training has gone back after a divergence; the history is then what it was at that step.
    public var recovered: (RecoveryRecord) -> Void
    /// Asked after every update: whether to stop.
    public var shouldStop: () -> Bool

    /// Makes an observer.
    public init(
      progressed: @escaping (TrainingProgress) -> Void = { _ in },
      validated: @escaping (ValidationRecord, _ isBest: Bool, _ parameters: [Float]) throws -> Void = { _, _, _ in },
      checkpoint: @escaping (TrainingState) throws -> Void = { _ in },
      checkpointInterval: CheckpointInterval = CheckpointInterval(),
      isCheckpointWanted: @escaping () -> Bool = { false },
      recovered: @escaping (RecoveryRecord) -> Void = { _ in }, shouldStop: @escaping () -> Bool = { false }
    ) {
      self.progressed = progressed
      self.validated = validated
      self.checkpoint = checkpoint
      self.checkpointInterval = checkpointInterval
      self.isCheckpointWanted = isCheckpointWanted
      self.recovered = recovered
      self.shouldStop = shouldStop
    }
  }

  /// How often a checkpoint is due: whichever comes first.
  public struct CheckpointInterval: Hashable, Sendable {
    /// After every so many updates, counted from the first of all; nil for never.
    public var steps: Int?
    /// After so many seconds since the last one; nil for never.
    public var seconds: Double?

    /// By default, never but at the end.
    public init(steps: Int? = nil, seconds: Double? = nil) {
      self.steps = steps
      self.seconds = seconds
    }

    func isDue(step: Int, secondsSinceLast: Double) -> Bool {
      if let steps, steps > 0, step.isMultiple(of: steps) { return true }
      return seconds.map { secondsSinceLast >= $0 } ?? false
    }
  }
}
