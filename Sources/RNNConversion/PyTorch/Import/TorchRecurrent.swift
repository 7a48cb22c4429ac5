import RNNFormat

/// The parameters of one `nn.RNN`, `nn.LSTM` or `nn.GRU` with all its layers, or of one of their cells.
struct TorchRecurrent: Hashable, Sendable {
  enum Kind: String, Hashable, Sendable {
    case elman = "RNN"
    case lstm = "LSTM"
    case gru = "GRU"

    /// The number of gates in a matrix.
    var gates: Int {
      switch self {
      case .elman: 1
      case .lstm: 4
      case .gru: 3
      }
    }
  }

  /// The names of the parameters of one layer in one direction.
  struct Direction: Hashable, Sendable {
    let inputWeights: String
    let recurrentWeights: String
    let bias: String?
    let recurrentBias: String?
    let projection: String?
  }

  let kind: Kind
  let inputs: Int
  let hidden: Int
  /// The width that one direction gives: less than `hidden` with a projection.
  let outputs: Int
  /// `[layer][direction]`
  let layers: [[Direction]]

  /// The width that comes out.
  var width: Int { outputs * (layers.first?.count ?? 1) }
  /// The names of all parameters.
  var names: [String] {
    layers.joined().flatMap {
      [$0.inputWeights, $0.recurrentWeights] + [$0.bias, $0.recurrentBias, $0.projection].compactMap(\.self)
    }
  }

  /// Finds the parameters of a module; nil if it has none of this kind.
  ///
  /// - Parameter names: its parameters by the last part of their names.
  /// - Throws: ``TorchRefusal`` for those that do not fit together.
  init?(_ names: [String: ArrayDescription]) throws(TorchRefusal) {
    let isCell = names["weight_ih"] != nil
    guard isCell || names["weight_ih_l0"] != nil else { return nil }
    var layers: [[Direction]] = []
    var shape: Shape?
    // Each turn finds a parameter, so this ends.
    while names["weight_ih" + Self.suffix(layers.count, isCell)] != nil, !(isCell && !layers.isEmpty) {
      var directions: [Direction] = []
      for reverse in isCell ? [""] : ["", "_reverse"] {
        let suffix = Self.suffix(layers.count, isCell) + reverse
        guard let inputWeights = names["weight_ih" + suffix] else { continue }
        guard let recurrentWeights = names["weight_hh" + suffix] else {
          throw TorchRefusal("it has weight_ih\(suffix), but not weight_hh\(suffix)")
        }
        let found = try Shape(inputWeights, recurrentWeights, projection: names["weight_hr" + suffix])
        let expected = shape.map { $0.after(layers.count, directions: layers.first?.count ?? 1) }
        if let expected, expected != found {
          throw TorchRefusal(
            "\(inputWeights.name) has the shape \(inputWeights.shape), which does not fit the layers before")
        }
        shape = shape ?? found
        directions.append(
          Direction(
            inputWeights: inputWeights.name, recurrentWeights: recurrentWeights.name,
            bias: names["bias_ih" + suffix]?.name, recurrentBias: names["bias_hh" + suffix]?.name,
            projection: names["weight_hr" + suffix]?.name))
      }
      layers.append(directions)
    }
    guard let shape, Set(layers.map(\.count)).count == 1 else {
      throw TorchRefusal("not all of its layers read in the same directions")
    }
    kind = shape.kind
    (inputs, hidden, outputs) = (shape.inputs, shape.hidden, shape.outputs)
    self.layers = layers
  }

  private static func suffix(_ layer: Int, _ isCell: Bool) -> String { isCell ? "" : "_l\(layer)" }

  /// What the shapes of the matrices of a layer say.
  private struct Shape: Hashable {
    let kind: Kind
    var inputs: Int
    let hidden: Int
    let outputs: Int

    init(
      _ input: ArrayDescription, _ recurrent: ArrayDescription, projection: ArrayDescription?
    ) throws(TorchRefusal) {
      guard input.shape.count == 2, recurrent.shape.count == 2, input.shape[0] == recurrent.shape[0],
        (input.shape + recurrent.shape).allSatisfy({ $0 > 0 })
      else {
        throw TorchRefusal("\(input.name) and \(recurrent.name) have the shapes \(input.shape) and \(recurrent.shape)")
      }
      inputs = input.shape[1]
      outputs = recurrent.shape[1]
      if let projection {
        guard projection.shape.count == 2, projection.shape[0] == outputs, projection.shape[1] > 0 else {
          throw TorchRefusal("\(projection.name) has the shape \(projection.shape)")
        }
        hidden = projection.shape[1]
      } else {
        hidden = outputs
      }
      let kinds: [Kind] = projection == nil ? [.elman, .gru, .lstm] : [.lstm]
      let rows = input.shape[0]
      let unitRows = rows % hidden == 0 ? rows / hidden : 0
      guard let kind = kinds.first(where: { $0.gates == unitRows }) else {
        throw TorchRefusal(
          "\(input.name) has \(rows) rows for \(hidden) units: neither an RNN (1 each), a GRU (3) nor an LSTM (4)")
      }
      self.kind = kind
    }

    /// The shape of a later layer, which takes what all directions of this one give.
    func after(_ layer: Int, directions: Int) -> Shape {
      var shape = self
      if layer > 0 { shape.inputs = outputs * directions }
      return shape
    }
  }
}
