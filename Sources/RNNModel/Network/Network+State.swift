extension Network {
  /// What is carried from window to window: h, and c of an LSTM, of every recurrent layer, for every stream.
  public struct State: Hashable, Sendable {
    /// `layer/hidden` `[batch, outputs]` and `layer/cell` `[batch, cells]`.
    public var values: [String: [Float]]
    /// Whether the next window begins at the initial state, whatever the values are.
    public var beginsStream: Bool

    /// Makes a state.
    public init(values: [String: [Float]], beginsStream: Bool = false) {
      self.values = values
      self.beginsStream = beginsStream
    }
  }

  /// The state after the last window; setting it makes it the state before the next one.
  ///
  /// - Precondition: what is set ``accepts(_:)``.
  public var state: State {
    get {
      var values: [String: [Float]] = [:]
      for (name, layer) in recurrent {
        if beginsStream { layer.loadInitialState(parameters, batch: batch) }
        for (part, numbers) in layer.state(batch: batch) { values["\(name)/\(part)"] = numbers }
      }
      return State(values: values, beginsStream: beginsStream)
    }
    set {
      precondition(accepts(newValue), "the state of another network")
      for (name, layer) in recurrent {
        var parts: [String: [Float]] = [:]
        for part in layer.state(batch: batch).keys { parts[part] = newValue.values["\(name)/\(part)"] }
        layer.setState(parts)
      }
      beginsStream = newValue.beginsStream
    }
  }

  /// Whether a state has the layers and sizes of this network.
  public func accepts(_ state: State) -> Bool {
    var expected: [String: Int] = [:]
    for (name, layer) in recurrent {
      for (part, numbers) in layer.state(batch: batch) { expected["\(name)/\(part)"] = numbers.count }
    }
    return state.values.mapValues(\.count) == expected
  }

  /// What is carried of one stream: the states of all recurrent layers, one after another.
  func state(of stream: Int) -> [Float] {
    beginStates()
    return recurrent.flatMap { $0.layer.state(of: stream) }
  }

  /// Sets what is carried of one stream.
  ///
  /// - Precondition: as many numbers as ``state(of:)`` gives.
  func setState(_ values: [Float], of stream: Int) {
    beginStates()
    let count = recurrent.reduce(0) { $0 + $1.layer.state(of: stream).count }
    precondition(values.count == count, "a state of \(values.count) numbers, not \(count)")
    var rest = values[...]
    for (_, layer) in recurrent { layer.takeState(of: stream, from: &rest) }
  }

  /// Puts the initial state where it would be loaded from before the next window, so that single streams can leave it.
  private func beginStates() {
    guard beginsStream else { return }
    for (_, layer) in recurrent { layer.loadInitialState(parameters, batch: batch) }
    beginsStream = false
  }

  /// What the output layer took at the last step of the last window from one stream; empty where it takes tokens.
  func outputInput(of stream: Int) -> [Float] {
    guard case .layer(let layer) = graph.top.input([]) else { return [] }
    let rows = graph.isPooled ? lastWindow.pooled : lastWindow
    let start = layer.start(rows) + ((rows.steps - 1) * rows.batch + stream) * layer.width
    return rows.steps > 0 ? Array(layer.outputs[start..<(start + layer.width)]) : []
  }

  /// What the output layer took at all steps of the last window from one stream, `[steps, width]`; empty where it takes tokens.
  func outputInputs(of stream: Int) -> [Float] {
    guard case .layer(let layer) = graph.top.input([]) else { return [] }
    let rows = graph.isPooled ? lastWindow.pooled : lastWindow
    var states: [Float] = []
    states.reserveCapacity(rows.steps * layer.width)
    for step in 0..<rows.steps {
      let start = layer.start(rows) + (step * rows.batch + stream) * layer.width
      states += layer.outputs[start..<(start + layer.width)]
    }
    return states
  }

  /// Puts all streams into the initial state: zero, or what was learned.
  public func resetState() {
    beginsStream = true
  }
}
