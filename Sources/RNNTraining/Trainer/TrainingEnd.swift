/// Why a training ended.
public enum TrainingEnd: String, Hashable, Sendable {
  /// All epochs or steps are done.
  case finished
  /// The time is up.
  case timeUp = "time_up"
  /// Somebody asked for it.
  case stopped
}
