import Foundation

/// A matrix of numbers as colours, with a bar that says which is which.
public struct HeatMap: Chart {
  /// One line above the chart.
  public var title: String
  /// What is seen in it, for a screen reader.
  public var description: String
  /// The title of the columns, and the number of the first one.
  public var x: Edge
  /// The title of the rows, and the number of the first one. The first row is at the top.
  public var y: Edge
  /// `[row][column]`; what is no finite number, or has no place on a logarithmic scale, is left free.
  public var values: [[Double]]
  /// What the colours stand for.
  public var colours: Axis
  /// The colours.
  public var palette: Palette
  /// The width and height.
  public var size: PlotSize

  /// What the columns or the rows are.
  public struct Edge: Hashable, Sendable {
    /// What is counted.
    public var title: String
    /// The number of the first column or row.
    public var first: Double
    /// A name for each; empty for numbers.
    public var names: [String]

    /// Makes an edge.
    public init(_ title: String, first: Double = 0, names: [String] = []) {
      (self.title, self.first, self.names) = (title, first, names)
    }
  }

  /// Makes a heat map.
  public init(
    _ title: String, description: String, x: Edge, y: Edge, values: [[Double]], colours: Axis,
    palette: Palette = .sequential, size: PlotSize = PlotSize(680, 480)
  ) {
    (self.title, self.description, self.x, self.y, self.values) = (title, description, x, y, values)
    (self.colours, self.palette, self.size) = (colours, palette, size)
  }

  /// The most columns or rows that are drawn; of more, each drawn one is the largest of its part.
  public static let mostCells = 256
  private static let levels = 64

  /// The axes, the cells and the bar.
  public var content: [SVGElement] {
    let columns = values.lazy.map(\.count).max() ?? 0
    let frame = Frame(
      size: size, title: title, x: map(x, count: columns), y: map(y, count: values.count), right: 92)
    let map = AxisMap(colours, values: values.lazy.flatMap { $0 })
    // The first row is at the top: ticks count from there.
    let yTicks = ticks(y, frame.y, 8).map { tick in
      AxisMap.Tick(value: frame.y.lower + frame.y.upper - tick.value, label: tick.label)
    }
    return cells(columns: columns, map, in: frame)
      + frame.elements(xTicks: ticks(x, frame.x, 8), yTicks: yTicks, hasGrid: false) + bar(map, in: frame)
  }

  /// An axis on which the cell with number n reaches from n - 1/2 to n + 1/2.
  private func map(_ edge: Edge, count: Int) -> AxisMap {
    AxisMap(Axis(edge.title, range: (edge.first - 0.5)...(edge.first + Double(max(1, count)) - 0.5)), values: [])
  }

  private func ticks(_ edge: Edge, _ map: AxisMap, _ count: Int) -> [AxisMap.Tick] {
    guard !edge.names.isEmpty else { return map.ticks(count).filter { $0.value.rounded() == $0.value } }
    let step = max(1, (edge.names.count + 63) / 64)
    return stride(from: 0, to: edge.names.count, by: step).map {
      AxisMap.Tick(value: edge.first + Double($0), label: edge.names[$0])
    }
  }

  /// One path for each colour: thousands of cells make a small document.
  private func cells(columns: Int, _ map: AxisMap, in frame: Frame) -> [SVGElement] {
    guard columns > 0 else { return [] }
    let (rowCount, columnCount) = (min(values.count, Self.mostCells), min(columns, Self.mostCells))
    let (cellWidth, cellHeight) = (frame.width / Double(columnCount), frame.height / Double(rowCount))
    var paths = [String](repeating: "", count: Self.levels)
    for row in 0..<rowCount {
      var levels = [Int?](repeating: nil, count: columnCount)
      for source in (row * values.count / rowCount)..<((row + 1) * values.count / rowCount) {
        for (column, value) in values[source].enumerated() {
          guard let position = map.position(value) else { continue }
          let level = min(Self.levels - 1, max(0, Int(position * Double(Self.levels))))
          let target = column * columnCount / columns
          levels[target] = max(levels[target] ?? 0, level)
        }
      }
      var start = 0
      for column in 1...columnCount where column == columnCount || levels[column] != levels[start] {
        if let level = levels[start] {
          let (left, top) = (frame.left + Double(start) * cellWidth, frame.top + Double(row) * cellHeight)
          let width = NumberText.coordinate(Double(column - start) * cellWidth)
          paths[level] +=
            "M\(NumberText.coordinate(left)) \(NumberText.coordinate(top))h\(width)v\(NumberText.coordinate(cellHeight))h-\(width)z"
        }
        start = column
      }
    }
    return paths.enumerated().filter { !$0.element.isEmpty }.map { level, path in
      SVGElement("path", ["fill": colour(level), "shape-rendering": "crispEdges", "d": path])
    }
  }

  private func colour(_ level: Int) -> String { palette.colour((Double(level) + 0.5) / Double(Self.levels)) }

  /// The bar at the right side, from the smallest number at the bottom to the largest.
  private func bar(_ map: AxisMap, in frame: Frame) -> [SVGElement] {
    let (left, width) = (frame.left + frame.width + 14, 14.0)
    let step = frame.height / Double(Self.levels)
    var parts = (0..<Self.levels).map { level in
      SVGElement(
        "rect",
        [
          "x": left, "y": frame.top + frame.height - Double(level + 1) * step, "width": width, "height": step + 0.3,
          "fill": colour(level),
        ])
    }
    for tick in map.ticks(6) {
      guard let position = map.position(tick.value) else { continue }
      parts.append(
        SVGElement(
          "text", ["x": left + width + 5, "y": frame.top + (1 - position) * frame.height + 4], text: tick.label))
    }
    let (across, middle) = (size.width - 8, frame.top + frame.height / 2)
    parts.append(
      SVGElement(
        "text",
        [
          "x": across, "y": middle, "text-anchor": "middle",
          "transform": "rotate(-90 \(NumberText.coordinate(across)) \(NumberText.coordinate(middle)))",
        ], text: colours.title))
    return parts
  }
}
