/// How a model is trained: every number that decides about the result.
public struct TrainingPlan: Hashable, Sendable {
  /// How often the training text is read; nil for no end.
  public var epochs: Int?
  /// How many updates at most.
  public var maximumSteps: Int?
  /// How long at most, in seconds.
  public var maximumSeconds: Double?
  /// The number of streams read side by side, B.
  public var batch: Int
  /// The symbols of each stream between two updates, T: gradients flow back through so many steps.
  public var length: Int
  /// Adam's step size.
  public var learningRate: Double
  /// The step size falls along a cosine to this part of itself over the whole training; 1 keeps it constant.
  public var finalLearningRateFraction: Double
  /// The largest norm of the gradient; nil to leave it alone.
  public var clip: Double?
  /// How many updates between two validations; nil for once an epoch.
  public var validationInterval: Int?
  /// The seed of dropout.
  public var seed: UInt64

  /// Makes a plan; without a limit, it is ten epochs.
  public init(
    epochs: Int? = 10, maximumSteps: Int? = nil, maximumSeconds: Double? = nil, batch: Int = 32, length: Int = 64,
    learningRate: Double = 0.005, finalLearningRateFraction: Double = 0.1, clip: Double? = 5,
    validationInterval: Int? = nil, seed: UInt64 = 1
  ) {
    self.epochs = epochs
    self.maximumSteps = maximumSteps
    self.maximumSeconds = maximumSeconds
    self.batch = batch
    self.length = length
    self.learningRate = learningRate
    self.finalLearningRateFraction = finalLearningRateFraction
    self.clip = clip
    self.validationInterval = validationInterval
    self.seed = seed
  }

  /// Throws ``TrainingError/invalidPlan(_:)`` for sizes and rates that make no sense.
  func check() throws(TrainingError) {
    let sizes = [("batch", batch), ("length", length), ("validationInterval", validationInterval ?? 1)]
    for (name, size) in sizes where size < 1 { throw .invalidPlan("\(name) is \(size), but has to be positive") }
    guard learningRate.isFinite, finalLearningRateFraction.isFinite else {
      throw .invalidPlan("the learning rate has to be finite")
    }
    if let clip, !(clip > 0) { throw .invalidPlan("clip is \(clip), but has to be positive, or nil") }
  }
}
