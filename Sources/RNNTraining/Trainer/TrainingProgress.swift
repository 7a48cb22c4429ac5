/// Where a training stands after an update.
public struct TrainingProgress: Hashable, Sendable, Codable {
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
  /// The step size of the last update.
  public var learningRate: Double
  /// The norm of the last gradient before clipping.
  public var gradientNorm: Double
  /// The training tokens read per second.
  public var tokensPerSecond: Double
  /// Since the training began, over all its parts.
  public var seconds: Double

  private enum CodingKeys: String, CodingKey {
    case step, epoch, fraction, seconds
    case trainLoss = "train_loss"
    case validLoss = "valid_loss"
    case learningRate = "learning_rate"
    case gradientNorm = "gradient_norm"
    case tokensPerSecond = "tokens_per_second"
  }
}
