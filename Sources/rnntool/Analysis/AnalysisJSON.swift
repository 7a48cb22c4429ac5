import RNNAnalysis
import RNNFormat

extension AnalysisResults {
  /// The document of `--json`; `docs/COMMANDS.md` names the keys.
  var json: JSONValue {
    var members: [String: JSONValue] = [
      "model": .string(model), "model_id": .string(modelID), "text": .string(text),
    ]
    if let window { members["window"] = ["start": .integer(start), "steps": .integer(window.count)] }
    if let flow {
      members["gradient_flow"] = .array(
        flow.layers.map { layer in
          [
            "layer": .string(layer.name), "norms": Self.matrix(layer.norms), "mean_by_lag": Self.list(layer.meanByLag),
            "slope": layer.slope.map { Self.real($0) } ?? .null,
          ]
        })
    }
    if let jacobian {
      members["jacobian"] = ["norms": Self.matrix(jacobian.norms), "mean_by_lag": Self.list(jacobian.meanByLag)]
    }
    if !contributions.isEmpty {
      members["contributions"] = .array(
        contributions.map {
          ["weight": .string($0.weight.text), "are_norms": .bool($0.areNorms), "values": Self.matrix($0.values)]
        })
    }
    if !spectra.isEmpty {
      members["eigenvalues"] = .array(
        spectra.map { spectrum in
          [
            "layer": .string(spectrum.layer), "gate": .string(spectrum.gate), "radius": Self.real(spectrum.radius),
            "values": Self.matrix(spectrum.values.map { [$0.real, $0.imaginary] }),
          ]
        })
    }
    if !gates.isEmpty {
      members["gates"] = .array(
        gates.map { gate in
          [
            "layer": .string(gate.layer), "gate": .string(gate.gate), "below": Self.list(gate.left),
            "above": Self.list(gate.right), "mean": Self.list(gate.means),
            "histogram": .array(gate.histogram.map { .integer($0) }),
          ]
        })
    }
    if let recording { members["tokens"] = .integer(recording.tokens.count) }
    if !searches.isEmpty {
      members["tracks"] = .array(
        searches.map { search in
          ["track": .string(search.track.name), "cells": .array(search.scores.map { Self.score($0) })]
        })
    }
    if !cells.isEmpty {
      members["cells"] = .array(
        cells.map { cell in
          [
            "layer": .string(cell.layer), "cell": .integer(cell.number),
            "values": Self.list(cell.values.map(Double.init)),
          ]
        })
    }
    if let check { members["gradient_check"] = Self.check(check) }
    return .object(members)
  }

  private static func real(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
  private static func list(_ values: [Double]) -> JSONValue { .array(values.map { real($0) }) }
  private static func matrix(_ rows: [[Double]]) -> JSONValue { .array(rows.map { list($0) }) }

  private static func score(_ score: CellSearch.Score) -> JSONValue {
    [
      "layer": .string(score.layer), "cell": .integer(score.cell), "correlation": real(score.correlation),
      "auc": score.area.map { real($0) } ?? .null,
    ]
  }

  private static func check(_ check: GradientCheck) -> JSONValue {
    [
      "loss": real(check.loss), "steps": .integer(check.steps), "parameters": .integer(check.parameters),
      "sampled": .integer(check.sampled), "largest_derivative": real(check.largestDerivative),
      "pairs": .array(
        check.pairs.map {
          [
            "first": .string($0.first.rawValue), "second": .string($0.second.rawValue),
            "largest_difference": real($0.largestDifference), "relative": real($0.relative),
          ]
        }),
    ]
  }
}
