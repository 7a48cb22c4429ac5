import Plots
import RNNAnalysis
import RNNFormat

extension AnalysisResults {
  /// A chart and the name of its file, without `.svg`.
  struct NamedChart {
    let name: String
    let chart: any Chart

    init(_ name: String, _ chart: any Chart) {
      // Names of layers are a stranger's words.
      self.name = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" })
      self.chart = chart
    }
  }

  /// All that there is to see.
  var charts: [NamedChart] {
    flowCharts + jacobianCharts + contributionCharts + spectrumCharts + gateCharts + cellCharts
  }

  private var firstStep: Double { Double(start) }

  /// A matrix `[t][k]` below its diagonal, with the rest left free.
  private func triangle(_ rows: [[Double]]) -> [[Double]] {
    rows.map { $0 + Array(repeating: .nan, count: rows.count - $0.count) }
  }

  private var flowCharts: [NamedChart] {
    guard let flow else { return [] }
    let lines = NamedChart(
      "gradient-flow",
      LineChart(
        "How far the gradient flows back",
        description: "The mean norm of the gradient of each step's loss at the hidden states before it, by lag. "
          + flow.layers.map { "\($0.name): \(AnalysisTables.rate($0.slope))." }.joined(separator: " "),
        x: Axis("lag t - k, in steps"), y: Axis("mean of |dJ(t)/dh(k)|", scale: .logarithmic),
        series: flow.layers.map { .init($0.name, values: $0.meanByLag) }))
    return [lines]
      + flow.layers.map { layer in
        NamedChart(
          "gradient-map-\(layer.name)",
          HeatMap(
            "|dJ(t)/dh(k)| of layer \(layer.name)",
            description: "Each row is the loss of one step, each column a hidden state; the diagonal is lag 0.",
            x: .init("k: the step of the hidden state", first: firstStep),
            y: .init("t: the step of the loss", first: firstStep), values: triangle(layer.norms),
            colours: Axis("norm", scale: .logarithmic)))
      }
  }

  private var jacobianCharts: [NamedChart] {
    guard let jacobian else { return [] }
    return [
      NamedChart(
        "jacobian",
        HeatMap(
          "Sequential Jacobian |dy(t)/dx(t')|",
          description:
            "Each row is the probability of the token after one step, each column an input that it depends on.",
          x: .init("t': the step of the input", first: firstStep),
          y: .init("t: the step of the output", first: firstStep),
          values: triangle(jacobian.norms), colours: Axis("norm", scale: .logarithmic)))
    ]
  }

  private var contributionCharts: [NamedChart] {
    contributions.enumerated().map { index, contribution in
      let magnitudes = contribution.values.map { $0.map(abs) }
      return NamedChart(
        "contributions-\(index + 1)",
        HeatMap(
          "Contributions to the gradient of \(contribution.weight.text)",
          description:
            "Each row is the loss of one step, each column the step whose use of the weight contributes; magnitudes.",
          x: .init("i: the step that uses the weight", first: firstStep),
          y: .init("t: the step of the loss", first: firstStep),
          values: triangle(magnitudes), colours: Axis("magnitude", scale: .logarithmic)))
    }
  }

  private var spectrumCharts: [NamedChart] {
    spectra.map { spectrum in
      NamedChart(
        "eigenvalues-\(spectrum.layer)-\(spectrum.gate)",
        ScatterPlot(
          "Eigenvalues of \(spectrum.layer), \(spectrum.gate)",
          description:
            "The eigenvalues of the recurrent matrix in the complex plane, with the unit circle; the largest magnitude is \(Format.short(spectrum.radius)).",
          x: Axis("real part"), y: Axis("imaginary part"),
          series: [.init("eigenvalues", spectrum.values.map { PlotPoint($0.real, $0.imaginary) })], circles: [1]))
    }
  }

  private var gateCharts: [NamedChart] {
    var layers: [String] = []
    for gate in gates where !layers.contains(gate.layer) { layers.append(gate.layer) }
    return layers.flatMap { layer in
      let gates = gates.filter { $0.layer == layer }
      let edges = (0...GateStatistics.binCount).map { Double($0) / Double(GateStatistics.binCount) }
      let histogram = Histogram(
        "Gates of \(layer)", description: "How often the gates of all units had each value between 0 and 1.",
        x: Axis("value of the gate", range: 0...1), y: Axis("share of all values"), edges: edges,
        series: gates.map { gate in
          let all = Double(max(1, gate.histogram.reduce(0, +)))
          return .init(gate.gate, gate.histogram.map { Double($0) / all })
        })
      let saturation = ScatterPlot(
        "Saturated gates of \(layer)",
        description: "A point for each unit: how often its gate is below 0.1, and how often above 0.9.",
        x: Axis("share below 0.1", range: 0...1), y: Axis("share above 0.9", range: 0...1),
        series: gates.map { gate in .init(gate.gate, zip(gate.left, gate.right).map { PlotPoint($0, $1) }) })
      return [NamedChart("gates-\(layer)", histogram), NamedChart("saturation-\(layer)", saturation)]
    }
  }

  private var cellCharts: [NamedChart] {
    cells.map { cell in
      NamedChart(
        "cell-\(cell.layer)-\(cell.number)",
        LineChart(
          "Cell \(cell.number) of \(cell.layer)", description: "What the cell shows after each token.",
          x: Axis("token"),
          y: Axis("shown value", range: -1...1), series: [.init(cell.name, values: cell.values.map(Double.init))]))
    }
  }
}
