/// Where each tensor of an architecture lies in one flat buffer.
///
/// Saving, loading, converting, optimizing and inspecting all traverse this table. The order is that of the layers and,
/// within a layer, of `docs/FORMAT.md`, section 5; there are no holes.
public struct ParameterTable: Hashable, Sendable {
  /// The meaning of a tensor's dimension.
  public enum Axis: String, Hashable, Sendable {
    /// Tokens of the vocabulary.
    case token
    /// Units that send.
    case input
    /// Units that receive.
    case output
    /// Hidden units of a recurrent layer.
    case hidden
    /// Gates of a recurrent layer.
    case gate
    /// N-grams of all orders.
    case ngram
    /// N-grams below the highest order.
    case context
    /// Where what follows each of these begins, and where the last of it ends.
    case boundary
  }

  /// What a tensor's values are.
  public enum Numbers: String, Hashable, Sendable {
    /// Real numbers.
    case real
    /// Tokens: unsigned integers of 32 bits.
    case uint32
    /// Places in a row: unsigned integers of 64 bits.
    case uint64
  }

  /// One tensor.
  public struct Entry: Hashable, Sendable {
    /// The layer's name.
    public let layer: String
    /// The tensor's name within its layer.
    public let name: String
    /// The meaning of each dimension.
    public let axes: [Axis]
    /// The length of each dimension.
    public let shape: [Int]
    /// The names along the gate axis; empty for tensors without one.
    public let gates: [String]
    /// What the values are.
    public let numbers: Numbers
    /// Where the row-major values lie in the flat buffer.
    public let range: Range<Int>

    /// `layer/name`.
    public var path: String { "\(layer)/\(name)" }
    /// The number of values.
    public var count: Int { range.count }
  }

  /// All tensors.
  public let entries: [Entry]

  /// The number of values of all tensors.
  public var count: Int { entries.last?.range.upperBound ?? 0 }

  /// Lays out the parameters of an architecture that ``Architecture/check()`` has accepted.
  public init(_ architecture: Architecture) {
    var entries: [Entry] = []
    var end = 0
    for layer in architecture.layers {
      for tensor in layer.tensors {
        let count = tensor.shape.reduce(1, *)
        entries.append(
          Entry(
            layer: layer.name, name: tensor.name, axes: tensor.axes, shape: tensor.shape, gates: tensor.gates,
            numbers: tensor.numbers, range: end..<(end + count)))
        end += count
      }
    }
    self.entries = entries
  }

  /// The first layer at which the number of bytes would overflow, if there is one.
  static func firstOverflow(in architecture: Architecture) -> String? {
    var total = 0
    for layer in architecture.layers {
      for tensor in layer.tensors {
        var count = MemoryLayout<Double>.size
        for length in tensor.shape {
          let (product, overflow) = count.multipliedReportingOverflow(by: length)
          if overflow { return layer.name }
          count = product
        }
        let (sum, overflow) = total.addingReportingOverflow(count)
        if overflow { return layer.name }
        total = sum
      }
    }
    return nil
  }

  /// The tensor at `layer/name`, if the architecture has it.
  public subscript(layer: String, name: String) -> Entry? {
    entries.first { $0.layer == layer && $0.name == name }
  }

  /// The range of a tensor that may be absent: empty then.
  func range(_ layer: String, _ name: String) -> Range<Int> { self[layer, name]?.range ?? 0..<0 }
}

extension Architecture.Layer {
  /// A tensor before it has a place in the buffer.
  fileprivate struct Tensor {
    var name: String
    var axes: [ParameterTable.Axis]
    var shape: [Int]
    var gates: [String] = []
    var numbers = ParameterTable.Numbers.real
  }

