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
  /// dL/d parameters after ``backpropagate(_:targets:using:)``; empty for inference.
  public private(set) var gradient: [Float]
  /// What training adds to the loss besides the targets.
  public var penalties = Penalties()
  /// Whether dropout takes part in ``backpropagate(_:targets:using:)``; not where a model learns while it is scored.
  public var appliesDropout = true

  let graph: NetworkGraph
  let recurrent: [(name: String, layer: RecurrentNetworkLayer)]
  /// Whether the parameters have changed since the layers packed them.
  private var isStale = true
  /// Whether the next window begins at the initial state.
  var beginsStream = true
  /// The sizes of the window that was run last.
  private(set) var lastWindow: Window

  /// Plans a network.
  ///
  /// - Parameters:
  ///   - architecture: one that ``Architecture/check()`` has accepted.
  ///   - parameters: in the order of its ``ParameterTable``.
  ///   - purpose: whether there will be backward passes.
  ///   - batch: the number of streams, B.
  ///   - steps: the most steps of one window, T.
  /// - Throws: ``ArchitectureError`` for layers that do not fit together, and for a table of n-grams.
  /// - Precondition: as many parameters as the table has; B and T are positive.
  public init(
    _ architecture: Architecture, parameters: [Float], purpose: Purpose, batch: Int, steps: Int
  ) throws(ArchitectureError) {
    try architecture.check()
    try architecture.requireNetwork()
    precondition(batch > 0 && steps > 0, "a network for \(batch) streams of \(steps) steps")
    let table = ParameterTable(architecture)
    precondition(parameters.count == table.count, "\(table.count) parameters, \(parameters.count) values")
    self.architecture = architecture
    self.table = table
    self.batch = batch
    self.steps = steps
    self.parameters = parameters
    lastWindow = Window(steps: 0, batch: batch)
    let trains = purpose == .training
    gradient = [Float](repeating: 0, count: trains ? table.count : 0)
    graph = try NetworkGraph(architecture, table, capacity: Window(steps: steps, batch: batch), trains: trains)
    recurrent = graph.nodes.compactMap { node in
      (node.layer as? RecurrentNetworkLayer).map { (node.name, $0) }
    }
  }

  /// Packs the parameters as the layers read them, if they have changed.
  private func prepare() {
    guard isStale else { return }
    for node in graph.nodes { node.layer.prepare(parameters) }
    graph.output.prepare(parameters)
    isStale = false
  }

  /// Changes the parameters, given the gradient of the last backward pass, which may change too.
  ///
  /// What the layers make of them is made before the next window, so that several changes cost no more than one.
  public func update(_ change: (_ parameters: inout [Float], _ gradient: inout [Float]) -> Void) {
    change(&parameters, &gradient)
    isStale = true
  }

  /// The dropout masks of the last training window, by layer: `[steps, batch, width]`, for comparison with the reference.
  var dropoutMasks: [String: [Float]] {
    var masks: [String: [Float]] = [:]
    for node in graph.nodes {
      if let layer = node.layer as? DropoutLayer { masks[node.name] = layer.mask }
    }
    return masks
  }

  private func setDropout(active: Bool) {
    for node in graph.nodes { (node.layer as? DropoutLayer)?.isActive = active }
  }

  private func window(_ inputs: Inputs) -> Window {
    let rows: Int
    switch inputs {
    case .tokens(let tokens):
      precondition(architecture.input == .tokens, "a network of features")
      precondition(tokens.allSatisfy { 0 <= $0 && Int($0) < architecture.size }, "a token is not in the vocabulary")
      rows = tokens.count
    case .features(let values):
      precondition(architecture.input == .features, "a network of tokens")
      precondition(values.count % architecture.size == 0, "\(values.count) values, not vectors of \(architecture.size)")
      rows = values.count / architecture.size
    }
    let window = Window(steps: rows / batch, batch: batch)
    precondition(
      rows == window.rows && window.steps <= steps,
      "a window of \(rows) symbols for \(batch) streams of at most \(steps) steps")
    return window
  }

  /// Runs the layers below the output, and returns what the output takes.
  private func forward(_ inputs: Inputs, _ window: Window) -> LayerInput {
    prepare()
    if architecture.context != .stream { beginsStream = true }
    for (_, layer) in recurrent {
      layer.beginsStream = beginsStream
      if beginsStream { layer.loadInitialState(parameters, batch: batch) }
    }
    if case .features(let values) = inputs { graph.features?.load(values, window) }
    let tokens = inputs.tokens
    for node in graph.nodes {
      node.layer.forward(node.source.input(tokens), node.window(window), parameters: parameters)
    }
    return graph.top.input(tokens)
  }

  private func carryState(_ window: Window) {
    for (_, layer) in recurrent { layer.carryState(window) }
    beginsStream = false
    lastWindow = window
  }

  /// Forward and backward over one window (truncated BPTT): fills ``gradient`` with the derivatives of the mean loss, and carries the
  /// state on.
  ///
  /// - Parameters:
  ///   - inputs: what comes in.
  ///   - targets: what should come out at each step, or once where the steps are pooled; those that do not count are left out of the mean.
  ///   - generator: the source of the dropout masks.
  /// - Returns: the loss summed over the targets, in nats, without the ``penalties``.
  /// - Precondition: the network is made for training; the sizes fit, and the tokens are in the vocabulary.
  public func backpropagate(_ inputs: Inputs, targets: Targets, using generator: inout RandomGenerator) -> Double {
    precondition(!gradient.isEmpty || table.count == 0, "a network made for inference")
    let window = window(inputs)
    setDropout(active: appliesDropout)
    defer { setDropout(active: false) }
    for layer in graph.all { layer.forgetGradient() }
    if appliesDropout {
      for node in graph.nodes { (node.layer as? DropoutLayer)?.draw(node.window(window), using: &generator) }
    }
    var span = gradient.mutableSpan
    VectorOperations.clear(&span)
    let top = forward(inputs, window)
    let loss = graph.output.backpropagate(
      top, graph.isPooled ? window.pooled : window, targets: targets, scale: 1 / Float(max(1, targets.count)),
      parameters: parameters,
      gradient: &gradient)
    let tokens = inputs.tokens
    for node in graph.nodes.reversed() {
      node.layer.completeGradient(node.outputWindow(window))
      graph.addPenalties(penalties, at: node.layer, window)
      node.layer.backward(node.source.input(tokens), node.window(window), parameters: parameters, gradient: &gradient)
    }
    carryState(window)
    return loss
  }

  /// Forward and backward over a window of tokens: ``backpropagate(_:targets:using:)``.
  ///
  /// - Parameters:
  ///   - inputs: token ids `[steps, batch]`, time-major.
  ///   - targets: the token after each input, of the same shape; negative ones do not count.
  ///   - generator: the source of the dropout masks.
  /// - Returns: -ln p summed over the targets, in nats.
  public func backpropagate(inputs: [Int32], targets: [Int32], using generator: inout RandomGenerator) -> Double {
    backpropagate(.tokens(inputs), targets: .classes(targets), using: &generator)
  }

  /// ln p of each target, in nats; carries the state on.
  ///
  /// - Parameters:
  ///   - inputs: what comes in.
  ///   - targets: what should come out at each step; those that do not count get 0. For bits, ln p of all bits of a step.
  ///   - results: at least one for each row; receives the log-probabilities.
  /// - Precondition: the sizes fit, and the tokens are in the vocabulary.
  public func score(_ inputs: Inputs, targets: Targets, into results: inout [Double]) {
    let window = window(inputs)
    let rows = graph.isPooled ? window.pooled : window
    precondition(results.count >= rows.rows, "\(results.count) results for \(rows.rows) rows")
    let top = forward(inputs, window)
    graph.output.score(top, rows, targets: targets, parameters: parameters, into: &results)
    carryState(window)
  }

  /// ln p of each target token `[steps, batch]`, in nats; carries the state on.
  public func score(inputs: [Int32], targets: [Int32], into results: inout [Double]) {
    score(.tokens(inputs), targets: .classes(targets), into: &results)
  }

  /// The logits at each step, or the values of an architecture whose output they are; carries the state on.
  ///
  /// - Parameters:
  ///   - inputs: what comes in.
  ///   - results: receives `[steps, batch, outputs]`, or `[batch, outputs]` where there is one prediction for all steps: in a context of
  ///     windows, and after a pooling layer; at least that long.
  ///   - layer: called with the name and the outputs `[steps, batch, width]` of each layer below the output, if it is not nil.
  /// - Precondition: the sizes fit, and the tokens are in the vocabulary.
  public func logits(
    _ inputs: Inputs, into results: inout [Float],
    visiting visit: ((_ layer: String, _ outputs: [Float]) -> Void)? = nil
  ) {
    let window = window(inputs)
    let rows = graph.isPooled ? window.pooled : window
    precondition(results.count >= rows.rows * architecture.outputSize, "sizes of inputs, results")
    let top = forward(inputs, window)
    graph.output.logits(top, rows, parameters: parameters, into: &results)
    if let visit {
      for node in graph.nodes where !node.name.isEmpty {
        visit(node.name, Array(node.layer.outputs[node.layer.range(node.outputWindow(window))]))
      }
    }
    carryState(window)
  }

  /// The logits of the token after each of `[steps, batch]` tokens; carries the state on.
  public func logits(
    inputs: [Int32], into results: inout [Float], visiting visit: ((_ layer: String, _ outputs: [Float]) -> Void)? = nil
  ) {
    logits(.tokens(inputs), into: &results, visiting: visit)
  }
}
