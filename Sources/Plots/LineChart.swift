/// Lines through points, one a series; a point without numbers interrupts its line.
public struct LineChart: Chart {
  /// A line.
  public struct Series: Hashable, Sendable {
    /// Its name in the legend.
    public var name: String
    /// Its points from left to right.
    public var points: [PlotPoint]
    /// Its colour, counted from 0; nil for the next one.
    public var colour: Int?

    /// Makes a line.
    public init(_ name: String, _ points: [PlotPoint], colour: Int? = nil) {
      (self.name, self.points, self.colour) = (name, points, colour)
    }

    /// Makes a line of values at 0, 1, 2 ...
    public init(_ name: String, values: some Sequence<Double>, colour: Int? = nil) {
      self.init(name, values.enumerated().map { PlotPoint(Double($0.offset), $0.element) }, colour: colour)
    }
  }

  /// One line above the chart.
  public var title: String
  /// What is seen in it, for a screen reader.
  public var description: String
  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// The lines, the first one at the back.
  public var series: [Series]
  /// The width and height.
  public var size: PlotSize

  /// Makes a chart.
  public init(
    _ title: String, description: String, x: Axis, y: Axis, series: [Series], size: PlotSize = PlotSize(680, 340)
  ) {
    (self.title, self.description, self.x, self.y) = (title, description, x, y)
    (self.series, self.size) = (series, size)
  }

  /// The axes and the lines.
  public var content: [SVGElement] {
    let xMap = AxisMap(x, values: series.lazy.flatMap { $0.points.lazy.map(\.x) })
    let yMap = AxisMap(y, values: series.lazy.flatMap { $0.points.lazy.map(\.y) })
    let colours = series.enumerated().map { $0.element.colour ?? $0.offset }
    let frame = Frame(
      size: size, title: title, x: xMap, y: yMap, legend: zip(series, colours).map { ($0.name, $1) })
    return frame.elements() + zip(series, colours).flatMap { lines($0, colour: $1, in: frame) }
  }

  private func lines(_ series: Series, colour: Int, in frame: Frame) -> [SVGElement] {
    let places = series.points.map { point -> PlotPoint? in
      guard let across = frame.across(point.x), let down = frame.down(point.y) else { return nil }
      return PlotPoint(across, down)
    }
    return places.split(separator: nil).map { part in
      let run = Self.thinned(part.compactMap(\.self))
      if run.count == 1 {
        return SVGElement(
          "circle",
          [
            "cx": run[0].x, "cy": run[0].y, "r": 1.5, "class": PlotStyle.fillClass(colour),
            "fill": PlotStyle.colour(colour),
          ])
      }
      let points = run.map { "\(NumberText.coordinate($0.x)),\(NumberText.coordinate($0.y))" }
      return SVGElement(
        "polyline",
        [
          "fill": "none", "class": PlotStyle.lineClass(colour), "stroke": PlotStyle.colour(colour), "stroke-width": 1.5,
          "stroke-linejoin": "round", "points": points.joined(separator: " "),
        ])
    }
  }

  /// Of the points that share half a unit across: the first, the lowest, the highest and the last, in their order. A line of millions of
  /// points looks as if all were there.
  private static func thinned(_ points: [PlotPoint]) -> [PlotPoint] {
    guard points.count > 4000 else { return points }
    var kept: [PlotPoint] = []
    var start = 0
    while start < points.count {
      var end = start + 1
      while end < points.count, abs(points[end].x - points[start].x) < 0.5 { end += 1 }
      let part = start..<end
      let lowest = part.min { points[$0].y < points[$1].y } ?? start
      let highest = part.max { points[$0].y < points[$1].y } ?? start
      kept += Set([start, lowest, highest, end - 1]).sorted().map { points[$0] }
      start = end
    }
    return kept
  }
}
