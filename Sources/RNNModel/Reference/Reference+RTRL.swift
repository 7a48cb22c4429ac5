/// What a step of real-time recurrent learning costs.
public struct RTRLCost: Hashable, Sendable {
  /// The number of elements of the state of all layers, n.
  public let states: Int
  /// The number of parameters that the state can depend on, p.
  public let parameters: Int
  /// The number of derivatives dS_j(t)/dw, n p: for a fully recurrent net of H units, of order H^3.
  public let influences: Int
  /// The multiplications of the recursion, n^2 p: of order H^4.
  public let operationsPerStep: Int
  /// The memory of the derivatives of two steps.
  public let bytes: Int

  init(states: Int, parameters: Int, bytesPerNumber: Int) {
    func product(_ factors: Int...) -> Int {
      factors.reduce(1) {
        let (product, overflow) = $0.multipliedReportingOverflow(by: $1)
        return overflow ? Int.max : product
      }
    }
    self.states = states
    self.parameters = parameters
    influences = product(states, parameters)
    operationsPerStep = product(states, states, parameters)
    bytes = product(2, influences, bytesPerNumber)
  }
}

extension Reference {
  /// The most derivatives of the state that ``influence(of:limit:)`` keeps unless it is told otherwise: two matrices of
  /// 128 MiB in Double, enough for an Elman net of 200 units.
  public static var defaultRTRLLimit: Int { 1 << 24 }

  /// What a step of real-time recurrent learning would cost.
  public var realTimeCost: RTRLCost {
    RTRLCost(
      states: initialState.reduce(0) { $0 + $1.hidden.count + $1.cell.count }, parameters: influentialCount,
      bytesPerNumber: MemoryLayout<Scalar>.stride)
  }

  /// How the state depends on the parameters: what real-time recurrent learning carries from step to step.
  public struct Influence: Sendable {
    /// The state that the steps so far have led to.
    public internal(set) var state: [LayerState]
    /// The number of steps so far.
    public internal(set) var step = 0
    /// dS_j(t)/dw `[element of the state][parameter]`, for the parameters that the state can depend on.
    public internal(set) var derivatives: [Vector]
  }

  /// The influence of the parameters on the state before the first step: none, except that a learned state depends on
  /// itself.
  ///
  /// - Parameters:
  ///   - state: the state to start from.
  ///   - limit: the most derivatives to keep.
  /// - Throws: ``ReferenceError/tooLarge(_:limit:)``, ``ReferenceError/backwardLayer(_:)``.
  public func influence(of state: [LayerState], limit: Int = defaultRTRLLimit) throws(ReferenceError) -> Influence {
    try requireForwardLayers()
    let cost = realTimeCost
    guard cost.influences <= limit else { throw .tooLarge(cost, limit: limit) }
    var derivatives: [Vector] = []
    for (index, layerState) in state.enumerated() {
      for unit in layerState.units {
        var row = Vector(repeating: 0, count: parameterCount)
        if layerState.isInitial { layers[index].start.accumulate(unit, into: &row) }
        derivatives.append(Array(row.prefix(influentialCount)))
      }
    }
    return Influence(state: state.map { LayerState(hidden: $0.hidden, cell: $0.cell) }, derivatives: derivatives)
  }

