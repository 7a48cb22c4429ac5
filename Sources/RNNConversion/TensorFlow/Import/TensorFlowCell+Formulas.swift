import RNNModel

extension TensorFlowCell {
  /// The widths of a cell, from the shapes of its matrices.
  struct Widths {
    let inputs: Int
    /// The number of cells, or of units.
    let hidden: Int
    /// What it gives: fewer than there are cells if they are projected.
    let outputs: Int
  }

  /// How the parameters of a cell are made of its variables.
  struct Parameters {
    let widths: Widths
    let formulas: [String: TensorFormula]
  }

  /// The parameters of the cell.
  ///
  /// A kernel is `[inputs + outputs, gates x units]`, its upper rows for what comes in and its lower ones for the state. An LSTM's gates are in the order
  /// i, j (the candidate), f, o; a GRU's r, u, and its candidate has a kernel of its own (TensorFlow's `rnn_cell_impl.py`).
  ///
  /// - Parameter take: gives an array of the file.
  /// - Throws: `TensorFormulaError` for variables that do not fit each other.
  func parameters(
    _ take: (String) throws(ConversionError) -> TensorFormula
  ) throws -> Parameters {
    func joined(_ role: Role) throws -> TensorFormula? {
      guard let names = variables[role] else { return nil }
      return try .joining(try names.map(take))
    }
    guard let kernel = try joined(.kernel), kernel.shape.count == 2 else {
      throw TensorFormulaError("it has no kernel")
    }
    let gates = kind == .lstm ? 4 : kind == .gru ? 2 : 1
    let projection = try joined(.projection)
    let hidden = kernel.shape[1] / gates
    guard projection.map({ $0.shape.count == 2 && $0.shape[0] == hidden }) ?? true else {
      throw TensorFormulaError("its projection has the shape \(projection?.shape ?? []) for \(hidden) cells")
    }
    let outputs = projection?.shape[1] ?? hidden
    guard hidden > 0, kernel.shape[1] == gates * hidden, outputs > 0, kernel.shape[0] > outputs else {
      throw TensorFormulaError("its kernel has the shape \(kernel.shape), which is not that of \(outputs) outputs")
    }
    let inputs = kernel.shape[0] - outputs
    /// Some rows of a kernel, as `[gates, units, rows]`.
    func part(_ kernel: TensorFormula, _ rows: Range<Int>, _ gates: Int) throws(TensorFormulaError) -> TensorFormula {
      try kernel.slice(axis: 0, rows).transposed().reshaped([gates, hidden, rows.count])
    }
    let order =
      switch kind {
      case .lstm: ["input", "candidate", "forget", "output"]
      case .gru: ["reset", "update", "candidate"]
      case .elman: Architecture.Elman.gates
      }
    let wanted =
      switch kind {
      case .lstm: Architecture.LSTM.gates
      case .gru: Architecture.GRU.gates
      case .elman: Architecture.Elman.gates
      }
    let candidate = try joined(.candidateKernel)
    if kind == .gru, candidate?.shape != [kernel.shape[0], hidden] {
      throw TensorFormulaError("its candidate's kernel has the shape \(candidate?.shape ?? []) for \(hidden) units")
    }
    func matrix(_ rows: Range<Int>) throws(TensorFormulaError) -> TensorFormula {
      var parts = [try part(kernel, rows, gates)]
      if let candidate { parts.append(try part(candidate, rows, 1)) }
      return try .joining(parts).gates(order, as: wanted)
    }
    var formulas = [
      "input_weights": try matrix(0..<inputs), "recurrent_weights": try matrix(inputs..<(inputs + outputs)),
    ]
    if let bias = try joined(.bias) {
      var parts = [try bias.reshaped([gates, hidden])]
      if kind == .gru {
        guard let candidate = try joined(.candidateBias) else {
          throw TensorFormulaError("its gates have a bias, but its candidate has none")
        }
        parts.append(try candidate.reshaped([1, hidden]))
      }
      formulas["bias"] = try TensorFormula.joining(parts).gates(order, as: wanted)
    } else if variables[.candidateBias] != nil {
      throw TensorFormulaError("its candidate has a bias, but its gates have none")
    }
    let peepholes = try ["input", "forget", "output"].compactMap { try joined(.peephole($0))?.reshaped([1, hidden]) }
    if !peepholes.isEmpty {
      guard peepholes.count == 3 else { throw TensorFormulaError("only some of its gates have peepholes") }
      formulas["peephole_weights"] = try .joining(peepholes)
    }
    if let projection { formulas["projection_weights"] = try projection.transposed() }
    return Parameters(widths: Widths(inputs: inputs, hidden: hidden, outputs: outputs), formulas: formulas)
  }
}
