import Kernels
import RNNFormat
import RNNModel

/// Recurrent layers that are one module of PyTorch: alike, one above the other, each perhaps in both directions.
struct TorchPlannedStack {
  /// `[layer][direction]`
  private(set) var rows: [[Architecture.Layer]]
  /// How many layers of the architecture this is.
  private(set) var length: Int
  /// Between the layers.
  private(set) var dropout: Double?

  /// All recurrent layers.
  var layers: [Architecture.Layer] { Array(rows.joined()) }
  var isBidirectional: Bool { rows[0].count == 2 }

  /// Takes as many layers as fit; nil if there is no recurrent one, or it reads backward alone.
  init?(_ layers: [Architecture.Layer], from start: Int) {
    guard let (row, end) = Self.row(layers, from: start) else { return nil }
    rows = [row]
    var next = end
    while let (following, dropout, end) = Self.following(layers, from: next),
      Self.areAlike(rows[0], following), rows.count == 1 || self.dropout == dropout
    {
      rows.append(following)
      self.dropout = dropout
      next = end
    }
    length = next - start
  }

  /// One layer, in one direction or both, and where the next one begins.
  private static func row(
    _ layers: [Architecture.Layer], from start: Int
  ) -> (row: [Architecture.Layer], end: Int)? {
    guard start < layers.count, layers[start].direction == .forward else { return nil }
    let forward = layers[start]
    // The layer, the input again, the layer that reads backward, both side by side.
    if start > 0, start + 3 < layers.count, layers[start + 2].direction == .backward,
      let again = layers[start + 1].joined, again == [layers[start - 1].name],
      case .concatenation(let both) = layers[start + 3], both.of == [forward.name, layers[start + 2].name],
      forward.shape == layers[start + 2].shape, !isUsed(layers, [start, start + 1, start + 2], after: start + 4)
    {
      return ([forward, layers[start + 2]], start + 4)
    }
    return ([forward], start + 1)
  }

  /// Whether a layer further up takes the output of one of these.
  private static func isUsed(_ layers: [Architecture.Layer], _ indices: [Int], after: Int) -> Bool {
    let names = Set(indices.map { layers[$0].name })
    return layers[after...].contains { !names.isDisjoint(with: $0.sources ?? []) }
  }

  private static func following(
    _ layers: [Architecture.Layer], from start: Int
  ) -> (row: [Architecture.Layer], dropout: Double?, end: Int)? {
    guard start < layers.count else { return nil }
    if case .dropout(let dropout) = layers[start], !dropout.locked, let (row, end) = row(layers, from: start + 1) {
      return (row, dropout.rate, end)
    }
    return row(layers, from: start).map { ($0.row, nil, $0.end) }
  }

  private static func areAlike(_ first: [Architecture.Layer], _ second: [Architecture.Layer]) -> Bool {
    guard let inputs = second.first?.inputs, let outputs = first.first?.outputs, first.count == second.count else {
      return false
    }
    return inputs == outputs * first.count
      && zip(first, second).allSatisfy { $0.shape?.unwidened == $1.shape?.unwidened }
  }

  /// The name of the module: that of its first layer, without what counts its layers.
  var name: String {
    let name = rows[0][0].name
    guard rows.count > 1 || name.hasSuffix("_l0") else { return name }
    let stem = name.replacing(/_?l?[0-9]+$/, with: "")
    return stem.isEmpty ? name : stem
  }

  /// What an `nn.RNN` computes at each unit; nil for other kinds.
  var nonlinearity: Activation? {
    if case .elman(let layer) = rows[0][0] { layer.activation } else { nil }
  }

  /// The parameters by PyTorch's names.
  func arrays(
    _ tensor: (_ layer: String, _ name: String) throws(TensorFormulaError) -> TensorFormula
  ) throws(TensorFormulaError) -> [(name: String, formula: TensorFormula)] {
    var arrays: [(name: String, formula: TensorFormula)] = []
    for (index, row) in rows.enumerated() {
      for (layer, suffix) in zip(row, ["_l\(index)", "_l\(index)_reverse"]) {
        guard let shape = layer.shape else { continue }
        func flat(_ name: String) throws(TensorFormulaError) -> TensorFormula {
          var formula = try tensor(layer.name, name)
          if case .gru = layer {
            formula = try formula.gates(Architecture.GRU.gates, as: ["reset", "update", "candidate"])
          }
          guard formula.shape.count >= 2 else { throw TensorFormulaError("'\(layer.name)/\(name)' has no gates") }
          if case .gru(let gru) = layer, gru.updateKeeps == .candidate {
            // sigmoid(-x) = 1 - sigmoid(x): the gate keeps the other side.
            let (reset, update) = (try formula.slice(axis: 0, 0..<1), try formula.slice(axis: 0, 1..<2))
            formula = try .joining([reset, update.negated(), formula.slice(axis: 0, 2..<3)])
          }
          return try formula.reshaped([formula.shape[0] * formula.shape[1]] + formula.shape.dropFirst(2))
        }
        let weights = try flat("input_weights")
        arrays.append(("weight_ih\(suffix)", weights))
        arrays.append(("weight_hh\(suffix)", try flat("recurrent_weights")))
        if shape.bias || shape.recurrentBias {
          // PyTorch has both or none.
          let zeros = TensorFormula.zeros(weights.type, shape: [weights.shape[0]])
          arrays.append(("bias_ih\(suffix)", shape.bias ? try flat("bias") : zeros))
          let stored = layer.hasRecurrentBias ? try flat("recurrent_bias") : nil
          let constant = try layer.forgetBias.map { bias throws(TensorFormulaError) in
            try Self.forgetBias(bias, weights.type, cells: shape.hidden)
          }
          switch (stored, constant) {
          case (let stored?, let constant?): arrays.append(("bias_hh\(suffix)", try stored.adding(constant)))
          default: arrays.append(("bias_hh\(suffix)", stored ?? constant ?? zeros))
          }
        }
        if shape.projected != nil {
          arrays.append(("weight_hr\(suffix)", try tensor(layer.name, "projection_weights")))
        }
      }
    }
    return arrays
  }

