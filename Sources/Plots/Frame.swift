/// The rectangle that data is drawn in, with a title, two axes, a grid and a legend around it.
struct Frame {
  let size: PlotSize
  let title: String
  let x: AxisMap
  let y: AxisMap
  /// The names of the series that have one; a single one is in the title.
  var legend: [(name: String, series: Int)] = []
  /// What is kept free on the right side for something else.
  var right = 16.0

  private static let lineHeight = 18.0
  var left: Double { 66 }
  private var legendHeight: Double { legendRows.isEmpty ? 0 : Double(legendRows.count) * Self.lineHeight + 2 }
  var top: Double { 34 + legendHeight }
  private var bottom: Double { 46 }
  var width: Double { max(1, size.width - left - right) }
  var height: Double { max(1, size.height - top - bottom) }

  /// The place of a number on the horizontal axis; nil outside of it.
  func across(_ value: Double) -> Double? { x.position(value).map { left + $0 * width } }
  /// The place of a number on the vertical axis; nil outside of it.
  func down(_ value: Double) -> Double? { y.position(value).map { top + (1 - $0) * height } }

  /// The title, the axes and the legend.
  ///
  /// - Parameters:
  ///   - xTicks: in place of those of the axis.
  ///   - yTicks: in place of those of the axis.
  ///   - hasGrid: whether there are lines behind the data.
  func elements(xTicks: [AxisMap.Tick]? = nil, yTicks: [AxisMap.Tick]? = nil, hasGrid: Bool = true) -> [SVGElement] {
    var parts = [SVGElement("text", ["x": left, "y": 20, "font-size": 14, "font-weight": 600], text: title)]
    parts += legendElements
    for tick in xTicks ?? x.ticks(7) {
      guard let place = across(tick.value) else { continue }
      if hasGrid { parts.append(line(place, top, place, top + height, opacity: 0.15)) }
      parts.append(line(place, top + height, place, top + height + 4))
      parts.append(
        SVGElement("text", ["x": place, "y": top + height + 17, "text-anchor": "middle"], text: tick.label))
    }
    for tick in yTicks ?? y.ticks(6) {
      guard let place = down(tick.value) else { continue }
      if hasGrid { parts.append(line(left, place, left + width, place, opacity: 0.15)) }
      parts.append(line(left - 4, place, left, place))
      parts.append(SVGElement("text", ["x": left - 7, "y": place + 4, "text-anchor": "end"], text: tick.label))
    }
    parts.append(
      SVGElement(
        "rect",
        [
          "x": left, "y": top, "width": width, "height": height, "class": "axis", "fill": "none", "stroke": "#1f2328",
          "stroke-opacity": 0.5,
        ]))
    let middle = top + height / 2
    parts.append(
      SVGElement(
        "text", ["x": left + width / 2, "y": top + height + 36, "text-anchor": "middle"], text: x.axis.title))
    parts.append(
      SVGElement(
        "text",
        [
          "x": 14, "y": middle, "text-anchor": "middle",
          "transform": "rotate(-90 14 \(NumberText.coordinate(middle)))",
        ], text: y.axis.title))
    return parts
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, opacity: Double = 0.5) -> SVGElement {
    SVGElement(
      "line",
      ["x1": x1, "y1": y1, "x2": x2, "y2": y2, "class": "axis", "stroke": "#1f2328", "stroke-opacity": opacity])
  }

  /// The legend's rows: names one after another, as many as fit beside each other.
  private var legendRows: [[(name: String, series: Int, offset: Double)]] {
    guard legend.count > 1 else { return [] }
    var rows: [[(name: String, series: Int, offset: Double)]] = [[]]
    var offset = 0.0
    for entry in legend {
      let needed = 34 + 7 * Double(entry.name.count)
      if offset > 0, offset + needed > width {
        rows.append([])
        offset = 0
      }
      rows[rows.count - 1].append((entry.name, entry.series, offset))
      offset += needed
    }
    return rows
  }

  private var legendElements: [SVGElement] {
    legendRows.enumerated().flatMap { row, entries in
      entries.flatMap { entry in
        let (place, base) = (left + entry.offset, 30 + Double(row) * Self.lineHeight)
        return [
          SVGElement(
            "rect",
            [
              "x": place, "y": base, "width": 16, "height": 8, "class": PlotStyle.fillClass(entry.series),
              "fill": PlotStyle.colour(entry.series),
            ]),
          SVGElement("text", ["x": place + 21, "y": base + 9], text: entry.name),
        ]
      }
    }
  }
}
