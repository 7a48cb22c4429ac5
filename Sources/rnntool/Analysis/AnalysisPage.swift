import Plots
import RNNAnalysis

extension AnalysisResults {
  /// One page with all charts, tables and texts.
  var page: String {
    var page = HTMLPage(
      title: "Analysis of \(model)",
      body: [
        HTMLPage.paragraph("Text: \(text). Model: \(modelID)."),
        SVGElement("pre", text: AnalysisTables(results: self).text),
      ])
    for chart in charts { page.body.append(HTMLPage.figure(chart.chart)) }
    for cell in cells {
      page.body += [
        SVGElement("h2", text: "Cell \(cell.number) of \(cell.layer) over the text"),
        HTMLPage.paragraph(
          "Blue where the cell is positive, red where it is negative; the stronger, the further from zero."),
        CellText(pieces: pieces, values: cell.values).element,
      ]
    }
    return page.markup
  }
}
