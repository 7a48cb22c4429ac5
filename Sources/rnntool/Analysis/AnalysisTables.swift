import RNNAnalysis
import RNNFormat

/// What an analysis has found, as a person reads it on a terminal.
struct AnalysisTables {
  let results: AnalysisResults

  /// The sections with their headings.
  var text: String {
    [flow, jacobian, contributions, spectra, gates, searches, check].compactMap(\.self).joined(separator: "\n\n")
  }

  /// Lags at which norms are shown.
  private static func lags(_ count: Int) -> [Int] {
    [0, 1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000].filter { $0 < count }
  }

  private func steps(_ count: Int) -> String {
    Format.count(count, "step") + (results.start > 0 ? " from token \(Format.count(results.start))" : "")
  }

  private var flow: String? {
    guard let flow = results.flow, let count = results.window?.count else { return nil }
    let means = flow.layers.map(\.meanByLag)
    var rows = [["lag"] + flow.layers.map { $0.name.printable }]
    rows += Self.lags(count).map { lag in ["\(lag)"] + means.map { Format.short($0[lag]) } }
    let rates = flow.layers.map { "\($0.name.printable): \(Self.rate($0.slope))" }
    return
      (["gradient flow: mean of |dJ(t)/dh(k)| by lag t - k, over \(steps(count))"]
      + [Format.table(rows, right: Set(0...flow.layers.count))] + rates).joined(separator: "\n")
  }

  /// What the slope of the logarithm of norms means.
  static func rate(_ slope: Double?) -> String {
    guard let slope else { return "no gradient flows back" }
    let factor = Double.exp(slope)
    let text = "times \(Format.short(factor)) a step back"
    if abs(slope) < 0.002 { return "steady: \(text)" }
    let steps = Format.short(Double.log(2) / abs(slope))
    return slope < 0
      ? "vanishing: \(text), to a half in \(steps) steps" : "exploding: \(text), to the double in \(steps) steps"
  }

  private var jacobian: String? {
    guard let jacobian = results.jacobian else { return nil }
    let means = jacobian.meanByLag
    let rows = [["lag", "norm"]] + Self.lags(means.count).map { ["\($0)", Format.short(means[$0])] }
    return
      "sequential Jacobian: mean of |dy(t)/dx(t')| by lag t - t', y being p of the token that follows, over \(steps(means.count))\n"
      + Format.table(rows, right: [0, 1])
  }

  private var contributions: String? {
    guard !results.contributions.isEmpty else { return nil }
    return results.contributions.map { contribution in
      let count = contribution.values.count
      let means = GradientFlow.Layer(name: "", norms: contribution.values.map { $0.map(abs) }).meanByLag
      let rows = [["lag", "mean magnitude"]] + Self.lags(count).map { ["\($0)", Format.short(means[$0])] }
      let what = contribution.areNorms ? "the norm of the contribution" : "the contribution"
      let sum = contribution.values.joined().reduce(0, +)
      let total = contribution.areNorms ? "" : "\nthe gradient, their sum over all t and i: \(Format.short(sum))"
      return
        "\(contribution.weight.text.printable): \(what) of its use in step i to the gradient of J(t), by lag t - i, over \(steps(count))\n"
        + Format.table(rows, right: [0, 1]) + total
    }.joined(separator: "\n\n")
  }

  private var spectra: String? {
    guard !results.spectra.isEmpty else { return nil }
    let rows =
      [["layer", "gate", "order", "spectral radius", "largest eigenvalue", "outside the unit circle"]]
      + results.spectra.map { spectrum in
        let largest = spectrum.values.first.map { value in
          value.imaginary == 0
            ? Format.short(value.real) : "\(Format.short(value.real)) ± \(Format.short(abs(value.imaginary)))i"
        }
        return [
          spectrum.layer.printable, spectrum.gate, "\(spectrum.values.count)", Format.short(spectrum.radius),
          largest ?? "",
          "\(spectrum.values.count { $0.magnitude > 1 })",
        ]
      }
    return "eigenvalues of the recurrent matrices\n" + Format.table(rows, right: [2, 3, 5])
  }

  private var gates: String? {
    guard !results.gates.isEmpty, let recording = results.recording else { return nil }
    let rows =
      [["layer", "gate", "mean", "below 0.1", "above 0.9", "units mostly below", "units mostly above"]]
      + results.gates.map { gate in
        [
          gate.layer.printable, gate.gate, Format.number(gate.mean, 3), Format.percent(gate.leftShare).trimmed,
          Format.percent(gate.rightShare).trimmed, "\(gate.left.count { $0 > 0.5 })",
          "\(gate.right.count { $0 > 0.5 })",
        ]
      }
    return "gates, over \(Format.count(recording.tokens.count, "token"))\n"
      + Format.table(rows, right: [2, 3, 4, 5, 6])
  }

  private static let mostCells = 10

  private var searches: String? {
    guard !results.searches.isEmpty, let recording = results.recording else { return nil }
    return results.searches.map { search in
      let rows =
        [["cell", "correlation", "AUC"]]
        + search.scores.prefix(Self.mostCells).map { score in
          [
            "\(score.layer.printable)/\(score.cell)", Format.number(score.correlation, 4),
            score.area.map { Format.number($0, 4) } ?? "-",
          ]
        }
      let constant = Set(search.track.values).count < 2 ? "\nit never changes in this text: nothing can follow it" : ""
      return
        "cells that follow '\(search.track.name.printable)', of \(Format.count(search.scores.count)), over \(Format.count(recording.tokens.count, "token"))\n"
        + Format.table(rows, right: [1, 2]) + constant
    }.joined(separator: "\n\n")
  }

  private var check: String? {
    guard let check = results.check else { return nil }
    let rows =
      [["", "", "largest difference", "of the largest derivative"]]
      + check.pairs.map {
        [$0.first.rawValue, $0.second.rawValue, Format.short($0.largestDifference), Format.short($0.relative)]
      }
    let sample =
      check.sampled == check.parameters
      ? "all \(Format.count(check.parameters, "parameter"))"
      : "\(Format.count(check.parameters, "parameter")), of which \(Format.count(check.sampled)) drawn by chance for the central differences"
    return
      "one gradient in four ways: \(steps(check.steps)), \(sample); the largest derivative is \(Format.short(check.largestDerivative))\n"
      + Format.table(rows, right: [2, 3])
  }
}

extension String {
  fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
