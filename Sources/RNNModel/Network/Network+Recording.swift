extension Network {
  /// What one recurrent layer computed in a window.
  public struct Recording: Sendable {
    /// The layer's name.
    public let layer: String
    /// h(t) `[steps, batch, outputs]`.
    public let hidden: [Float]
    /// c(t) `[steps, batch, cells]` of an LSTM; empty for others.
    public let cells: [Float]
    /// The names along the gate axis; empty for layers without gates.
    public let gateNames: [String]
    /// The values of the gates after their activation `[steps, batch, gates, units]`.
    public let gates: [Float]
  }

  /// What the recurrent layers computed in the last window, in the order of the layers.
  public var recordings: [Recording] {
    let window = lastWindow
    return recurrent.map { name, layer in
      let gates = layer.gateValues(window)
      return Recording(
        layer: name, hidden: Array(layer.outputs[layer.range(window)]), cells: layer.cellValues(window),
        gateNames: gates.names, gates: gates.values)
    }
  }

  /// dL/dh(t) `[steps, batch, outputs]` of each recurrent layer after ``backpropagate(_:targets:using:)``, where L is the mean loss: all
  /// that h(t) does to it, through the layers above and through the steps that follow. Zero where a projected output is clipped.
  ///
  /// - Precondition: the network is made for training.
  public var hiddenGradients: [(layer: String, values: [Float])] {
    precondition(!gradient.isEmpty || table.count == 0, "a network made for inference")
    return recurrent.map { ($0.name, Array($0.layer.outputGradients[$0.layer.range(lastWindow)])) }
  }
}
