/// A bar for each name, from left to right, with one colour for each series.
public struct BarChart: Chart {
  /// One line above the chart.
  public var title: String
  /// What is seen in it, for a screen reader.
  public var description: String
  /// What the names are.
  public var x: String
  /// The vertical axis.
  public var y: Axis
  /// A name under each group of bars.
  public var names: [String]
  /// The bars of one colour, one for each name.
  public var series: [Histogram.Series]
  /// The width and height.
  public var size: PlotSize

  /// Makes a chart.
  public init(
    _ title: String, description: String, x: String, y: Axis, names: [String], series: [Histogram.Series],
    size: PlotSize = PlotSize(680, 300)
  ) {
    (self.title, self.description, self.x, self.y) = (title, description, x, y)
    (self.names, self.series, self.size) = (names, series, size)
  }

  /// The axes and the bars.
  public var content: [SVGElement] {
    let places = AxisMap(Axis(x, range: -0.5...(Double(max(1, names.count)) - 0.5)), values: [])
    let heights = AxisMap(y, values: (y.scale == .linear ? [0] : []) + series.flatMap(\.counts))
    let frame = Frame(
      size: size, title: title, x: places, y: heights, legend: series.enumerated().map { ($0.element.name, $0.offset) })
    let step = max(1, (names.count + 39) / 40)
    let ticks = stride(from: 0, to: names.count, by: step).map { AxisMap.Tick(value: Double($0), label: names[$0]) }
    let base = frame.down(min(heights.upper, max(0, heights.lower))) ?? frame.top + frame.height
    let width = frame.width / Double(max(1, names.count)) * 0.8 / Double(max(1, series.count))
    return frame.elements(xTicks: ticks)
      + series.enumerated().flatMap { index, series in
        series.counts.prefix(names.count).enumerated().compactMap { place, value in
          guard let middle = frame.across(Double(place)), let end = frame.down(value) else { return nil }
          let left = middle + (Double(index) - Double(self.series.count) / 2) * width
          return SVGElement(
            "rect",
            [
              "x": left, "y": min(base, end), "width": width, "height": abs(base - end),
              "class": PlotStyle.fillClass(index), "fill": PlotStyle.colour(index),
            ])
        }
      }
  }
}
