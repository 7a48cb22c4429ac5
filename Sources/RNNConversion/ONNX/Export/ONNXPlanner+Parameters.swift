import RNNFormat
import RNNModel

extension ONNXPlanner {
  /// W, R, B and for peepholes P, each of one direction or two.
  func parameters(_ layers: [Architecture.Layer]) throws -> [(String, TensorFormula?)] {
    let parts = try layers.map { try parameters($0) }
    return try parts[0].indices.map { index in
      let formulas = parts.compactMap { $0[index].1 }
      return (parts[0][index].0, formulas.isEmpty ? nil : try TensorFormula.joining(formulas))
    }
  }

  private func parameters(_ layer: Architecture.Layer) throws -> [(String, TensorFormula?)] {
    let (ours, theirs, negatesUpdate, forgetBias) = layer.gateOrders
    let hidden = layer.outputs ?? 0
    /// An array with an axis of gates as ONNX has it, [1, gates * ...].
    func gated(_ formula: TensorFormula, _ theirs: [String]) throws -> TensorFormula {
      let rest = Array(formula.shape.dropFirst())
      let rows = try theirs.map { gate -> TensorFormula in
        // ONNX wants the gate that coupled gates do not have, and does not look at it.
        guard let place = ours.filter({ theirs.contains($0) }).firstIndex(of: gate) else {
          return .zeros(formula.type, shape: [1] + rest)
        }
        let row = try formula.slice(axis: 0, place..<(place + 1))
        // 1 - sigma(a) = sigma(-a), also for the hard sigmoids: ONNX's update gate keeps the state before.
        return gate == "update" && negatesUpdate ? try row.negated() : row
      }
      let isPlain = !negatesUpdate && theirs.allSatisfy { ours.contains($0) }
      let ordered = isPlain ? try formula.gates(ours.filter { theirs.contains($0) }, as: theirs) : try .joining(rows)
      return try ordered.reshaped([1, theirs.count * (rest.first ?? 1)] + rest.dropFirst())
    }
    guard let weights = formula(layer.name, "input_weights"), let recurrent = formula(layer.name, "recurrent_weights")
    else {
      throw FormatError.cannotWrite(file: layer.name, reason: "its weights are absent")
    }
    let none = TensorFormula.zeros(weights.type, shape: [1, theirs.count * hidden])
    var first = try formula(layer.name, "bias").map { try gated($0, theirs) }
    let second = try formula(layer.name, "recurrent_bias").map { try gated($0, theirs) }
    if forgetBias != 0 {
      let constants = theirs.map { gate in
        gate == "forget"
          ? TensorFormula.filled(weights.type, value: forgetBias, shape: [1, hidden])
          : .zeros(weights.type, shape: [1, hidden])
      }
      let constant = try TensorFormula.joining(constants, axis: 1)
      first = try first.map { try $0.adding(constant) } ?? constant
    }
    let biases =
      first == nil && second == nil ? nil : try TensorFormula.joining([first ?? none, second ?? none], axis: 1)
    let peepholes = try formula(layer.name, "peephole_weights").map {
      try gated($0, theirs.filter { $0 != "candidate" })
    }
    return [
      ("W", try gated(weights, theirs)), ("R", try gated(recurrent, theirs)), ("B", biases),
    ] + (peepholes.map { [("P", $0)] } ?? [])
  }
}

extension Architecture.Layer {
  /// Our order of gates and ONNX's, whether the update gate has to be turned round, and what the forget gate gets at run time.
  fileprivate var gateOrders: (ours: [String], theirs: [String], negatesUpdate: Bool, forgetBias: Double) {
    switch self {
    case .gru(let layer):
      (Architecture.GRU.gates, ["update", "reset", "candidate"], layer.updateKeeps == .candidate, 0)
    case .lstm(let layer): (layer.gates, ["input", "output", "forget", "candidate"], false, layer.forgetBias)
    default: (Architecture.Elman.gates, Architecture.Elman.gates, false, 0)
    }
  }
}
