import Plots
import RNNAnalysis

extension AnalysisResults {
  /// One page with all charts, tables and texts: it needs nothing else, and is light or dark as its reader's screen is.
  var page: String {
    let style = """
      :root{color-scheme:light dark}
      body{font-family:system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;line-height:1.5}
      pre{overflow-x:auto;padding:.8rem;border:1px solid #8886;border-radius:.4rem}
      pre.cells{white-space:pre-wrap;overflow-wrap:anywhere}
      figure{margin:1.5rem 0}h2{margin-top:2.5rem}
      \(PlotStyle.css)
      """
    var body: [SVGElement] = [
      SVGElement("h1", text: "Analysis of \(model)"), SVGElement("p", text: "Text: \(text). Model: \(modelID)."),
      SVGElement("pre", text: AnalysisTables(results: self).text),
    ]
    for chart in charts { body.append(SVGElement("figure", elements: [chart.chart.element])) }
    for cell in cells {
      body.append(SVGElement("h2", text: "Cell \(cell.number) of \(cell.layer) over the text"))
      body.append(
        SVGElement(
          "p", text: "Blue where the cell is positive, red where it is negative; the stronger, the further from zero."))
      body.append(CellText(pieces: pieces, values: cell.values).element)
    }
    let head = SVGElement(
      "head", [:],
      [
        .element(SVGElement("meta", ["charset": "utf-8"])),
        .element(SVGElement("meta", ["name": "viewport", "content": "width=device-width,initial-scale=1"])),
        .element(SVGElement("title", text: "Analysis of \(model)")),
        .element(SVGElement("style", [:], [.style(style)])),
      ])
    return "<!DOCTYPE html>\n"
      + SVGElement(
        "html", ["lang": "en"], elements: [head, SVGElement("body", elements: [SVGElement("main", elements: body)])]
      )
      .markup + "\n"
  }
}
