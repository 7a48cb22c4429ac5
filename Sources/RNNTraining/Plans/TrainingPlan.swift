import RNNModel

/// How a model is trained: every number that decides about the result.
public struct TrainingPlan: Hashable, Sendable {
  /// What the gradient of one window is the gradient of.
  public enum Loss: String, Hashable, Sendable, Codable {
    /// The mean over all targets, as in word_language_model and AWD-LSTM.
    case mean
    /// The sum over the steps of the mean over the streams, as in char-rnn and in the program of Zaremba et al.: `length`
    /// times as large, which counts for gradient descent and for clipping.
    case sumOverSteps = "sum_over_steps"
  }

  /// How often the training text is read; nil for no end.
  public var epochs: Int?
  /// How many updates at most.
  public var maximumSteps: Int?
  /// How long at most, in seconds, over all parts of a resumed training.
  public var maximumSeconds: Double?
  /// The number of streams read side by side, B.
  public var batch: Int
  /// The steps of a window, k2 of truncated back-propagation: gradients flow back through so many steps.
  public var length: Int
  /// The steps between two updates, k1 (Williams & Peng 1990); nil for the length.
  ///
  /// With k1 < k2 the windows overlap: each reads k2 steps again, from the state that was kept there, and only the last k1 targets
  /// count. Reading a text once then costs k2 / k1 times as much. The kept state comes from up to k2 / k1 updates before.
  public var updateInterval: Int?
  /// Windows of random length; nil for all the same.
  public var randomLengths: RandomLengths?
  /// Whether the state at the end of the text is the one at its beginning in the next epoch, as in char-rnn; otherwise each
  /// epoch begins with the initial state.
  public var carriesStateOverEpochs: Bool
  /// What the gradient of a window is the gradient of.
  public var loss: Loss
  /// How the gradient changes the parameters.
  public var optimizer: Optimizer
  /// The step size before the schedule.
  public var learningRate: Double
  /// How the step size changes.
  public var schedule: Schedule
  /// The factor of weight decay, of all parameters that are not frozen; nil for the optimizer's default.
  public var weightDecay: Double?
  /// How the gradient is limited; nil to leave it alone.
  public var clipping: Clipping?
  /// The paths (`layer/name`) of tensors that do not change, have no weight decay and no part in the gradient's norm.
  public var frozen: [String]
  /// Embedding dropout, weight drop, penalties.
  public var regularisation: Regularisation
  /// The held-out text.
  public var validation: Validation
  /// The training has diverged when the loss of a window is more than this multiple of the mean of late, and more than that
  /// many nats; nil for only when it is no longer finite.
  public var explosion: Double?
  /// What to do then; nil to stop.
  public var recovery: Recovery?
  /// The seed of all chance in training.
  public var seed: UInt64 {
    get { storedSeed.value }
    set { storedSeed.value = newValue }
  }
  private var storedSeed: Seed

  /// Makes a plan; without a limit, it is ten epochs.
  public init(
    epochs: Int? = 10, maximumSteps: Int? = nil, maximumSeconds: Double? = nil, batch: Int = 32, length: Int = 64,
    updateInterval: Int? = nil, randomLengths: RandomLengths? = nil, carriesStateOverEpochs: Bool = false,
    loss: Loss = .mean, optimizer: Optimizer = .adam, learningRate: Double = 0.005,
    schedule: Schedule = .cosine(final: 0.1), weightDecay: Double? = nil, clipping: Clipping? = .norm(5),
    frozen: [String] = [], regularisation: Regularisation = Regularisation(), validation: Validation = Validation(),
    explosion: Double? = 10, recovery: Recovery? = nil, seed: UInt64 = 1
  ) {
    self.epochs = epochs
    self.maximumSteps = maximumSteps
    self.maximumSeconds = maximumSeconds
    self.batch = batch
    self.length = length
    self.updateInterval = updateInterval
    self.randomLengths = randomLengths
    self.carriesStateOverEpochs = carriesStateOverEpochs
    self.loss = loss
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.schedule = schedule
    self.weightDecay = weightDecay
    self.clipping = clipping
    self.frozen = frozen
    self.regularisation = regularisation
    self.validation = validation
    self.explosion = explosion
    self.recovery = recovery
    storedSeed = Seed(value: seed)
  }

  /// The steps between two updates.
  var stride: Int { updateInterval ?? length }

}

/// The plan as JSON: what the state of a training and the metadata of a model hold. Every number is written, also those that are defaults;
/// read, one that is absent is the default, and a limit that is absent is none.
extension TrainingPlan: Codable {
  private enum CodingKeys: String, CodingKey {
    case epochs, batch, length, loss, optimizer, schedule, clipping, frozen, regularisation, validation, explosion
    case recovery
    case storedSeed = "seed"
    case maximumSteps = "maximum_steps"
    case maximumSeconds = "maximum_seconds"
    case updateInterval = "update_interval"
    case randomLengths = "random_lengths"
    case carriesStateOverEpochs = "carries_state_over_epochs"
    case learningRate = "learning_rate"
    case weightDecay = "weight_decay"
  }

  /// Reads a plan.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    epochs = try values.decodeIfPresent(Int.self, forKey: .epochs)
    maximumSteps = try values.decodeIfPresent(Int.self, forKey: .maximumSteps)
    maximumSeconds = try values.decodeIfPresent(Double.self, forKey: .maximumSeconds)
    batch = try values.decode(Int.self, forKey: .batch)
    length = try values.decode(Int.self, forKey: .length)
    updateInterval = try values.decodeIfPresent(Int.self, forKey: .updateInterval)
    randomLengths = try values.decodeIfPresent(RandomLengths.self, forKey: .randomLengths)
    carriesStateOverEpochs = try values.decode(.carriesStateOverEpochs, else: carriesStateOverEpochs)
    loss = try values.decode(.loss, else: loss)
    optimizer = try values.decode(Optimizer.self, forKey: .optimizer)
    learningRate = try values.decode(Double.self, forKey: .learningRate)
    schedule = try values.decode(Schedule.self, forKey: .schedule)
    weightDecay = try values.decodeIfPresent(Double.self, forKey: .weightDecay)
    clipping = try values.decodeIfPresent(Clipping.self, forKey: .clipping)
    frozen = try values.decode(.frozen, else: frozen)
    regularisation = try values.decode(.regularisation, else: regularisation)
    validation = try values.decode(.validation, else: validation)
    explosion = try values.decodeIfPresent(Double.self, forKey: .explosion)
    recovery = try values.decodeIfPresent(Recovery.self, forKey: .recovery)
    storedSeed = try values.decode(Seed.self, forKey: .storedSeed)
  }
}
