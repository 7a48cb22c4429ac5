import Plots
import RNNFormat

/// p of each token of a text by people and of texts that were written after the same beginning, as an SVG: one panel a
/// strategy, with the text by people in grey behind it (Holtzman et al. 2020, figure 2).
struct ProbabilityPlot {
  struct Line {
    let name: String
    let probabilities: [Double]
  }

  let title: String
  let human: [Double]
  let lines: [Line]

  var svg: String {
    let panels = lines.map { line in
      LineChart(
        line.name.printable, description: "The line of \(line.name.printable) over that of a text by people.",
        x: Axis("token"), y: Axis("probability", range: 0...1),
        series: [
          .init("text by people", values: human, colour: 7),
          .init(line.name.printable, values: line.probabilities, colour: 0),
        ], size: PlotSize(780, 220))
    }
    return ChartColumn(
      title.printable, description: "One panel for each strategy; text by people is grey.", charts: panels
    ).svg
  }
}
