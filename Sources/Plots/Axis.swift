/// An axis as its reader sees it.
public struct Axis: Hashable, Sendable {
  /// How numbers are laid out.
  public enum Scale: Hashable, Sendable {
    /// At even distances.
    case linear
    /// By their logarithm; numbers that have none are left out.
    case logarithmic
  }

  /// What the numbers are, with their unit.
  public var title: String
  /// How they are laid out.
  public var scale: Scale
  /// From where to where; nil for all that is drawn.
  public var range: ClosedRange<Double>?

  /// Makes an axis.
  public init(_ title: String, scale: Scale = .linear, range: ClosedRange<Double>? = nil) {
    self.title = title
    self.scale = scale
    self.range = range
  }
}
