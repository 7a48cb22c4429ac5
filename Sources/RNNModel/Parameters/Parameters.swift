import Kernels

/// The parameters of an architecture in one flat buffer.
public struct Parameters: Sendable {
  /// Where each tensor lies.
  public let table: ParameterTable
  /// All values, in the order of the table.
  public var values: [Float]

  /// Takes values.
  ///
  /// - Precondition: there are as many as the table has parameters.
  public init(table: ParameterTable, values: [Float]) {
    precondition(values.count == table.count, "\(table.count) parameters, \(values.count) values")
    self.table = table
    self.values = values
  }

  /// Draws the parameters of a model before its training.
  ///
  /// Weights are uniform in ±1/sqrt(fan): the number of hidden units for recurrent layers, of inputs for linear layers (the
  /// customs of PyTorch); embeddings are uniform in ±0.1; biases are zero, except that an LSTM's forget gate starts at
  /// `forgetBias` (Gers et al. 2000; Jozefowicz et al. 2015 recommend 1); gains are one.
  ///
  /// - Parameters:
  ///   - architecture: one that ``Architecture/check()`` has accepted.
  ///   - forgetBias: what the forget gate's bias starts at, less the constant that the layer adds itself.
  ///   - generator: the source of chance.
  public init(drawing architecture: Architecture, forgetBias: Double = 1, using generator: inout RandomGenerator) {
    table = ParameterTable(architecture)
    values = [Float](repeating: 0, count: table.count)
    for layer in architecture.layers {
      for entry in table.entries where entry.layer == layer.name {
        let bound: Double
        switch (layer, entry.name) {
        case (_, "bias"), (_, "recurrent_bias"), (_, "initial_hidden"), (_, "initial_cell"): bound = 0
        case (_, "gain"):
          bound = 0
          for index in entry.range { values[index] = 1 }
        case (.embedding, _): bound = 0.1
        case (.linear, _), (.attention, _): bound = 1 / Double(max(1, layer.inputs ?? 1)).squareRoot()
        default: bound = 1 / Double(max(1, layer.outputs ?? 1)).squareRoot()
        }
        if bound > 0 {
          for index in entry.range { values[index] = Float(generator.uniform(in: -bound..<bound)) }
        }
      }
      if case .lstm(let lstm) = layer, let bias = table[lstm.name, "bias"],
        let gate = lstm.gates.firstIndex(of: "forget")
      {
        let start = bias.range.lowerBound + gate * lstm.cells
        for index in start..<(start + lstm.cells) { values[index] = Float(forgetBias - lstm.forgetBias) }
      }
    }
  }
}
