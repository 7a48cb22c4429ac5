import RNNModel

/// The eigenvalues of a gate's recurrent matrix.
///
/// Where a linear net's largest one is below 1 in magnitude, its gradients vanish; where it is above, they can explode: Pascanu, Mikolov &
/// Bengio (2013), section 2.1. Gates change that, so that the numbers of an LSTM or a GRU describe its matrices, not its memory.
public struct RecurrentSpectrum: Sendable {
  /// The layer's name.
  public let layer: String
  /// The gate's name.
  public let gate: String
  /// The eigenvalues of U, or with a projection P of P U, the largest magnitude first.
  public let values: [Eigenvalues.Value]
  /// The largest magnitude.
  public var radius: Double { values.first?.magnitude ?? 0 }

  /// What all matrices of a model cost.
  public static func cost(of model: Model) -> AnalysisCost {
    let orders = model.architecture.layers.filter { $0.direction != nil }.map { layer in
      let gates = model.parameters.table[layer.name, "recurrent_weights"]?.shape.first ?? 0
      return Double(gates) * Eigenvalues.cost(order: layer.outputs ?? 0).multiplications
    }
    return AnalysisCost(multiplications: orders.reduce(0, +), rate: AnalysisCost.referenceRate)
  }

  /// The spectra of all recurrent layers and gates.
  ///
  /// - Parameters:
  ///   - model: a model with a recurrent layer.
  ///   - limit: the longest time that it may take, in seconds.
  ///   - progress: called with the part that is done.
  /// - Throws: ``AnalysisError``.
  public static func all(
    of model: Model, limit: Double = AnalysisCost.longest, progress: (Double) -> Void = { _ in }
  ) throws(AnalysisError) -> [RecurrentSpectrum] {
    let table = model.parameters.table
    let entries = table.entries.filter { $0.name == "recurrent_weights" }
    guard !entries.isEmpty else { throw .noRecurrentLayer }
    try cost(of: model).check("the eigenvalues", limit: limit, advice: "leave them out, with --part for the others")
    var spectra: [RecurrentSpectrum] = []
    for (number, entry) in entries.enumerated() {
      let (units, inputs) = (entry.shape[1], entry.shape[2])
      for (index, gate) in entry.gates.enumerated() {
        let start = entry.range.lowerBound + index * units * inputs
        var matrix = model.parameters.values[start..<(start + units * inputs)].map(Double.init)
        if let projection = table[entry.layer, "projection_weights"] {
          matrix = product(
            model.parameters.values[projection.range].map(Double.init), matrix, rows: inputs, inner: units,
            columns: inputs)
        }
        guard matrix.allSatisfy(\.isFinite) else { throw .notFinite("'\(entry.path)', gate \(gate),") }
        spectra.append(
          RecurrentSpectrum(layer: entry.layer, gate: gate, values: try Eigenvalues.of(matrix, order: inputs)))
        progress((Double(number) + Double(index + 1) / Double(entry.gates.count)) / Double(entries.count))
      }
    }
    return spectra
  }

  /// The product of a `[rows, inner]` and an `[inner, columns]` matrix.
  private static func product(_ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int) -> [Double] {
    var c = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for k in 0..<inner {
        let factor = a[row * inner + k]
        for column in 0..<columns { c[row * columns + column] += factor * b[k * columns + column] }
      }
    }
    return c
  }
}
