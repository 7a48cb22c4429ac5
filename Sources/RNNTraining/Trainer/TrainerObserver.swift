extension Trainer {
  /// What the training has to say, and what it asks.
  public struct Observer {
    /// Called after every update.
    public var progressed: (TrainingProgress) -> Void
    /// Called after each validation; `isBest` says that these parameters are the best so far.
    public var validated: (ValidationRecord, _ isBest: Bool, _ parameters: [Float]) throws -> Void
    /// Called with the whole state when it is to be saved, and before `run` returns.
    ///
    /// The state must not be kept: then the next update would have to copy all of it.
    public var save: (TrainingState) throws -> Void
    /// When the state is to be saved.
    public var saveInterval: SaveInterval
    /// Asked after every update: whether to save the state although it is not time.
    public var isSaveWanted: () -> Bool
    /// Called when the training has gone back after a divergence; the history is then what it was at that step.
    public var recovered: (RecoveryRecord) -> Void
    /// Asked after every update: whether to stop.
    public var shouldStop: () -> Bool

    /// Makes an observer.
    public init(
      progressed: @escaping (TrainingProgress) -> Void = { _ in },
      validated: @escaping (ValidationRecord, _ isBest: Bool, _ parameters: [Float]) throws -> Void = { _, _, _ in },
      save: @escaping (TrainingState) throws -> Void = { _ in }, saveInterval: SaveInterval = SaveInterval(),
      isSaveWanted: @escaping () -> Bool = { false },
      recovered: @escaping (RecoveryRecord) -> Void = { _ in }, shouldStop: @escaping () -> Bool = { false }
    ) {
      self.progressed = progressed
      self.validated = validated
      self.save = save
      self.saveInterval = saveInterval
      self.isSaveWanted = isSaveWanted
      self.recovered = recovered
      self.shouldStop = shouldStop
    }
  }

  /// How often the state is to be saved: whichever comes first.
  public struct SaveInterval: Hashable, Sendable {
    /// After every so many updates, counted from the first of all; nil for never.
    public var steps: Int?
    /// After so many seconds since the last time; nil for never.
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
