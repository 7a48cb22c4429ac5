/// Charts below one another, as one.
public struct ChartColumn: Chart {
  /// One line above all of them.
  public var title: String
  /// What is seen in them, for a screen reader.
  public var description: String
  /// The charts from top to bottom.
  public var charts: [any Chart]

  private static let titleHeight = 30.0

  /// Makes a column.
  public init(_ title: String, description: String, charts: [any Chart]) {
    (self.title, self.description, self.charts) = (title, description, charts)
  }

  /// As wide as the widest, as high as all together.
  public var size: PlotSize {
    PlotSize(charts.map(\.size.width).max() ?? 1, charts.reduce(Self.titleHeight) { $0 + $1.size.height })
  }

  /// The title and the charts.
  public var content: [SVGElement] {
    var top = Self.titleHeight
    return [SVGElement("text", ["x": 16, "y": 21, "font-size": 15, "font-weight": 600], text: title)]
      + charts.map { chart in
        defer { top += chart.size.height }
        return SVGElement(
          "g", ["transform": "translate(0 \(NumberText.coordinate(top)))"], elements: chart.content)
      }
  }
}
