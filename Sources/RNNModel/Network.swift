import Kernels

/// A running network: the fast path, in float32, for many streams at a time.
///
/// Memory is planned once, from the architecture and the largest window; a window allocates nothing. A network is not
/// thread-safe: each thread takes its own.
public final class Network {
  /// What a network is made for.
  public enum Purpose: Sendable {
    /// Forward only; dropout does nothing.
    case inference
    /// Forward and backward, with dropout.
    case training
  }

  /// h and c of every recurrent layer, for every stream: `[layer][h, c]`, each `[batch, hidden]`.
  public struct State: Hashable, Sendable {
    var layers: [[[Float]]]
  }

  /// What the network computes.
  public let architecture: Architecture
  /// Where each parameter lies.
  public let table: ParameterTable
  /// The number of streams, B.
  public let batch: Int
  /// The most steps of one window, T.
  public let steps: Int

  /// All parameters, in the order of the table.
  public private(set) var parameters: [Float]
  /// dL/d parameters after ``backpropagate(inputs:targets:using:)``; empty for inference.
  public private(set) var gradient: [Float]

  private let layers: [NetworkLayer]
  /// The names of `layers`.
  private let names: [String]
  private let output: SoftmaxOutput
  private let recurrent: [RecurrentNetworkLayer]

  /// Plans a network.
  ///
  /// - Parameters:
  ///   - architecture: one that ``Architecture/check()`` has accepted.
  ///   - parameters: in the order of its ``ParameterTable``.
  ///   - purpose: whether there will be backward passes.
  ///   - batch: the number of streams, B.
  ///   - steps: the most steps of one window, T.
  /// - Throws: ``ArchitectureError`` for layers that do not fit together.
  /// - Precondition: as many parameters as the table has; B and T are positive.
  public init(
    _ architecture: Architecture, parameters: [Float], purpose: Purpose, batch: Int, steps: Int
  ) throws(ArchitectureError) {
    try architecture.check()
    precondition(batch > 0 && steps > 0, "a network for \(batch) streams of \(steps) steps")
    let table = ParameterTable(architecture)
    precondition(parameters.count == table.count, "\(table.count) parameters, \(parameters.count) values")
    self.architecture = architecture
    self.table = table
    self.batch = batch
    self.steps = steps
    self.parameters = parameters
    let trains = purpose == .training
    gradient = [Float](repeating: 0, count: trains ? table.count : 0)
    let capacity = Window(steps: steps, batch: batch)
    let specifications = architecture.layers.filter { layer in
      if case .dropout(let dropout) = layer { return trains && dropout.rate > 0 }
      return true
    }
    var layers: [NetworkLayer] = []
    var names: [String] = []
    var output: SoftmaxOutput?
    // A one-hot layer whose successor takes tokens itself is not computed.
    var takesTokens = false
    for (index, layer) in specifications.enumerated() {
      switch layer {
      case .oneHot(let layer):
        if case .dropout? = specifications.dropFirst().first {
          layers.append(OneHotLayer(layer, capacity: capacity, trains: trains))
        } else {
          takesTokens = true
          continue
        }
      case .embedding(let layer):
        layers.append(EmbeddingLayer(layer, table, capacity: capacity, trains: trains))
      case .elman(let layer):
        layers.append(ElmanLayer(layer, table, takesTokens: takesTokens, capacity: capacity, trains: trains))
      case .lstm(let layer):
        layers.append(LSTMLayer(layer, table, takesTokens: takesTokens, capacity: capacity, trains: trains))
      case .gru(let layer):
        layers.append(GRULayer(layer, table, takesTokens: takesTokens, capacity: capacity, trains: trains))
      case .dropout(let layer):
        layers.append(DropoutLayer(layer, width: layers.last?.width ?? architecture.size, capacity: capacity))
      case .linear(let layer):
        if index == specifications.count - 1 {
          output = SoftmaxOutput(layer, table, takesTokens: takesTokens, capacity: capacity, trains: trains)
        } else {
          layers.append(LinearLayer(layer, table, takesTokens: takesTokens, capacity: capacity, trains: trains))
        }
      }
      takesTokens = false
      if names.count < layers.count { names.append(specifications[index].name) }
    }
    guard let output else {
      throw .wrongOutput(layer: architecture.layers.last?.name ?? "", expected: architecture.size, found: nil)
    }
    self.layers = layers
    self.names = names
    self.output = output
    recurrent = layers.compactMap { $0 as? RecurrentNetworkLayer }
    prepare()
  }

  private func prepare() {
    for layer in layers { layer.prepare(parameters) }
    output.prepare(parameters)
  }

  /// Changes the parameters, given the gradient of the last backward pass, which may be worked on in place.
  public func update(_ change: (_ parameters: inout [Float], _ gradient: inout [Float]) -> Void) {
    change(&parameters, &gradient)
    prepare()
  }

