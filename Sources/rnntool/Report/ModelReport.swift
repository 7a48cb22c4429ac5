import Foundation
import Plots
import RNNFormat
import RNNInspection
import RNNModel

/// One page about a model: what it is, how it learnt, what its numbers and tokens are like, what it writes and how it reads.
///
/// What a model does not have is said in the place where it would stand.
struct ModelReport {
  let inspection: Inspection
  /// What the model did when it ran, or why it could not.
  let reading: Result<ModelReading, any Error>

  private var document: ModelDocument { inspection.model.document }

  /// The most tensors that have a chart of their own.
  private static let mostCharts = 40

  /// The page.
  func markup() throws -> String {
    let title = document.metadata["title"]?.string ?? inspection.model.path
    let body =
      about + network + training + numbers + gates + (try tokens) + texts + confidence + documents
    return HTMLPage(title: title.printable, body: body).markup
  }

  private func section(_ title: String, _ content: [SVGElement], missing: String) -> [SVGElement] {
    [SVGElement("h2", text: title)] + (content.isEmpty ? [HTMLPage.paragraph(missing)] : content)
  }

  // MARK: What the file says

  private var about: [SVGElement] {
    var parts = [HTMLPage.table([], inspection.summaryRows)]
    if let description = document.metadata["description"]?.string {
      parts.insert(HTMLPage.paragraph(description), at: 0)
    }
    let assumptions = inspection.assumptions
    if !assumptions.isEmpty { parts.append(SVGElement("pre", ["class": "prose"], text: assumptions)) }
    return parts
  }

  private var network: [SVGElement] {
    let table = ParameterTable(document.architecture)
    let rows = zip(document.architecture.layers, document.architecture.widths).map { layer, width in
      let count = table.entries.filter { $0.layer == layer.name }.reduce(0) { $0 + $1.count }
      return [layer.name.printable, layer.kind, Format.count(width), Format.count(count), layer.semantics.printable]
    }
    let isRecurrent = document.architecture.layers.contains { $0.direction != nil }
    return section(
      "Network",
      [false, true].filter { !$0 || isRecurrent }.map {
        HTMLPage.figure(NetworkDrawing(architecture: document.architecture, isUnfolded: $0))
      } + [HTMLPage.table(["layer", "kind", "outputs", "parameters", "how it computes"], rows, right: [2, 3])],
      missing: "")
  }

  private var training: [SVGElement] {
    section(
      "Training", HistoryCharts(document.history).charts.map(HTMLPage.figure),
      missing: "The file has no history of the training.")
  }

  // MARK: Numbers

  private var numbers: [SVGElement] {
    guard let statistics = inspection.statistics else { return [] }
    let tensors = Array(zip(inspection.model.tensors, statistics))
    let broken = statistics.reduce(0) { $0 + $1.whole.nonFinite }
    var parts: [SVGElement] = []
    if broken > 0 {
      parts.append(
        HTMLPage.paragraph("\(Format.count(broken, "value")) of the parameters are infinite or not a number."))
    }
    parts.append(
      HTMLPage.table(
        ["tensor", "shape", "mean", "deviation", "smallest", "largest", "zeros", "not finite", "spectral norm"],
        tensors.map { tensor, figures in
          let norms = figures.gates.compactMap { gate in gate.spectralNorm.map { "\(gate.name) \(Format.short($0))" } }
          return [
            tensor.path.printable, tensor.shape.map(String.init).joined(separator: " × "),
            Format.short(figures.whole.mean), Format.short(figures.whole.deviation),
            Format.short(figures.whole.minimum),
            Format.short(figures.whole.maximum), "\(Format.number(100 * figures.whole.zeroShare, 1))%",
            Format.count(figures.whole.nonFinite), norms.joined(separator: ", "),
          ]
        }, right: [2, 3, 4, 5, 6, 7]))
    let charts = tensors.prefix(Self.mostCharts).map { tensor, figures in
      HTMLPage.figure(WeightChart(path: tensor.path.printable, statistics: figures).chart)
    }
    parts.append(HTMLPage.folded("How the values of each tensor are distributed", charts))
    if tensors.count > Self.mostCharts {
      parts.append(
        HTMLPage.paragraph("Charts of the first \(Self.mostCharts) of \(Format.count(tensors.count)) tensors."))
    }
    return section("Parameters", parts, missing: "")
  }

  private var gates: [SVGElement] {
    guard case .success(let reading) = reading, let recording = reading.recording, !recording.gates.isEmpty else {
      return section("Gates", [], missing: "No gates have been looked at: \(whyNot ?? "the model has none").")
    }
    var charts = AnalysisResults(
      model: inspection.model.path, text: "", modelID: inspection.identity ?? "")
    charts.recording = recording
    return section(
      "Gates",
      [
        HTMLPage.paragraph(
          "While the model read \(reading.isOwnText ? "a text that it has written itself" : "the text below"): how often each gate was how open."
        )
      ] + charts.charts.map { HTMLPage.figure($0.chart) }, missing: "")
  }

  // MARK: Tokens

  private var tokens: [SVGElement] {
    get throws {
      guard let vocabulary = document.vocabulary else {
        return section("Tokens", [], missing: "The tokens of the model are not known.")
      }
      let map = try TokenMap(inspection.model, vocabulary)
      return section("Tokens", map?.elements ?? [], missing: "No matrix of the model has a vector for each token.")
    }
  }

  // MARK: Texts

  /// Why the model has not been run; nil if it has.
  private var whyNot: String? {
    guard case .failure(let error) = reading else { return nil }
    return "the model cannot be run (\((Failure(error)?.message ?? "\(error)").printable))"
  }

  private var texts: [SVGElement] {
    guard case .success(let reading) = reading else {
      return section("What it writes", [], missing: "Nothing: \(whyNot ?? "").")
    }
    return section(
      "What it writes",
      reading.samples.flatMap { sample in
        [
          SVGElement("h3", text: "Temperature \(Format.number(sample.temperature, 1))"),
          SVGElement("pre", ["class": "prose"], text: sample.text),
        ]
      }, missing: "")
  }

  private var confidence: [SVGElement] {
    guard case .success(let reading) = reading, reading.tokens.count > 1 else {
      return section("How it reads", [], missing: "No text has been read\(whyNot.map { ": \($0)" } ?? "").")
    }
    let bits = reading.tokens.compactMap { $0.probability.map { -log2($0) } }
    let mean = bits.reduce(0, +) / Double(bits.count)
    return section(
      "How it reads",
      [
        HTMLPage.paragraph(
          "\(reading.isOwnText ? "A text that the model has written itself, at temperature 1" : "The beginning of the text"): \(Format.count(bits.count, "token")), \(Format.number(mean, 3)) bits each, perplexity \(Format.number(exp2(mean), 2)). The redder a token, the less the model expected it after those before it; its probability is said when one points at it."
        ),
        ConfidenceText(tokens: reading.tokens).element,
      ], missing: "")
  }

  // MARK: Documents

  private var documents: [SVGElement] {
    section(
      "Documents in the file",
      [
        ("Architecture", document.architecture.json), ("Metadata", document.metadata),
        ("Lineage", JSONValue.array(document.lineage)),
      ].map { title, json in
        HTMLPage.folded(title, [SVGElement("pre", ["tabindex": "0"], text: json.indented)])
      }, missing: "")
  }
}
