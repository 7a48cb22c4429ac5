import RNNModel
import RealModule

/// What the recurrent layers held while a text was read: the states after each token, and how open the gates were.
public struct StateRecording: Sendable {
  /// The states of one layer.
  public struct Layer: Sendable {
    /// Its name.
    public let name: String
    /// The number of cells, or of units where there are none.
    public let width: Int
    /// Whether the states are cells c(t) of an LSTM, or else hidden states h(t).
    public let areCells: Bool
    /// After each token, `[token, width]`.
    public internal(set) var states: [Float]

    /// What one cell shows after each token: tanh(c), or h where there is no cell. From -1 to 1 for the usual activations.
    public func shown(_ cell: Int) -> [Float] {
      stride(from: cell, to: states.count, by: width).map { areCells ? Float.tanh(states[$0]) : states[$0] }
    }
  }

  /// The tokens that were read.
  public let tokens: [Int32]
  /// The recurrent layers in the order of computation.
  public let layers: [Layer]
  /// The gates that open and close, layer by layer; candidates are none.
  public let gates: [GateStatistics]

  private static let windowLength = 64

  /// The bytes that the states of a text take.
  public static func bytes(of model: Model, tokens: Int) -> [Int] {
    let widths = model.architecture.layers.filter { $0.direction != nil }.map { $0.stateWidth }
    return [widths.reduce(0, +), tokens, MemoryLayout<Float>.size]
  }

  /// Reads a text from the initial state.
  ///
  /// - Parameters:
  ///   - tokens: of the model's vocabulary.
  ///   - model: a language model that reads a stream.
  ///   - keepsStates: whether the states are wanted, or the gates alone.
  ///   - progress: called with the part that is done.
  /// - Throws: ``AnalysisError``, ``ArchitectureError``.
  public init(
    reading tokens: [Int32], with model: Model, keepsStates: Bool = true, progress: (Double) -> Void = { _ in }
  ) throws {
    try model.requireStream()
    guard !tokens.isEmpty else { throw AnalysisError.tooShort(tokens: 0, needed: 1) }
    let length = Self.windowLength
    let network = try Network(
      model.architecture, parameters: model.parameters.values, purpose: .inference, batch: 1, steps: length)
    var logits = [Float](repeating: 0, count: length * model.architecture.outputSize)
    var layers: [Layer] = []
    var gates: [String: GateStatistics] = [:]
    var order: [String] = []
    for start in stride(from: 0, to: tokens.count, by: length) {
      let window = Array(tokens[start..<min(start + length, tokens.count)])
      network.logits(inputs: window, into: &logits)
      for (index, recording) in network.recordings.enumerated() {
        let states = recording.cells.isEmpty ? recording.hidden : recording.cells
        if start == 0 {
          layers.append(
            Layer(
              name: recording.layer, width: states.count / window.count, areCells: !recording.cells.isEmpty, states: [])
          )
          if keepsStates { layers[index].states.reserveCapacity(tokens.count * layers[index].width) }
        }
        if keepsStates { layers[index].states += states }
        let (count, values) = (recording.gateNames.count, recording.gates)
        guard count > 0 else { continue }
        let units = values.count / (window.count * count)
        for (gate, name) in recording.gateNames.enumerated() where name != "candidate" {
          let key = "\(recording.layer)/\(name)"
          if start == 0 { order.append(key) }
          for step in window.indices {
            let row = (step * count + gate) * units
            gates[key, default: GateStatistics(layer: recording.layer, gate: name, units: units)].add(
              values[row..<(row + units)])
          }
        }
      }
      progress(Double(start + window.count) / Double(tokens.count))
    }
    self.tokens = tokens
    self.layers = layers
    self.gates = order.compactMap { key in
      var statistics = gates[key]
      statistics?.finish(steps: tokens.count)
      return statistics
    }
  }
}

extension Architecture.Layer {
  /// The cells of an LSTM, or the units of another recurrent layer.
  fileprivate var stateWidth: Int {
    if case .lstm(let layer) = self { layer.cells } else { outputs ?? 0 }
  }
}