  /// The state after the last window; setting it makes it the state before the next one.
  public var state: State {
    get { State(layers: recurrent.map { $0.state(batch: batch) }) }
    set {
      for (layer, state) in zip(recurrent, newValue.layers) { layer.setState(state) }
    }
  }

  /// Puts all streams into the zero state.
  public func resetState() {
    for layer in recurrent {
      layer.setState(layer.state(batch: batch).map { [Float](repeating: 0, count: $0.count) })
    }
  }

  /// The dropout masks of the last training window, by layer: `[steps, batch, width]`, for comparison with the reference.
  var dropoutMasks: [String: [Float]] {
    var masks: [String: [Float]] = [:]
    for (name, layer) in zip(names, layers) {
      if let layer = layer as? DropoutLayer { masks[name] = layer.mask }
    }
    return masks
  }

  /// Runs the layers below the output, and returns what the output takes.
  private func forward(_ inputs: [Int32], _ window: Window) -> LayerInput {
    precondition(
      inputs.count == window.rows && window.steps <= steps,
      "a window of \(inputs.count) symbols for \(batch) streams of at most \(steps) steps")
    precondition(inputs.allSatisfy { 0 <= $0 && Int($0) < architecture.size }, "a token is not in the vocabulary")
    var input = LayerInput.tokens(inputs)
    for layer in layers {
      layer.forward(input, window, parameters: parameters)
      input = .layer(layer)
    }
    return input
  }

  private func setDropout(active: Bool) {
    for case let layer as DropoutLayer in layers { layer.isActive = active }
  }

  private func window(_ inputs: [Int32]) -> Window { Window(steps: inputs.count / batch, batch: batch) }

  private func carryState(_ window: Window) {
    for layer in recurrent { layer.carryState(window) }
  }

  /// Forward and backward over one window (truncated BPTT): fills ``gradient`` with the derivatives of the mean loss, and carries the
  /// state on.
  ///
  /// - Parameters:
  ///   - inputs: token ids `[steps, batch]`, time-major.
  ///   - targets: the token after each input, of the same shape; negative ones do not count.
  ///   - generator: the source of the dropout masks.
  /// - Returns: -ln p summed over the targets, in nats.
  /// - Precondition: the network is made for training, and the tokens are in the vocabulary.
  public func backpropagate(inputs: [Int32], targets: [Int32], using generator: inout RandomGenerator) -> Double {
    precondition(!gradient.isEmpty || table.count == 0, "a network made for inference")
    precondition(inputs.count == targets.count, "\(inputs.count) inputs, \(targets.count) targets")
    let window = window(inputs)
    setDropout(active: true)
    defer { setDropout(active: false) }
    for case let layer as DropoutLayer in layers { layer.draw(window, using: &generator) }
    var span = gradient.mutableSpan
    VectorOperations.clear(&span)
    let top = forward(inputs, window)
    let count = targets.count { $0 >= 0 }
    let loss = output.backpropagate(
      top, window, targets: targets, scale: 1 / Float(max(1, count)), parameters: parameters, gradient: &gradient)
    for index in layers.indices.reversed() {
      let input: LayerInput = index == 0 ? .tokens(inputs) : .layer(layers[index - 1])
      layers[index].backward(input, window, parameters: parameters, gradient: &gradient)
    }
    carryState(window)
    return loss
  }

  /// ln p of each target, in nats; carries the state on.
  ///
  /// - Parameters:
  ///   - inputs: token ids `[steps, batch]`, time-major.
  ///   - targets: the token after each input, of the same shape; negative ones get 0.
  ///   - results: at least as long as the targets; receives the log-probabilities.
  /// - Precondition: the tokens are in the vocabulary.
  public func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {
    precondition(inputs.count == targets.count && results.count >= targets.count, "sizes of inputs, targets, results")
    let window = window(inputs)
    let top = forward(inputs, window)
    output.score(top, window, targets: targets, parameters: parameters, into: &results)
    carryState(window)
  }

  /// The logits of the token after each input; carries the state on.
  ///
  /// - Parameters:
  ///   - inputs: token ids `[steps, batch]`, time-major.
  ///   - results: receives `[steps, batch, vocabulary]`; at least that long.
  ///   - layer: called with the name and the outputs `[steps, batch, width]` of each layer below the output, if it is not nil.
  /// - Precondition: the tokens are in the vocabulary.
  public func logits(
    inputs: [Int32], into results: inout [Float], visiting visit: ((_ layer: String, _ outputs: [Float]) -> Void)? = nil
  ) {
    precondition(results.count >= inputs.count * architecture.size, "sizes of inputs, results")
    let window = window(inputs)
    let top = forward(inputs, window)
    output.logits(top, window, parameters: parameters, into: &results)
    if let visit {
      for (name, layer) in zip(names, layers) { visit(name, Array(layer.outputs[layer.range(window)])) }
    }
    carryState(window)
  }
}
