import Plots
import RNNModel

/// A network from its inputs at the bottom to its outputs at the top: folded, with the delay of one step in each loop, or unfolded over three steps
/// (Graves 2012, figures 3.3 and 3.4; Goodfellow et al. 2016, figure 10.3).
struct NetworkDrawing: Chart {
  let architecture: Architecture
  /// Whether the steps are drawn beside one another.
  let isUnfolded: Bool

  private static let box = PlotSize(230, 30)
  private static let smallBox = PlotSize(130, 30)
  private static let rise = 58.0
  private static let margin = 40.0

  private var names: [String] { ["x"] + architecture.layers.map(\.name) + ["y"] }
  private var layers: [Architecture.Layer] { architecture.layers }

  var title: String { isUnfolded ? "The network over three steps" : "The network" }

  var description: String {
    let chain = layers.map { "\($0.name), \($0.kind)\($0.direction == nil ? "" : ", recurrent")" }
    return "From the inputs to the outputs: \(chain.joined(separator: "; "))."
      + (isUnfolded
        ? " Recurrent layers hand their state on from step to step."
        : " The state of recurrent layers comes back one step later.")
  }

  var size: PlotSize {
    PlotSize(
      isUnfolded ? 3 * 215 + 60 : 2 * Self.margin + Self.box.width + 150,
      2 * Self.margin + Self.rise * Double(layers.count + 1) + Self.box.height + 16)
  }

  /// The middle of a row: 0 for the inputs, then one for each layer, then the outputs.
  private func height(_ row: Int) -> Double {
    size.height - Self.margin - Self.box.height / 2 - Self.rise * Double(row)
  }

  var content: [SVGElement] {
    [SVGElement("text", ["x": 16, "y": 22, "font-size": 14, "font-weight": 600], text: title)]
      + (isUnfolded ? unfolded : folded)
  }

  private var folded: [SVGElement] {
    let middle = 60 + Self.margin + Self.box.width / 2
    var parts = column(at: middle, box: Self.box, suffix: "(t)", isShort: false)
    for (index, layer) in layers.enumerated() where layer.direction != nil {
      let (right, y) = (middle + Self.box.width / 2, height(index + 1))
      parts.append(
        arrow(
          "M\(at(right, y - 7))H\(NumberText.coordinate(right + 34))V\(NumberText.coordinate(y + 7))H\(NumberText.coordinate(right + 5))",
          end: (right, y + 7), .left))
      parts += [
        SVGElement(
          "rect",
          [
            "x": right + 22, "y": y - 9, "width": 24, "height": 18, "class": "ground axis", "fill": "#ffffff",
            "stroke": "#1f2328",
          ]),
        SVGElement(
          "text", ["x": right + 34, "y": y + 4, "text-anchor": "middle", "font-size": 10],
          text: layer.direction == .backward ? "+1" : "−1"),
      ]
    }
    return parts
  }

  private var unfolded: [SVGElement] {
    let middles = (0..<3).map { 30 + 107.5 + 215 * Double($0) }
    var parts = zip(middles, ["(t−1)", "(t)", "(t+1)"]).flatMap { middle, suffix in
      column(at: middle, box: Self.smallBox, suffix: suffix, isShort: true)
    }
    let half = Self.smallBox.width / 2
    for (index, layer) in layers.enumerated() where layer.direction != nil {
      let y = height(index + 1)
      let starts = [middles[0] - half - 40, middles[0] + half, middles[1] + half, middles[2] + half]
      let ends = [middles[0] - half, middles[1] - half, middles[2] - half, middles[2] + half + 40]
      for (start, end) in zip(starts, ends) {
        parts.append(
          layer.direction == .backward
            ? arrow("M\(at(end, y))H\(NumberText.coordinate(start + 5))", end: (start, y), .left)
            : arrow("M\(at(start, y))H\(NumberText.coordinate(end - 5))", end: (end, y), .right))
      }
    }
    return parts
  }

  /// All layers at one step, with what passes between them.
  private func column(at middle: Double, box: PlotSize, suffix: String, isShort: Bool) -> [SVGElement] {
    var parts: [SVGElement] = []
    let widths = architecture.widths
    for (index, sources) in sources.enumerated() {
      let row = index + 1
      for source in sources {
        if source == row - 1 {
          let (from, to) = (height(source) - box.height / 2, height(row) + box.height / 2)
          parts.append(arrow("M\(at(middle, from))V\(NumberText.coordinate(to + 5))", end: (middle, to), .up))
          let width = source == 0 ? architecture.size : widths[source - 1]
          if !isShort {
            parts.append(
              SVGElement("text", ["x": middle + 8, "y": (from + to) / 2 + 4, "font-size": 10], text: "\(width)"))
          }
        } else {
          let left = middle - box.width / 2
          let bend = left - 16 - 8 * Double(min(4, row - source))
          parts.append(
            arrow(
              "M\(at(left, height(source)))C\(at(bend, height(source))) \(at(bend, height(row))) \(at(left - 5, height(row)))",
              end: (left, height(row)), .right))
        }
      }
    }
    for (row, name) in names.enumerated() {
      let isEnd = row == 0 || row == names.count - 1
      let isRecurrent = !isEnd && layers[row - 1].direction != nil
      let y = height(row)
      if !isEnd {
        parts.append(
          SVGElement(
            "rect",
            [
              "x": middle - box.width / 2, "y": y - box.height / 2, "width": box.width, "height": box.height, "rx": 5,
              "class": isRecurrent ? "line1 ground" : "axis ground", "fill": "#ffffff",
              "stroke": isRecurrent ? "#1f5fbf" : "#1f2328", "stroke-width": isRecurrent ? 2 : 1,
            ]))
      }
      let text =
        isEnd
        ? name + suffix
        : isShort ? name : "\(name): \(layers[row - 1].kind)\(isRecurrent ? ", \(widths[row - 1])" : "")"
      parts.append(
        SVGElement(
          "text", ["x": middle, "y": y + 4, "text-anchor": "middle"],
          text: Self.shortened(text.printable, to: Int(box.width / 7))))
    }
    return parts
  }

  /// For each layer and the outputs: the rows that come in.
  private var sources: [[Int]] {
    var places: [String: Int] = [:]
    return layers.enumerated().map { index, layer in
      places[layer.name] = index + 1
      return layer.sources.map { $0.compactMap { places[$0] } } ?? [index]
    } + [[layers.count]]
  }

  private static func shortened(_ text: String, to count: Int) -> String {
    text.count > count ? text.prefix(max(1, count - 1)) + "…" : text
  }

  private func at(_ x: Double, _ y: Double) -> String { "\(NumberText.coordinate(x)) \(NumberText.coordinate(y))" }

  private enum Heading { case up, left, right }

  private func arrow(_ path: String, end: (x: Double, y: Double), _ heading: Heading) -> SVGElement {
    let (x, y) = end
    let head =
      switch heading {
      case .up: "M\(at(x, y))L\(at(x - 4, y + 7))L\(at(x + 4, y + 7))z"
      case .left: "M\(at(x, y))L\(at(x + 7, y - 4))L\(at(x + 7, y + 4))z"
      case .right: "M\(at(x, y))L\(at(x - 7, y - 4))L\(at(x - 7, y + 4))z"
      }
    return SVGElement(
      "g", ["class": "axis", "stroke": "#1f2328"],
      elements: [
        SVGElement("path", ["d": path, "fill": "none"]),
        SVGElement("path", ["d": head, "fill": "currentColor", "stroke": "none"]),
      ])
  }
}
