import Foundation
import Plots
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct WellFormedTests {
  static let hostile = [
    "</svg><script>alert(1)</script>", "a & b < c > \"d\" 'e'", "\u{0}\u{1B}[31m\u{FFFE}", "é ∂ 字 🙂", "",
  ]
  static let numbers: [[Double]] = [
    [], [0], [1, 2, 3], [.nan, .infinity, -.infinity], [1e-308, 1e308], [-1e308, 1e308], [5, 5, 5], [1e16, 1e16 + 2],
    [.leastNonzeroMagnitude], [-1, -0.5, 0],
  ]

  static func charts(_ text: String, _ values: [Double], _ scale: Axis.Scale) -> [any Chart] {
    let axis = Axis(text, scale: scale)
    let points = values.enumerated().map { PlotPoint($0.element, $0.offset == 1 ? .nan : $0.element) }
    let line = LineChart(
      text, description: text, x: axis, y: axis,
      series: [.init(text, points), .init(text, values: values, colour: 100)])
    return [
      line,
      HeatMap(
        text, description: text, x: .init(text), y: .init(text, names: [text, text]), values: [values, [], values],
        colours: axis),
      HeatMap(text, description: text, x: .init(text), y: .init(text), values: [], colours: axis),
      ScatterPlot(text, description: text, x: axis, y: axis, series: [.init(text, points, labels: [text])]),
      ScatterPlot(
        text, description: text, x: axis, y: axis, series: [.init(text, points)], circles: [1, 1e308, .nan, -1]),
      Histogram(
        text, description: text, x: axis, y: axis, edges: values.sorted { $0 < $1 }, series: [.init(text, values)]),
      BarChart(text, description: text, x: text, y: axis, names: [text, text], series: [.init(text, values)]),
      ChartColumn(text, description: text, charts: [line, line]),
    ]
  }

  @Test(arguments: hostile, numbers) func everyChartIsXML(text: String, values: [Double]) throws {
    for scale in [Axis.Scale.linear, .logarithmic] {
      for chart in Self.charts(text, values, scale) {
        let reader = Reader()
        let parser = XMLParser(data: Data(chart.svg.utf8))
        parser.delegate = reader
        #expect(parser.parse(), "\(type(of: chart)) of \(values): \(parser.parserError.map { "\($0)" } ?? "")")
        #expect(!reader.names.contains("script"))
        #expect(reader.names.prefix(3) == ["svg", "title", "desc"])
        #expect(!chart.svg.contains("nan") && !chart.svg.contains("\"inf") && !chart.svg.contains(" inf"))
      }
    }
  }

  @Test func manyCellsMakeASmallDocument() {
    let values = (0..<1000).map { row in (0..<1000).map { Double(row * $0) } }
    let map = HeatMap(
      "map", description: "", x: .init("x"), y: .init("y"), values: values, colours: Axis("value"))
    #expect(map.svg.utf8.count < 3_000_000)
  }

  @Test func millionsOfPointsMakeASmallDocument() {
    let values = (0..<1_000_000).map { Double($0 % 1000) }
    let chart = LineChart(
      "line", description: "", x: Axis("x"), y: Axis("y"), series: [.init("saw", values: values)])
    #expect(chart.svg.utf8.count < 200_000)
  }
}

/// Collects the names of elements.
private final class Reader: NSObject, XMLParserDelegate {
  var names: [String] = []

  func parser(
    _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    names.append(elementName)
  }
}
