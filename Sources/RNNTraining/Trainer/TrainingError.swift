import RNNText

/// Why a training failed.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The loss, the gradient or the parameters are no longer finite, or the loss exploded.
  case diverged(Divergence)
  /// The plan cannot be carried out.
  case invalidPlan(String)
  /// The plan names a tensor that the architecture does not have.
  case unknownTensor(String)
  /// The state cannot be resumed with this model, plan and text.
  case invalidState(String)
  /// The text is too short for the plan.
  case tooShort(what: String, TextStreams.TooShort)
  /// The streams of the text are not as many as those of the plan.
  case wrongBatch(streams: Int, plan: Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .diverged(let divergence): "\(divergence); try a lower learning rate, or stronger clipping"
    case .invalidPlan(let what): "the plan of the training cannot be carried out: \(what)"
    case .unknownTensor(let path): "the plan freezes '\(path)', but the model has no such tensor"
    case .invalidState(let what): "the training cannot be resumed: \(what)"
    case .tooShort(let what, let error): "the \(what): \(error); give more text or a smaller --batch"
    case .wrongBatch(let streams, let plan): "the text is cut into \(streams) streams, but the plan asks for \(plan)"
    }
  }
}
