/// Points in the plane, one colour a series.
public struct ScatterPlot: Chart {
  /// Points of one colour.
  public struct Series: Hashable, Sendable {
    /// The name in the legend.
    public var name: String
    /// The points.
    public var points: [PlotPoint]
    /// A word beside each point; empty for none.
    public var labels: [String]

    /// Makes a series.
    public init(_ name: String, _ points: [PlotPoint], labels: [String] = []) {
      (self.name, self.points, self.labels) = (name, points, labels)
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
  /// The points.
  public var series: [Series]
  /// Radii of circles around the origin; with one, both axes have the same unit.
  public var circles: [Double]
  /// The width and height.
  public var size: PlotSize

  /// Makes a chart.
  public init(
    _ title: String, description: String, x: Axis, y: Axis, series: [Series], circles: [Double] = [],
    size: PlotSize = PlotSize(560, 560)
  ) {
    (self.title, self.description, self.x, self.y) = (title, description, x, y)
    (self.series, self.circles, self.size) = (series, circles, size)
  }

  /// The axes, the circles and the points.
  public var content: [SVGElement] {
    let frame = frame
    var parts = frame.elements()
    for radius in circles {
      guard let centre = frame.across(0), let edge = frame.across(radius), let height = frame.down(0) else { continue }
      parts.append(
        SVGElement(
          "circle",
          [
            "cx": centre, "cy": height, "r": edge - centre, "fill": "none", "class": "axis", "stroke": "#1f2328",
            "stroke-dasharray": "4 3",
          ]))
    }
    for (index, series) in series.enumerated() {
      for (number, point) in series.points.enumerated() {
        guard let across = frame.across(point.x), let down = frame.down(point.y) else { continue }
        parts.append(
          SVGElement(
            "circle",
            [
              "cx": across, "cy": down, "r": 2.5, "class": PlotStyle.fillClass(index),
              "fill": PlotStyle.colour(index), "fill-opacity": 0.8,
            ]))
        if series.labels.indices.contains(number), !series.labels[number].isEmpty {
          parts.append(
            SVGElement(
              "text", ["x": across + 4, "y": down - 3, "font-size": 10], text: series.labels[number]))
        }
      }
    }
    return parts
  }

  private var frame: Frame {
    let legend = series.enumerated().map { ($0.element.name, $0.offset) }
    guard let largest = circles.max(), largest > 0, largest.isFinite else {
      let xMap = AxisMap(x, values: series.lazy.flatMap { $0.points.lazy.map(\.x) })
      let yMap = AxisMap(y, values: series.lazy.flatMap { $0.points.lazy.map(\.y) })
      return Frame(size: size, title: title, x: xMap, y: yMap, legend: legend)
    }
    // A circle is round where both axes have the same unit and as many units as they have space.
    let magnitudes = series.lazy.flatMap { $0.points.lazy.flatMap { [abs($0.x), abs($0.y)] } }.filter(\.isFinite)
    let reach = min(1e300, max(largest, magnitudes.max() ?? 0)) * 1.08
    let square = Axis(x.title, range: -reach...reach)
    let draft = Frame(
      size: size, title: title, x: AxisMap(square, values: []), y: AxisMap(square, values: []), legend: legend)
    let side = min(draft.width, draft.height)
    func axis(_ title: String, _ length: Double) -> AxisMap {
      let reach = reach * length / side
      return AxisMap(Axis(title, range: -reach...reach), values: [])
    }
    return Frame(
      size: size, title: title, x: axis(x.title, draft.width), y: axis(y.title, draft.height), legend: legend)
  }
}
