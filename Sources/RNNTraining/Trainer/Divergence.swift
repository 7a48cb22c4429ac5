/// A training that has left the numbers in which it can learn: what went wrong, and where.
public struct Divergence: Hashable, Sendable, Codable, CustomStringConvertible {
  /// What was found.
  public enum Cause: String, Hashable, Sendable, Codable {
    /// The loss of a window is no finite number.
    case loss = "loss_not_finite"
    /// The gradient's norm is no finite number.
    case gradient = "gradient_not_finite"
    /// The loss of a window is far above the mean of late.
    case explosion = "loss_exploded"
    /// The loss on the held-out text is no finite number.
    case validation = "validation_loss_not_finite"
    /// A parameter is no finite number.
    case parameters = "parameters_not_finite"
  }

  /// What was found.
  public var cause: Cause
  /// The update in which it was found, counted from 1.
  public var step: Int
  /// The epoch, counted from 1.
  public var epoch: Int
  /// The window (batch) of the epoch, counted from 1.
  public var window: Int
  /// The first position in each stream whose targets the window counts.
  public var position: Int
  /// The step size.
  public var learningRate: Double
  /// The loss of the window, in nats per token; nil if it is not finite.
  public var loss: Double?

  private enum CodingKeys: String, CodingKey {
    case cause, step, epoch, window, position, loss
    case learningRate = "learning_rate"
  }

  /// One sentence without its full stop.
  public var description: String {
    let what =
      switch cause {
      case .loss: "the loss is not finite"
      case .gradient: "the gradient is not finite"
      case .explosion: "the loss rose to \(loss.map { "\($0)" } ?? "infinity") nats per token"
      case .validation: "the validation loss is not finite"
      case .parameters: "a parameter is not finite"
      }
    return "the training diverged at step \(step) (epoch \(epoch), window \(window), learning rate \(learningRate)): "
      + what
  }
}

/// One time that a training went back after a divergence.
public struct RecoveryRecord: Hashable, Sendable, Codable {
  /// What had happened.
  public var divergence: Divergence
  /// The number of updates of the state that it went back to.
  public var step: Int
  /// What the learning rate is multiplied with from then on.
  public var rateFactor: Double

  private enum CodingKeys: String, CodingKey {
    case divergence, step
    case rateFactor = "rate_factor"
  }
}