  /// A bias that is a constant at the forget gates and zero at the others, in the order of PyTorch's gates.
  private static func forgetBias(
    _ value: Double, _ type: NumericType, cells: Int
  ) throws(TensorFormulaError) -> TensorFormula {
    try .joining([
      .zeros(type, shape: [cells]), .filled(type, value: value, shape: [cells]), .zeros(type, shape: [2 * cells]),
    ])
  }
}

/// What PyTorch has to be told of a recurrent layer.
struct TorchRecurrentShape: Hashable {
  let kind: TorchRecurrent.Kind
  var inputs: Int
  let hidden: Int
  /// The width after a projection; nil without one.
  let projected: Int?
  let activation: Activation
  var bias: Bool
  var recurrentBias: Bool

  /// Without what may differ between the layers of one module.
  var unwidened: TorchRecurrentShape {
    var shape = self
    shape.inputs = 0
    shape.bias = bias || recurrentBias
    shape.recurrentBias = shape.bias
    return shape
  }
}

extension Architecture.Layer {
  /// The sources of a sum or concatenation.
  fileprivate var joined: [String]? {
    switch self {
    case .sum(let connection), .concatenation(let connection): connection.of
    default: nil
    }
  }

  /// A recurrent layer as PyTorch describes it; nil for other layers.
  var shape: TorchRecurrentShape? {
    switch self {
    case .elman(let layer):
      TorchRecurrentShape(
        kind: .elman, inputs: layer.inputs, hidden: layer.outputs, projected: nil, activation: layer.activation,
        bias: layer.bias, recurrentBias: layer.recurrentBias)
    case .lstm(let layer):
      TorchRecurrentShape(
        kind: .lstm, inputs: layer.inputs, hidden: layer.cells, projected: layer.projection.map { _ in layer.outputs },
        activation: layer.activation, bias: layer.bias, recurrentBias: layer.recurrentBias || forgetBias != nil)
    case .gru(let layer):
      TorchRecurrentShape(
        kind: .gru, inputs: layer.inputs, hidden: layer.outputs, projected: nil, activation: layer.activation,
        bias: layer.bias, recurrentBias: layer.recurrentBias)
    default: nil
    }
  }

  /// What is added to the forget gate at run time; nil where nothing is.
  var forgetBias: Double? {
    if case .lstm(let layer) = self, layer.forgetBias != 0 { layer.forgetBias } else { nil }
  }

  /// Whether there is a second bias among the parameters.
  var hasRecurrentBias: Bool {
    switch self {
    case .elman(let layer): layer.recurrentBias
    case .lstm(let layer): layer.recurrentBias
    case .gru(let layer): layer.recurrentBias
    default: false
    }
  }

  /// What PyTorch's own module has no option for, and the parameters can express.
  var folded: [String] {
    switch self {
    case .lstm(let layer) where layer.forgetBias != 0:
      ["that \(layer.forgetBias) is added to the forget gate of '\(name)' at run time: its second bias has it"]
    case .gru(let layer) where layer.updateKeeps == .candidate:
      ["that the update gate of '\(name)' keeps the candidate: its parameters have the other sign"]
    default: []
    }
  }

  /// Why PyTorch's own module cannot compute a recurrent layer.
  var inexpressible: [String] {
    var reasons: [String] = []
    func require(_ condition: Bool, _ reason: String) { if !condition { reasons.append(reason) } }
    require(initialState != .learned, "PyTorch's modules do not learn their initial state")
    switch self {
    case .elman(let layer):
      require(
        [.tanh, .relu].contains(layer.activation),
        "nn.RNN has tanh and relu, not \(layer.activation.rawValue)")
      require(layer.leak == 1, "nn.RNN has no leaky units")
    case .lstm(let layer):
      require(
        layer.recurrentActivation == .sigmoid && layer.activation == .tanh && layer.cellActivation == .tanh,
        "nn.LSTM has sigmoid gates and tanh, not \(layer.recurrentActivation.rawValue), \(layer.activation.rawValue) and \(layer.cellActivation.rawValue)"
      )
      require(!layer.peepholes, "nn.LSTM has no peepholes")
      require(!layer.coupledGates, "nn.LSTM has no coupled gates")
      require(layer.cellClip == nil, "nn.LSTM has no limit of its cells")
      require(layer.projection?.clip == nil, "nn.LSTM has no limit of its projection")
      require(
        layer.projection.map { layer.outputs < $0.cells } ?? true,
        "nn.LSTM projects only to fewer outputs than cells")
    case .gru(let layer):
      require(
        layer.recurrentActivation == .sigmoid && layer.activation == .tanh,
        "nn.GRU has sigmoid gates and tanh, not \(layer.recurrentActivation.rawValue) and \(layer.activation.rawValue)")
      require(layer.reset == .after, "nn.GRU resets after the recurrent product, not before")
    default: break
    }
    return reasons
  }
}
