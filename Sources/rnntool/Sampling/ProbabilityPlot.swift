import RNNFormat

/// p of each token of a text by people and of texts that were written after the same beginning, as an SVG: one panel a
/// strategy, with the text by people in grey behind it (Holtzman et al. 2020, figure 2).
struct ProbabilityPlot {
  struct Line {
    let name: String
    let probabilities: [Double]
  }

  private static let (width, height, left, top, gap) = (720.0, 110.0, 46.0, 44.0, 34.0)
  let title: String
  let human: [Double]
  let lines: [Line]

  var svg: String {
    let total = Self.top + Double(lines.count) * (Self.height + Self.gap) + 16
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Self.number(Self.width + Self.left + 16)) \(Self.number(total))\" font-family=\"sans-serif\" font-size=\"11\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
      "<text x=\"\(Self.number(Self.left))\" y=\"18\" font-size=\"13\">\(Self.escaped(title))</text>",
    ]
    for (index, line) in lines.enumerated() {
      parts += panel(line, top: Self.top + Double(index) * (Self.height + Self.gap))
    }
    return (parts + ["</svg>\n"]).joined(separator: "\n")
  }

  private func panel(_ line: Line, top: Double) -> [String] {
    let (left, width, height) = (Self.left, Self.width, Self.height)
    var parts = [
      "<text x=\"\(Self.number(left))\" y=\"\(Self.number(top - 5))\">\(Self.escaped(line.name)) (blue), text by people (grey)</text>",
      "<rect x=\"\(Self.number(left))\" y=\"\(Self.number(top))\" width=\"\(Self.number(width))\" height=\"\(Self.number(height))\" fill=\"none\" stroke=\"#888\"/>",
    ]
    for value in [0.0, 0.5, 1] {
      parts.append(
        "<text x=\"\(Self.number(left - 6))\" y=\"\(Self.number(top + height * (1 - value) + 4))\" text-anchor=\"end\">\(Self.number(value))</text>"
      )
    }
    parts.append(path(human, top: top, colour: "#aaaaaa"))
    parts.append(path(line.probabilities, top: top, colour: "#1f5fbf"))
    return parts
  }

  private func path(_ values: [Double], top: Double, colour: String) -> String {
    let count = Double(max(1, max(human.count, values.count) - 1))
    let points = values.enumerated().filter { !$0.element.isNaN }.map { index, value in
      "\(Self.number(Self.left + Self.width * Double(index) / count)),\(Self.number(top + Self.height * (1 - value)))"
    }
    return
      "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.2\" points=\"\(points.joined(separator: " "))\"/>"
  }

  private static func number(_ value: Double) -> String {
    let text = Format.number(value, 2)
    return text.contains(".") ? String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed()) : text
  }

  private static func escaped(_ text: String) -> String {
    text.printable.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
