/// One validation: a row of the history.
public struct ValidationRecord: Hashable, Sendable, Codable {
  /// Where the training stood.
  public var progress: TrainingProgress
  /// The mean training loss since the last validation, in nats per token.
  public var trainLoss: Double
  /// The loss on the held-out text, in nats per token.
  public var validLoss: Double

  private enum CodingKeys: String, CodingKey {
    case progress
    case trainLoss = "train_loss"
    case validLoss = "valid_loss"
  }
}
