import Plots

/// A page that is one file: it loads nothing, runs nothing, and is light or dark as its reader's screen is.
struct HTMLPage {
  let title: String
  /// What is in it, from top to bottom.
  var body: [SVGElement]

  /// The page as text.
  var markup: String {
    let head = SVGElement(
      "head",
      elements: [
        SVGElement("meta", ["charset": "utf-8"]),
        // Whatever a model file's words are, a browser takes nothing from anywhere.
        SVGElement(
          "meta",
          ["http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"]),
        SVGElement("meta", ["name": "viewport", "content": "width=device-width,initial-scale=1"]),
        SVGElement("title", text: title), SVGElement("style", [:], [.style(Self.style)]),
      ])
    let main = SVGElement("main", elements: [SVGElement("h1", text: title)] + body)
    return "<!DOCTYPE html>\n"
      + SVGElement("html", ["lang": "en"], elements: [head, SVGElement("body", elements: [main])]).markup + "\n"
  }

  /// A chart with room around it.
  static func figure(_ chart: any Chart) -> SVGElement { SVGElement("figure", elements: [chart.element]) }

  /// A paragraph.
  static func paragraph(_ text: String) -> SVGElement { SVGElement("p", text: text) }

  /// A table that scrolls by itself where the screen is narrower.
  ///
  /// - Parameters:
  ///   - head: the names of the columns; empty where the first column names the rows.
  ///   - right: the columns of numbers.
  static func table(_ head: [String], _ rows: [[String]], right: Set<Int> = []) -> SVGElement {
    func row(_ cells: [String], isHead: Bool) -> SVGElement {
      SVGElement(
        "tr",
        elements: cells.enumerated().map { index, text in
          if isHead { return SVGElement("th", ["scope": "col"], text: text) }
          if head.isEmpty && index == 0 { return SVGElement("th", ["scope": "row"], text: text) }
          return SVGElement(
            "td", ["class": right.contains(index) ? "number" : head.isEmpty ? "fact" : "text"], text: text)
        })
    }
    var parts: [SVGElement] = []
    if !head.isEmpty { parts.append(SVGElement("thead", elements: [row(head, isHead: true)])) }
    parts.append(SVGElement("tbody", elements: rows.map { row($0, isHead: false) }))
    return SVGElement("div", ["class": "wide", "tabindex": "0"], elements: [SVGElement("table", elements: parts)])
  }

  /// Something that is closed until its reader opens it.
  static func folded(_ title: String, _ content: [SVGElement]) -> SVGElement {
    SVGElement("details", elements: [SVGElement("summary", text: title)] + content)
  }

  private static let style = """
    :root{color-scheme:light dark}
    body{font-family:system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;line-height:1.5}
    @media (prefers-color-scheme:dark){body{background:#14181d;color:#e6edf3}}
    h1{overflow-wrap:anywhere}h2{margin-top:2.5rem}figure{margin:1.5rem 0}
    pre{overflow-x:auto;padding:.8rem;border:1px solid #8886;border-radius:.4rem}
    pre.cells,pre.prose{white-space:pre-wrap;overflow-wrap:anywhere}
    .wide{overflow-x:auto}table{border-collapse:collapse}th,td{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}
    td.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td.fact{overflow-wrap:anywhere}
    thead th{border-bottom:1px solid #8886}summary{cursor:pointer}
    \(PlotStyle.css)
    """
}
