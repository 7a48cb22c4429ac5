import Kernels
import RNNModel

/// All of a training between two updates: a training that takes it up goes on with the same bits as one that never stopped.
///
/// The numbers for people and counters are in ``progress``, which is small; the rest are flat arrays. The ``TrainingPlan`` is no part of it:
/// who keeps the state keeps that beside it. ``arrays(beside:)``, ``words`` and ``record`` together are the state in the form that a file stores.
public struct TrainingState: Equatable, Sendable {
  /// Counters and histories.
  public struct Progress: Hashable, Sendable, Codable {
    /// The number of updates so far.
    public var step = 0
    /// The number of whole epochs so far.
    public var epoch = 0
    /// The number of updates in this epoch.
    public var window = 0
    /// The position in the streams of the next target.
    public var position = 0
    /// The seconds of training so far, over all parts.
    public var seconds = 0.0
    /// The seconds of them that validation took.
    public var validSeconds = 0.0
    /// The training tokens read so far.
    public var tokens = 0
    /// What the schedule remembers.
    public var schedule = Schedule.State()
    /// What recoveries have made of the learning rate.
    public var rateFactor = 1.0
    /// The updates of the optimizer.
    public var optimizerStep = 0
    /// The updates since averaging began.
    public var averagedSteps = 0
    /// The loss of late.
    var recent = RunningMean()
    /// The summed loss since the last validation, in nats.
    var lossSinceValidation = 0.0
    /// The tokens since the last validation.
    var tokensSinceValidation = 0
    /// The last row of progress, before the first update nil.
    public var last: TrainingProgress?
    /// The lowest validation loss, in nats per token.
    public var bestLoss: Double?
    /// The number of updates after which it was found.
    public var bestStep: Int?
    /// All validations.
    public var history: [ValidationRecord] = []
    /// All times that the training went back.
    public var recoveries: [RecoveryRecord] = []
    /// The positions at which the carried states stand.
    var carriedPositions = [0]

    /// Before the first update.
    init() {}

    private enum CodingKeys: String, CodingKey {
      case step, epoch, window, position, seconds, tokens, schedule, recent, last, history, recoveries
      case validSeconds = "valid_seconds"
      case rateFactor = "rate_factor"
      case optimizerStep = "optimizer_step"
      case averagedSteps = "averaged_steps"
      case lossSinceValidation = "loss_since_validation"
      case tokensSinceValidation = "tokens_since_validation"
      case bestLoss = "best_loss"
      case bestStep = "best_step"
      case carriedPositions = "carried_positions"
    }

    /// Reads what a training counts; what came later than its first version, and what it has not begun to count, may be absent.
    ///
    /// - Throws: `DecodingError`.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      step = try values.decode(Int.self, forKey: .step)
      epoch = try values.decode(Int.self, forKey: .epoch)
      window = try values.decode(Int.self, forKey: .window)
      position = try values.decode(Int.self, forKey: .position)
      seconds = try values.decode(Double.self, forKey: .seconds)
      validSeconds = try values.decode(.validSeconds, else: validSeconds)
      tokens = try values.decode(Int.self, forKey: .tokens)
      schedule = try values.decode(.schedule, else: schedule)
      rateFactor = try values.decode(.rateFactor, else: rateFactor)
      optimizerStep = try values.decode(Int.self, forKey: .optimizerStep)
      averagedSteps = try values.decode(.averagedSteps, else: averagedSteps)
      recent = try values.decode(.recent, else: recent)
      lossSinceValidation = try values.decode(.lossSinceValidation, else: lossSinceValidation)
      tokensSinceValidation = try values.decode(.tokensSinceValidation, else: tokensSinceValidation)
      last = try values.decodeIfPresent(TrainingProgress.self, forKey: .last)
      bestLoss = try values.decodeIfPresent(Double.self, forKey: .bestLoss)
      bestStep = try values.decodeIfPresent(Int.self, forKey: .bestStep)
      history = try values.decode(.history, else: history)
      recoveries = try values.decode(.recoveries, else: recoveries)
      carriedPositions = try values.decode([Int].self, forKey: .carriedPositions)
    }
  }

  /// Counters and histories.
  public var progress: Progress
  /// The current parameters, in the order of the table.
  public var parameters: [Float]
  /// What the optimizer remembers, by name; each as long as the parameters.
  public var slots: [String: [Float]]
  /// The parameters of the lowest validation loss; empty if there was none.
  public var bestParameters: [Float]
  /// The state of the network at each of the positions that windows may still begin at; an empty one is the initial state.
  public var carried: [[Float]]
  /// The source of all chance.
  public var generator: RandomGenerator
  /// The state to go back to after a divergence; at most one.
  public var fallback: [TrainingState]
}
