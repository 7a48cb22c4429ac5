/// A point of a chart, in the units of its axes.
public struct PlotPoint: Hashable, Sendable {
  /// On the horizontal axis.
  public var x: Double
  /// On the vertical axis.
  public var y: Double

  /// Makes a point.
  public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
}
