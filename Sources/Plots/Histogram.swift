/// How many numbers fall between two edges.
public struct Histogram: Chart {
  /// One line above the chart.
  public var title: String
  /// What is seen in it, for a screen reader.
  public var description: String
  /// The horizontal axis: the numbers.
  public var x: Axis
  /// The vertical axis: how many.
  public var y: Axis
  /// Rising; one more than there are counts.
  public var edges: [Double]
  /// The counts, or shares, between the edges: one list for each series, which are drawn over one another.
  public var series: [Series]
  /// The width and height.
  public var size: PlotSize

  /// The counts of one set of numbers.
  public struct Series: Hashable, Sendable {
    /// The name in the legend.
    public var name: String
    /// One for each pair of edges.
    public var counts: [Double]

    /// Makes a series.
    public init(_ name: String, _ counts: [Double]) { (self.name, self.counts) = (name, counts) }
  }

  /// Makes a histogram.
  public init(
    _ title: String, description: String, x: Axis, y: Axis, edges: [Double], series: [Series],
    size: PlotSize = PlotSize(680, 300)
  ) {
    (self.title, self.description, self.x, self.y) = (title, description, x, y)
    (self.edges, self.series, self.size) = (edges, series, size)
  }

  /// The axes, and for each series its outline with an area of which those behind are seen.
  public var content: [SVGElement] {
    let yMap = AxisMap(y, values: [0] + series.flatMap(\.counts))
    let frame = Frame(
      size: size, title: title, x: AxisMap(x, values: edges), y: yMap,
      legend: series.enumerated().map { ($0.element.name, $0.offset) })
    let base = frame.down(max(0, yMap.lower)) ?? frame.top + frame.height
    return frame.elements()
      + series.enumerated().map { index, series in
        var path = ""
        for (bin, count) in series.counts.enumerated() where bin + 1 < edges.count {
          guard let left = frame.across(edges[bin]), let right = frame.across(edges[bin + 1]),
            let top = frame.down(count)
          else { continue }
          path += "M\(NumberText.coordinate(left)) \(NumberText.coordinate(base))V\(NumberText.coordinate(top))"
          path += "H\(NumberText.coordinate(right))V\(NumberText.coordinate(base))z"
        }
        return SVGElement(
          "path",
          [
            "class": PlotStyle.fillClass(index), "fill": PlotStyle.colour(index),
            "fill-opacity": self.series.count > 1 ? 0.45 : 0.8, "d": path,
          ])
      }
  }
}