  /// The tensors in the order of `docs/FORMAT.md`, section 5.
  fileprivate var tensors: [Tensor] {
    switch self {
    case .oneHot, .scalar, .dropout, .delay, .sum, .concatenation, .final, .activation: []
    case .embedding(let layer):
      [Tensor(name: "weights", axes: [.token, .output], shape: [layer.inputs, layer.outputs])]
    case .elman(let layer):
      recurrent(
        gates: Architecture.Elman.gates, inputs: layer.inputs, hidden: layer.outputs, bias: layer.bias,
        recurrentBias: layer.recurrentBias) + initialState(layer.initialState, outputs: layer.outputs)
    case .lstm(let layer):
      recurrent(
        gates: layer.gates, inputs: layer.inputs, hidden: layer.cells,
        outputs: layer.projection.map { _ in layer.outputs },
        bias: layer.bias, recurrentBias: layer.recurrentBias) + ownTensors(of: layer)
        + initialState(layer.initialState, outputs: layer.outputs, cells: layer.cells)
    case .gru(let layer):
      recurrent(
        gates: Architecture.GRU.gates, inputs: layer.inputs, hidden: layer.outputs, bias: layer.bias,
        recurrentBias: layer.recurrentBias) + initialState(layer.initialState, outputs: layer.outputs)
    case .layerNorm(let layer):
      [Tensor(name: "gain", axes: [.output], shape: [layer.width])]
        + (layer.bias ? [Tensor(name: "bias", axes: [.output], shape: [layer.width])] : [])
    case .attention(let layer): [Tensor(name: "weights", axes: [.input], shape: [layer.width])]
    case .linear(let layer):
      (layer.weightsOf == nil
        ? [Tensor(name: "weights", axes: [.output, .input], shape: [layer.outputs, layer.inputs])] : [])
        + (layer.bias ? [Tensor(name: "bias", axes: [.output], shape: [layer.outputs])] : [])
    case .ngram(let layer):
      [
        Tensor(name: "tokens", axes: [.ngram], shape: [layer.total], numbers: .uint32),
        Tensor(name: "log_probabilities", axes: [.ngram], shape: [layer.total]),
      ]
        + (layer.order == 1
          ? []
          : [
            Tensor(name: "backoffs", axes: [.context], shape: [layer.contexts]),
            Tensor(name: "children", axes: [.boundary], shape: [layer.contexts + 1], numbers: .uint64),
          ])
    }
  }

  /// - Parameters:
  ///   - hidden: the number of units that receive.
  ///   - outputs: the number of units that send, where it is another one: with a projection.
  private func recurrent(
    gates: [String], inputs: Int, hidden: Int, outputs: Int? = nil, bias: Bool, recurrentBias: Bool
  ) -> [Tensor] {
    var tensors = [
      Tensor(
        name: "input_weights", axes: [.gate, .hidden, .input], shape: [gates.count, hidden, inputs], gates: gates),
      Tensor(
        name: "recurrent_weights", axes: [.gate, .hidden, outputs == nil ? .hidden : .output],
        shape: [gates.count, hidden, outputs ?? hidden], gates: gates),
    ]
    let shape = [gates.count, hidden]
    if bias { tensors.append(Tensor(name: "bias", axes: [.gate, .hidden], shape: shape, gates: gates)) }
    if recurrentBias {
      tensors.append(Tensor(name: "recurrent_bias", axes: [.gate, .hidden], shape: shape, gates: gates))
    }
    return tensors
  }

  /// The tensors of an LSTM's options.
  private func ownTensors(of layer: Architecture.LSTM) -> [Tensor] {
    var tensors: [Tensor] = []
    if layer.peepholes {
      let gates = layer.peepholeGates
      tensors.append(
        Tensor(name: "peephole_weights", axes: [.gate, .hidden], shape: [gates.count, layer.cells], gates: gates))
    }
    if layer.projection != nil {
      tensors.append(
        Tensor(name: "projection_weights", axes: [.output, .hidden], shape: [layer.outputs, layer.cells]))
    }
    return tensors
  }

  private func initialState(_ state: Architecture.InitialState, outputs: Int, cells: Int? = nil) -> [Tensor] {
    guard state == .learned else { return [] }
    return [Tensor(name: "initial_hidden", axes: [.output], shape: [outputs])]
      + (cells.map { [Tensor(name: "initial_cell", axes: [.hidden], shape: [$0])] } ?? [])
  }
}
