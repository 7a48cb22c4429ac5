extension Network {
  /// What comes in during a window, time-major.
  public enum Inputs: Sendable {
    /// Token ids `[steps, batch]`.
    case tokens([Int32])
    /// Vectors `[steps, batch, size]`.
    case features([Float])

    var tokens: [Int32] {
      if case .tokens(let tokens) = self { return tokens }
      return []
    }
  }

  /// What should come out during a window, time-major.
  public enum Targets: Sendable {
    /// The true class at each step `[steps, batch]`; negative ones do not count.
    case classes([Int32])
    /// For outputs that are independent bits `[steps, batch, outputs]`: 0 or 1.
    case bits([UInt8], width: Int)

    /// The number of steps, over all streams, that count.
    var count: Int {
      switch self {
      case .classes(let classes): classes.count { $0 >= 0 }
      case .bits(let bits, let width): bits.count / max(1, width)
      }
    }
  }
}
