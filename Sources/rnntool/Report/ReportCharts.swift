import Foundation
import Plots
import RNNFormat
import RNNInspection

/// The course of a training as charts; none where there is no history.
struct HistoryCharts {
  private let history: History

  init(_ history: History) { self.history = history }

  private func points(_ name: String, _ change: (Double) -> Double = { $0 }) -> [PlotPoint] {
    guard let values = history.columns[name]?.values else { return [] }
    let steps = history.columns["step"]?.values ?? []
    return values.enumerated().map {
      PlotPoint($0.offset < steps.count ? steps[$0.offset] : Double($0.offset), change($0.element))
    }
  }

  private func chart(
    _ title: String, _ y: Axis, _ columns: [(column: String, name: String)], _ change: (Double) -> Double = { $0 }
  ) -> LineChart? {
    let series = columns.enumerated().compactMap { colour, entry -> LineChart.Series? in
      let points = points(entry.column, change)
      return points.contains { $0.y.isFinite } ? .init(entry.name, points, colour: colour) : nil
    }
    guard !series.isEmpty else { return nil }
    let ends = series.map { line in
      let values = line.points.map(\.y).filter(\.isFinite)
      return "\(line.name): from \(Format.short(values.first ?? .nan)) to \(Format.short(values.last ?? .nan))"
    }
    return LineChart(
      title, description: ends.joined(separator: "; ") + ".",
      x: Axis(history.columns["step"] == nil ? "validation" : "step"),
      y: y, series: series)
  }

  var charts: [LineChart] {
    let losses = [(column: "train_loss", name: "training"), (column: "valid_loss", name: "validation")]
    return [
      chart("Loss", Axis("nats per token"), losses),
      chart("Perplexity", Axis("perplexity", scale: .logarithmic), losses) { Double.exp($0) },
      chart("Learning rate", Axis("rate"), [("learning_rate", "rate")]),
      chart("Norm of the gradient", Axis("norm"), [("gradient_norm", "norm")]),
    ].compactMap(\.self)
  }
}

/// The distribution of a tensor's values, gate by gate where there are gates.
struct WeightChart {
  let path: String
  let statistics: ParameterStatistics

  var chart: Plots.Histogram {
    let gates =
      statistics.gates.count > 1 ? statistics.gates.map { ($0.name, $0.statistics) } : [("", statistics.whole)]
    let low = gates.map { $0.1.histogram.lower }.min() ?? 0
    let high = gates.map { $0.1.histogram.upper }.max() ?? 0
    let edges = RNNInspection.Histogram(from: low, to: high, bins: TensorStatistics.bins).edges
    return Plots.Histogram(
      path,
      description:
        "Values from \(Format.short(statistics.whole.minimum)) to \(Format.short(statistics.whole.maximum)), mean \(Format.short(statistics.whole.mean)), standard deviation \(Format.short(statistics.whole.deviation)).",
      x: Axis("value"), y: Axis("share of the values"), edges: edges,
      series: gates.map { .init($0.0, Self.shares($0.1, edges: edges)) })
  }

  /// A histogram spread over other intervals, as shares: values are even within the intervals that they were counted in.
  private static func shares(_ figures: TensorStatistics, edges: [Double]) -> [Double] {
    let own = figures.histogram.edges
    let total = Double(max(1, figures.count - figures.nonFinite))
    var shares = [Double](repeating: 0, count: max(0, edges.count - 1))
    for (bin, count) in figures.histogram.counts.enumerated() where count > 0 {
      let (lower, upper) = (own[bin], own[bin + 1])
      for target in shares.indices {
        let overlap = min(upper, edges[target + 1]) - max(lower, edges[target])
        let isPoint =
          upper <= lower && lower >= edges[target] && (lower < edges[target + 1] || target == shares.count - 1)
        if isPoint {
          shares[target] += Double(count) / total
          break
        }
        if overlap > 0 && upper > lower { shares[target] += Double(count) / total * overlap / (upper - lower) }
      }
    }
    return shares
  }
}

/// A text with the probability of each token as the colour behind it.
struct ConfidenceText {
  let tokens: [ModelReading.ReadToken]

  /// For a page.
  var element: SVGElement {
    let spans = tokens.map { token in
      let text = String(decoding: token.bytes, as: UTF8.self)
      guard let probability = token.probability else { return SVGElement("span", text: text) }
      // Ten bits are as unexpected as it gets.
      let strength = NumberText.coordinate(min(1, max(0, -log2(probability) / 10)) * 0.75)
      return SVGElement(
        "span",
        [
          "style": "background:rgba(220,38,38,\(strength))",
          "title": "p = \(Format.short(probability)), \(Format.number(-log2(probability), 2)) bits",
        ], text: text)
    }
    return SVGElement("pre", ["class": "cells", "tabindex": "0"], spans.map { .element($0) })
  }
}
