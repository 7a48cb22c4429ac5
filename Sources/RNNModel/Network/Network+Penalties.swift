import Kernels

extension Network {
  /// What training adds to the loss, to keep activations small and slow (Merity et al. 2017).
  public struct Penalties: Hashable, Sendable, Codable {
    /// alpha: times the mean square of the last recurrent layer's outputs, after the dropout that follows it.
    public var activation: Double
    /// beta: times the mean square of the difference between the last recurrent layer's outputs at successive steps.
    public var temporal: Double

    /// Makes penalties; zeros change nothing.
    public init(activation: Double = 0, temporal: Double = 0) {
      self.activation = activation
      self.temporal = temporal
    }
  }
}

extension NetworkGraph {
  /// The last recurrent layer.
  private var lastRecurrent: NetworkLayer? { lastRecurrentIndex.map { nodes[$0].layer } }

  /// A delay line has a state, but no units whose activations could be kept small.
  private var lastRecurrentIndex: Int? {
    nodes.lastIndex { $0.layer is RecurrentNetworkLayer && !($0.layer is DelayLayer) }
  }

  /// The dropout layer right after the last recurrent one, or that one itself.
  private var lastActivation: NetworkLayer? {
    guard let index = lastRecurrentIndex else { return nil }
    let next = nodes.dropFirst(index + 1).first
    return next?.layer is DropoutLayer && next?.isPooled == false ? next?.layer : nodes[index].layer
  }

  /// Adds the derivatives of the penalties that concern a layer to dL/d outputs of it, which are complete.
  func addPenalties(_ penalties: Network.Penalties, at layer: NetworkLayer, _ window: Window) {
    if penalties.activation != 0, layer === lastActivation {
      layer.addActivationPenalty(penalties.activation, window)
    }
    if penalties.temporal != 0, layer === lastRecurrent, window.steps > 1 {
      layer.addTemporalPenalty(penalties.temporal, window)
    }
  }
}

extension NetworkLayer {
  /// d/dh of alpha mean(h²) = 2 alpha h / N.
  fileprivate func addActivationPenalty(_ alpha: Double, _ window: Window) {
    let values = outputs
    receiveGradient(window) { rows, _ in
      VectorOperations.add(
        values.span.extracting(range(window)), times: Float(2 * alpha / Double(rows.count)), to: &rows)
    }
  }

  /// d/dh of beta mean((h(t) - h(t-1))²), over the N elements of all steps but the first.
  fileprivate func addTemporalPenalty(_ beta: Double, _ window: Window) {
    let values = outputs
    let size = window.batch * width
    let factor = Float(2 * beta / Double((window.steps - 1) * size))
    let h = values.span.extracting(range(window))
    receiveGradient(window) { rows, _ in
      for index in size..<rows.count {
        let slope = factor * (h[index] - h[index - size])
        rows[index] += slope
        rows[index - size] -= slope
      }
    }
  }
}
