/// Why a gradient cannot be computed in the way that was asked for.
public enum ReferenceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Truncated back-propagation needs 1 <= k1 <= k2.
  case truncation(k1: Int, k2: Int)
  /// A layer runs backward, but the method goes forward in time.
  case backwardLayer(String)
  /// Real-time recurrent learning would cost more than the limit.
  case tooLarge(RTRLCost, limit: Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .truncation(let k1, let k2):
      "Truncated back-propagation needs 1 <= k1 <= k2, and not k1 = \(k1), k2 = \(k2)."
    case .backwardLayer(let name): "Layer '\(name)' needs the whole sequence, but this method goes forward in time."
    case .tooLarge(let cost, let limit):
      "Real-time recurrent learning would take \(cost.operationsPerStep) multiplications a step and "
        + "\(cost.bytes) bytes for its \(cost.influences) derivatives of the state, of which \(limit) are allowed."
    }
  }
}
