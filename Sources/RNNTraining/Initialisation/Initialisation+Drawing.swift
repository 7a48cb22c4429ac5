import Kernels
import RNNModel

extension Initialisation {
  /// Draws the parameters of a model.
  ///
  /// - Parameters:
  ///   - architecture: one that `Architecture.check()` has accepted.
  ///   - generator: the source of chance.
  /// - Throws: ``TrainingError/invalidPlan(_:)`` for ranges that make no sense, and for a reservoir without an Elman layer.
  public func parameters(
    of architecture: Architecture, using generator: inout RandomGenerator
  ) throws(TrainingError) -> Parameters {
    if let problem { throw .invalidPlan("\(problem)") }
    let table = ParameterTable(architecture)
    var parameters = Parameters(table: table, values: [Float](repeating: 0, count: table.count))
    // All are drawn by custom first, also those that are then drawn in another way: published seeds count on the numbers that this takes.
    for isByCustom in [true, false] {
      for layer in architecture.layers {
        for entry in table.entries where entry.layer == layer.name {
          let distribution = isByCustom ? .customary : distribution(of: entry, layer)
          guard isByCustom || distribution != .customary else { continue }
          Self.fill(entry, of: layer, distribution, in: &parameters.values, using: &generator)
        }
      }
    }
    for layer in architecture.layers { setForgetBias(layer, in: &parameters) }
    if let reservoir { try reservoir.fill(&parameters, of: architecture, using: &generator) }
    return parameters
  }

  private func distribution(of entry: ParameterTable.Entry, _ layer: Architecture.Layer) -> Distribution {
    switch (layer, entry.name) {
    case (.embedding, _): embedding
    case (.linear, "bias"): linearBias
    case (.linear, _): linear
    case (_, "input_weights"): inputWeights
    case (_, "recurrent_weights"): recurrentWeights
    case (.elman, "bias"), (.lstm, "bias"), (.gru, "bias"), (_, "recurrent_bias"): bias
    case (_, "peephole_weights"), (_, "projection_weights"): otherWeights
    default: .customary
    }
  }

  /// What ``Distribution/customary`` is for a tensor.
  private static func custom(for entry: ParameterTable.Entry, _ layer: Architecture.Layer) -> Distribution {
    switch (layer, entry.name) {
    case (_, "bias"), (_, "recurrent_bias"), (_, "initial_hidden"), (_, "initial_cell"): .constant(0)
    case (_, "gain"): .constant(1)
    case (.embedding, _): .uniform(range: 0.1)
    case (.linear, _), (.attention, _): .uniform(range: 1 / Double(max(1, layer.inputs ?? 1)).squareRoot())
    default: .uniform(range: 1 / Double(max(1, layer.outputs ?? 1)).squareRoot())
    }
  }

  private static func fill(
    _ entry: ParameterTable.Entry, of layer: Architecture.Layer, _ distribution: Distribution,
    in values: inout [Float], using generator: inout RandomGenerator
  ) {
    let matrix = MatrixShape(entry)
    switch distribution {
    case .customary: fill(entry, of: layer, custom(for: entry, layer), in: &values, using: &generator)
    case .constant(let value): for index in entry.range { values[index] = Float(value) }
    case .uniform(let range): fillUniform(entry.range, in: &values, range, using: &generator)
    case .uniformFan:
      var fan = layer.outputs ?? 1
      if case .lstm(let lstm) = layer { fan = lstm.cells }
      if case .linear(let linear) = layer { fan = linear.inputs }
      fillUniform(entry.range, in: &values, 1 / Double(max(1, fan)).squareRoot(), using: &generator)
    case .normal(let deviation): fillNormal(entry.range, in: &values, deviation, using: &generator)
    case .glorotUniform:
      let range = (6 / Double(max(1, matrix.rows + matrix.columns))).squareRoot()
      fillUniform(entry.range, in: &values, range, using: &generator)
    case .glorotNormal:
      let deviation = (2 / Double(max(1, matrix.rows + matrix.columns))).squareRoot()
      fillNormal(entry.range, in: &values, deviation, using: &generator)
    case .orthogonal(let gain):
      var start = entry.range.lowerBound
      for _ in 0..<matrix.count {
        let numbers = Orthogonal.matrix(rows: matrix.rows, columns: matrix.columns, using: &generator)
        for (index, number) in numbers.enumerated() { values[start + index] = Float(gain * number) }
        start += numbers.count
      }
    }
  }

  private static func fillUniform(
    _ indices: Range<Int>, in values: inout [Float], _ range: Double, using generator: inout RandomGenerator
  ) {
    for index in indices { values[index] = range > 0 ? Float(generator.uniform(in: -range..<range)) : 0 }
  }

  private static func fillNormal(
    _ indices: Range<Int>, in values: inout [Float], _ deviation: Double, using generator: inout RandomGenerator
  ) {
    for index in indices { values[index] = Float(deviation * generator.normal()) }
  }

  private func setForgetBias(_ layer: Architecture.Layer, in parameters: inout Parameters) {
    guard forgetBias != nil || bias == .customary, case .lstm(let lstm) = layer,
      let entry = parameters.table[lstm.name, "bias"], let gate = lstm.gates.firstIndex(of: "forget")
    else { return }
    let start = entry.range.lowerBound + gate * lstm.cells
    let value = forgetBias.map { Float($0 - lstm.forgetBias) } ?? 0
    for index in start..<(start + lstm.cells) { parameters.values[index] = value }
  }
}

/// A tensor as the matrices of its gates.
private struct MatrixShape {
  /// How many matrices there are.
  var count: Int
  /// The outputs; 1 for biases.
  var rows: Int
  /// The inputs.
  var columns: Int

  init(_ entry: ParameterTable.Entry) {
    var shape = entry.shape[...]
    count = entry.axes.first == .gate ? shape.removeFirst() : 1
    columns = shape.popLast() ?? 1
    rows = shape.popLast() ?? 1
  }
}