  /// One step of real-time recurrent learning (Williams & Zipser 1989): the exact gradient of this step's loss, from
  /// what has been carried forward, without looking back.
  ///
  /// With S(t) the state of all recurrent layers together and P(t) = dS(t)/dw its total derivative,
  ///
  ///     dL(t)/dw = dL(t)/dw |(t) + dL(t)/dS(t-1) P(t-1)
  ///     P(t) = dS(t)/dw |(t) + dS(t)/dS(t-1) P(t-1)
  ///
  /// where |(t) counts only the weights' use in step t. A learner that changes the parameters after each step goes on
  /// with the same influence, as Williams & Zipser do; it is exact while they stay as they are.
  ///
  /// - Parameters:
  ///   - input: what is fed: one step.
  ///   - target: what should come out: one step.
  ///   - influence: that of the steps before; on return, with this step.
  /// - Returns: this step's loss and its derivatives.
  /// - Precondition: one input and one target, of the output's kind; the influence is one of this architecture.
  public func realTimeGradient(input: Inputs, target: Targets, influence: inout Influence) -> Gradient {
    precondition(input.count == 1 && target.count == 1, "\(input.count) inputs, \(target.count) targets, not one")
    let before = influence
    let trace = run(input, from: before.state, first: before.step)
    /// Adds dX/dw |(t) + dX/dS(t-1) P(t-1), from what is known of dX/d of the outputs or of the state.
    func total(from layer: Int, _ outputGradients: [Vector]?, _ stateGradients: [LayerState]?) -> Vector {
      var values = Vector(repeating: 0, count: parameterCount)
      let (_, states) = backpropagate(
        trace, steps: 0..<1, from: layer, outputGradients: outputGradients, stateGradients: stateGradients,
        first: before.step, into: &values)
      for (factor, row) in zip(states.flatMap { $0.hidden + $0.cell }, before.derivatives) {
        Scalar.add(factor, times: row, to: &values)
      }
      return values
    }
    let (losses, deltas) = losses(of: trace, target, at: 0..<1)
    let values = total(from: layers.count - 1, deltas, nil)
    var next = 0
    for index in layers.indices {
      for unit in trace.finalState[index].units {
        var stateGradients = trace.finalState.map { $0.zeros }
        stateGradients[index] = unit
        influence.derivatives[next] = Array(total(from: index, nil, stateGradients).prefix(influentialCount))
        next += 1
      }
    }
    influence.state = trace.finalState
    influence.step += 1
    return Gradient(loss: losses[0], values: values, state: trace.finalState)
  }

  /// The gradient of the loss of a whole sequence by real-time recurrent learning: equal to that of
  /// ``gradient(inputs:targets:state:)``, at another price.
  ///
  /// - Parameters:
  ///   - inputs: what is fed.
  ///   - targets: what should come out at each step.
  ///   - state: the state before the first input.
  ///   - limit: the most derivatives of the state to keep.
  /// - Throws: ``ReferenceError/tooLarge(_:limit:)``, ``ReferenceError/backwardLayer(_:)``.
  /// - Precondition: as many targets as inputs, of the output's kind.
  public func realTimeGradient(
    inputs: Inputs, targets: Targets, state: [LayerState], limit: Int = defaultRTRLLimit
  ) throws(ReferenceError) -> Gradient {
    precondition(inputs.count == targets.count, "\(inputs.count) inputs, \(targets.count) targets")
    var influence = try influence(of: state, limit: limit)
    var sum = Gradient(loss: 0, values: Vector(repeating: 0, count: parameterCount), state: state)
    for t in 0..<inputs.count {
      let gradient = realTimeGradient(input: inputs.only(t), target: targets.only(t), influence: &influence)
      sum.loss += gradient.loss
      Scalar.add(1, times: gradient.values, to: &sum.values)
      sum.state = gradient.state
    }
    return sum
  }
}

extension Reference.LayerState {
  /// For each element of the state, the state that is 1 there and 0 elsewhere.
  fileprivate var units: [Self] {
    hidden.indices.map { index in
      var unit = zeros
      unit.hidden[index] = 1
      return unit
    }
      + cell.indices.map { index in
        var unit = zeros
        unit.cell[index] = 1
        return unit
      }
  }
}

extension Reference.Inputs {
  fileprivate func only(_ step: Int) -> Self {
    switch self {
    case .tokens(let tokens): .tokens([tokens[step]])
    case .features(let vectors): .features([vectors[step]])
    }
  }
}

extension Reference.Targets {
  fileprivate func only(_ step: Int) -> Self {
    switch self {
    case .classes(let classes): .classes([classes[step]])
    case .bits(let vectors): .bits([vectors[step]])
    }
  }
}
