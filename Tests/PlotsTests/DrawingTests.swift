import Testing

@testable import Plots

@Suite struct DrawingTests {
  private func ticks(_ range: ClosedRange<Double>, _ scale: Axis.Scale = .linear, _ count: Int = 5) -> [String] {
    AxisMap(Axis("", scale: scale, range: range), values: []).ticks(count).map(\.label)
  }

  @Test func ticksAreRoundNumbers() {
    #expect(ticks(0...1) == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(ticks(-3...7) == ["-2", "0", "2", "4", "6"])
    #expect(ticks(0...100) == ["0", "20", "40", "60", "80", "100"])
    #expect(ticks(0.013...0.027) == ["0.015", "0.020", "0.025"])
    #expect(ticks(0...1e9) == ["0", "2e+08", "4e+08", "6e+08", "8e+08", "1e+09"])
    #expect(ticks(1e-3...1e3, .logarithmic, 7) == ["10⁻³", "10⁻²", "10⁻¹", "1", "10", "10²", "10³"])
    #expect(ticks(1e-9...1, .logarithmic) == ["10⁻⁹", "10⁻⁷", "10⁻⁵", "10⁻³", "10⁻¹"])
    #expect(ticks(2...7, .logarithmic) == ["2", "3", "4", "5", "6", "7"])
  }

  @Test func placesFollowTheScale() {
    let linear = AxisMap(Axis("", range: 10...20), values: [])
    #expect(linear.position(10) == 0 && linear.position(15) == 0.5 && linear.position(20) == 1)
    #expect(linear.position(30) == nil && linear.position(.nan) == nil)
    let logarithmic = AxisMap(Axis("", scale: .logarithmic, range: 0.01...100), values: [])
    #expect(logarithmic.position(1) == 0.5 && logarithmic.position(0) == nil && logarithmic.position(-1) == nil)
  }

  @Test func coordinatesHaveTwoDecimals() {
    let values = [0, 1, -1.5, 1.0 / 3, -0.07, 12.1, -0.001]
    #expect(values.map(NumberText.coordinate) == ["0", "1", "-1.5", "0.33", "-0.07", "12.1", "0"])
    #expect(NumberText.coordinate(.nan) == "0" && NumberText.coordinate(1e300) == "0")
  }

  /// The frame of a chart of 680 x 340 is 66 ... 664 across and, without a legend, 34 ... 294 down.
  @Test func aLineGoesThroughItsPoints() {
    let chart = LineChart(
      "half", description: "", x: Axis("x", range: 0...2), y: Axis("y", range: 0...1),
      series: [.init("a", [PlotPoint(0, 0), PlotPoint(1, 1), PlotPoint(2, 0.5)])])
    #expect(chart.svg.contains("points=\"66,294 365,34 664,164\""))
  }

  @Test func aLineIsInterruptedWhereThereIsNoNumber() {
    let chart = LineChart(
      "gap", description: "", x: Axis("x"), y: Axis("y"), series: [.init("a", values: [1, 2, .nan, 4, 5, .nan, 7])])
    #expect(chart.svg.components(separatedBy: "<polyline").count == 3)
    #expect(chart.svg.contains("r=\"1.5\""))
  }

  /// 598 x 260 for 2 x 2 cells, 92 at the right for the bar: 522 across.
  @Test func cellsHaveTheirColours() {
    let map = HeatMap(
      "map", description: "", x: .init("x"), y: .init("y"), values: [[0, 1], [.nan, 0]], colours: Axis("v"),
      size: PlotSize(680, 340))
    let svg = map.svg
    let (dark, bright) = (Palette.sequential.colour(0.5 / 64), Palette.sequential.colour(63.5 / 64))
    #expect(
      svg.contains(
        "<path fill=\"\(dark)\" shape-rendering=\"crispEdges\" d=\"M66 34h261v130h-261zM327 164h261v130h-261z\"/>"))
    #expect(svg.contains("<path fill=\"\(bright)\" shape-rendering=\"crispEdges\" d=\"M327 34h261v130h-261z\"/>"))
  }

  @Test func paletteEndsAreThoseOfViridis() {
    #expect(Palette.sequential.colour(0) == "#440154" && Palette.sequential.colour(1) == "#fde725")
    #expect(Palette.diverging.colour(0.5) == "#f7f7f7")
    #expect(Palette.sequential.colour(-5) == "#440154" && Palette.sequential.colour(.nan) == "#440154")
  }

  @Test func aCircleIsRoundAndPointsLieOnIt() {
    let plot = ScatterPlot(
      "plane", description: "", x: Axis("re"), y: Axis("im"),
      series: [.init("λ", [PlotPoint(1, 0), PlotPoint(0, -1)])],
      circles: [1])
    // 478 x 480 for the data: 478 stands for 2 * 1.08 across.
    let radius = NumberText.coordinate(478 / 2.16)
    #expect(plot.svg.contains("<circle cx=\"305\" cy=\"274\" r=\"\(radius)\" fill=\"none\""))
    #expect(plot.svg.contains("<circle cx=\"\(NumberText.coordinate(305 + 478 / 2.16))\" cy=\"274\" r=\"2.5\""))
    #expect(plot.svg.contains("<circle cx=\"305\" cy=\"\(NumberText.coordinate(274 + 478 / 2.16))\" r=\"2.5\""))
  }

  @Test func barsReachTheirValues() {
    let chart = BarChart(
      "bars", description: "", x: "layer", y: Axis("share", range: 0...1), names: ["a", "b"],
      series: [.init("s", [0.5, 1])], size: PlotSize(682, 280))
    // 600 x 200: each name has 300, of which a bar takes 240.
    #expect(chart.svg.contains("<rect x=\"96\" y=\"134\" width=\"240\" height=\"100\""))
    #expect(chart.svg.contains("<rect x=\"396\" y=\"34\" width=\"240\" height=\"200\""))
  }

  @Test func histogramsFillBetweenTheirEdges() {
    let chart = Histogram(
      "h", description: "", x: Axis("v"), y: Axis("n", range: 0...4), edges: [0, 1, 3],
      series: [.init("s", [4, 2])], size: PlotSize(682, 280))
    #expect(chart.svg.contains("d=\"M66 234V34H266V234zM266 234V134H666V234z\""))
  }

  @Test func aColumnIsAsHighAsItsCharts() {
    let chart = BarChart("bars", description: "", x: "", y: Axis(""), names: ["a"], series: [])
    let column = ChartColumn("all", description: "", charts: [chart, chart])
    #expect(column.size == PlotSize(680, 630))
    #expect(column.svg.contains("translate(0 30)") && column.svg.contains("translate(0 330)"))
  }

  @Test func preformattedTextStaysAsItIs() {
    let spans = ["a\n", " <b"].map { SVGElement.Child.element(SVGElement("span", ["title": 0.5], text: $0)) }
    #expect(
      SVGElement("pre", [:], spans).markup
        == "<pre><span title=\"0.5\">a\n</span><span title=\"0.5\"> &lt;b</span></pre>")
    #expect(SVGElement("g", [:], spans).markup.hasPrefix("<g>\n<span"))
  }

  @Test func aSingleSeriesHasNoLegend() {
    func names(_ count: Int) -> Int {
      let series = (0..<count).map { LineChart.Series("name \($0)", values: [1, 2]) }
      return LineChart("t", description: "", x: Axis("x"), y: Axis("y"), series: series).svg.components(
        separatedBy: ">name"
      ).count - 1
    }
    #expect(names(1) == 0 && names(2) == 2 && names(30) == 30)
  }
}
