import RNNFormat

/// How the arrays of a recurrent cell of Keras become the parameters of one here.
///
/// Keras keeps kernels `[inputs, gates x units]` side by side; here each gate has its own matrix `[units, inputs]`.
enum KerasFormulas {
  /// The parameters of a cell, by the names that the format gives them.
  ///
  /// - Parameters:
  ///   - arrays: in the order in which Keras keeps them: kernel, recurrent kernel, bias if there is one; or for each gate in turn in
  ///     files of Keras 1.
  ///   - cell: what they belong to.
  /// - Returns: also whether there is a second bias.
  /// - Throws: `TensorFormulaError` for arrays that do not fit.
  static func parameters(
    _ arrays: [TensorFormula], of cell: KerasCell
  ) throws(TensorFormulaError) -> [String: TensorFormula] {
    let gates = cell.kind.gateCount
    if arrays.count == 3 * gates, gates > 1 { return try perGate(arrays, cell) }
    guard arrays.count == (cell.hasBias ? 3 : 2) else {
      throw TensorFormulaError("\(arrays.count) arrays are not those of a cell with\(cell.hasBias ? "" : "out") a bias")
    }
    guard arrays[0].shape.count == 2, arrays[1].shape == [cell.units, gates * cell.units],
      arrays[0].shape[1] == gates * cell.units
    else {
      throw TensorFormulaError(
        "kernels of the shapes \(arrays[0].shape) and \(arrays[1].shape) are not those of \(cell.units) units")
    }
    let bias = arrays.count == 3 ? try biases(arrays[2], of: cell) : [:]
    // Only cuDNN has two biases of an LSTM, and a GRU's as one list.
    let isCuDNN = gates > 1 && arrays.count == 3 && arrays[2].shape == [2 * gates * cell.units]
    return bias.merging([
      "input_weights": try isCuDNN ? blocks(arrays[0], gates, ofRows: true) : matrices(arrays[0], gates),
      "recurrent_weights": try isCuDNN ? blocks(arrays[1], gates, ofRows: false) : matrices(arrays[1], gates),
    ]) { first, _ in first }
  }

  /// `[inputs, gates x units]` to `[gates, units, inputs]`.
  private static func matrices(_ kernel: TensorFormula, _ gates: Int) throws(TensorFormulaError) -> TensorFormula {
    try kernel.transposed().reshaped([gates, kernel.shape[1] / gates, kernel.shape[0]])
  }

  /// The same of cuDNN's layout.
  ///
  /// The layers of cuDNN keep each gate's numbers in the order of the library: those of an input kernel are `[units, inputs]` whatever shape
  /// the array says, and a recurrent kernel is transposed already.
  private static func blocks(
    _ kernel: TensorFormula, _ gates: Int, ofRows isInput: Bool
  ) throws(TensorFormulaError) -> TensorFormula {
    let units = kernel.shape[1] / gates
    let shape = isInput ? [1, units, kernel.shape[0]] : [1, kernel.shape[0], units]
    var parts: [TensorFormula] = []
    for gate in 0..<gates {
      parts.append(try kernel.slice(axis: 1, (gate * units)..<((gate + 1) * units)).reshaped(shape))
    }
    return try .joining(parts)
  }

  /// The bias, and the second one of cuDNN and of a GRU that resets after the product.
  private static func biases(_ bias: TensorFormula, of cell: KerasCell) throws(TensorFormulaError) -> [String:
    TensorFormula]
  {
    let (gates, units) = (cell.kind.gateCount, cell.units)
    if bias.shape == [gates * units] {
      guard !cell.resetsAfter else {
        throw TensorFormulaError("a GRU that resets after the product has two biases, not one")
      }
      return ["bias": try bias.reshaped([gates, units])]
    }
    let isGRU = cell.kind == .gru
    guard bias.shape == [2 * gates * units] || bias.shape == [2, gates * units], cell.kind != .simple,
      bias.shape.count == 1 || isGRU
    else { throw TensorFormulaError("a bias of the shape \(bias.shape) is not that of \(units) units") }
    guard !isGRU || cell.resetsAfter else {
      throw TensorFormulaError("a GRU that resets before the product has one bias, not two")
    }
    let both = try bias.reshaped([2, gates, units])
    return [
      "bias": try both.slice(axis: 0, 0..<1).reshaped([gates, units]),
      "recurrent_bias": try both.slice(axis: 0, 1..<2).reshaped([gates, units]),
    ]
  }

  /// The arrays W, U and b of each gate, as Keras 1 has them.
  private static func perGate(_ arrays: [TensorFormula], _ cell: KerasCell) throws(TensorFormulaError) -> [String:
    TensorFormula]
  {
    // Keras 1 names an LSTM's gates in another order than all others.
    let order = cell.kind == .lstm ? ["input", "candidate", "forget", "output"] : ["update", "reset", "candidate"]
    let wanted = cell.kind == .lstm ? ["input", "forget", "candidate", "output"] : order
    func joined(_ offset: Int, _ make: (TensorFormula) throws(TensorFormulaError) -> TensorFormula)
      throws(TensorFormulaError) -> TensorFormula
    {
      var parts: [TensorFormula] = []
      for name in wanted {
        guard let gate = order.firstIndex(of: name) else { continue }
        parts.append(try make(arrays[3 * gate + offset]))
      }
      return try .joining(parts)
    }
    func matrix(_ array: TensorFormula) throws(TensorFormulaError) -> TensorFormula {
      guard array.shape.count == 2 else { throw TensorFormulaError("\(array.shape) is no matrix of a gate") }
      return try array.transposed().reshaped([1, array.shape[1], array.shape[0]])
    }
    return [
      "input_weights": try joined(0, matrix),
      "recurrent_weights": try joined(1, matrix),
      "bias": try joined(2) { (array) throws(TensorFormulaError) in try array.reshaped([1, cell.units]) },
    ]
  }
}

extension KerasCell.Kind {
  /// How many affine maps a cell has.
  var gateCount: Int {
    switch self {
    case .lstm: 4
    case .gru: 3
    case .simple: 1
    }
  }
}
