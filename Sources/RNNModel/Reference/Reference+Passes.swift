extension Reference {
  /// All that was computed on the way forward.
  struct Trace: Sendable {
    /// `[layer][step]`.
    var steps: [[ReferenceStep<Scalar>]]
    /// The state after the last step, one for each layer.
    var finalState: [LayerState]

    /// The last layer's h(t) `[step][unit]`: the logits.
    var outputs: [Vector] { steps.last?.map { $0.output } ?? [] }
  }

  /// The forward pass: one layer after another, each through its steps in its own direction.
  ///
  /// - Parameters:
  ///   - inputs: what is fed.
  ///   - state: one for each layer.
  ///   - first: the number of the first step, for the dropout masks.
  ///   - cut: whether a linear layer at the end computes its last step alone: of a window no other one counts, and each is as wide as a
  ///     vocabulary.
  func run(_ inputs: Inputs, from state: [LayerState], first: Int = 0, cut: Bool = false) -> Trace {
    precondition(state.count == layers.count, "\(layers.count) layers, \(state.count) states")
    var trace = Trace(steps: [], finalState: [])
    for (index, layer) in layers.enumerated() {
      var state = state[index]
      if let layer = layer as? any ReferencePooling<Scalar> {
        let rows = sources[index].isEmpty ? inputs.vectors : trace.steps[sources[index][0]].map { $0.output }
        trace.steps.append([
          ReferenceStep(
            input: .vector([]), previous: state, state: state, output: layer.pool(rows), quantities: rows)
        ])
        trace.finalState.append(state)
        continue
      }
      let count = sources[index].first.map { trace.steps[$0].count } ?? inputs.count
      var steps: [ReferenceStep<Scalar>?] = Array(repeating: nil, count: count)
      let isCut = cut && index == layers.count - 1 && layer is ReferenceLinear<Scalar>
      for t in layer.direction.order((isCut ? max(0, count - 1) : 0)..<count) {
        let outputs = sources[index].map { trace.steps[$0][t].output }
        let input = outputs.isEmpty ? inputs[t] : .vector(outputs.count == 1 ? outputs[0] : Array(outputs.joined()))
        let step = layer.step(input, from: state, at: first + t)
        state = step.state
        steps[t] = step
      }
      trace.steps.append(steps.compactMap { $0 })
      trace.finalState.append(state)
    }
    return trace
  }

  /// The backward pass: the chain rule from the last layer to the first, each from its last step to its first.
  ///
  /// - Parameters:
  ///   - trace: what the forward pass left.
  ///   - steps: those to go through.
  ///   - last: the layer to begin with, if not the last one; those after it have no influence.
  ///   - outputGradients: dL/dh(t) of that layer, `[step][unit]`, for those steps; nil for zero.
  ///   - stateGradients: dL/d of the state after those steps, one for each layer; nil for zero.
  ///   - first: the number of the trace's first step, for the dropout masks.
  ///   - gradient: dL/dw is added to it.
  ///   - used: called after the chain rule has gone through one step of one layer.
  /// - Returns: dL/d of the inputs `[step][unit]` (of tokens: as one-hot vectors), and of the state before those steps.
  func backpropagate(
    _ trace: Trace, steps: Range<Int>, from last: Int? = nil, outputGradients: [Vector]? = nil,
    stateGradients: [LayerState]? = nil, first: Int = 0, into gradient: inout Vector,
    used: (_ step: Int, _ gradient: inout Vector) -> Void = { _, _ in }
  ) -> (inputs: [Vector], state: [LayerState]) {
    let last = last ?? layers.count - 1
    // dL/dh(t) of each layer, from all that take it.
    var arriving = trace.steps.indices.map { index in
      trace.steps[index][hasOneStep[index] ? 0..<1 : steps].map { Vector(repeating: 0, count: $0.output.count) }
    }
    if let outputGradients { arriving[last] = outputGradients }
    var inputs: [Vector] = Array(repeating: [], count: steps.count)
    var states = stateGradients ?? trace.finalState.map { $0.zeros }
    for index in stride(from: last, through: 0, by: -1) {
      let layer = layers[index]
      if let layer = layer as? any ReferencePooling<Scalar> {
        let back = layer.backpool(
          trace.steps[index][0].quantities, outputGradient: arriving[index][0], into: &gradient)
        for (t, values) in back.enumerated() {
          if sources[index].isEmpty { inputs[t] = values }
          for source in sources[index] { Scalar.add(1, times: values, to: &arriving[source][t]) }
        }
        used(steps.upperBound - 1, &gradient)
        continue
      }
      // What comes after all steps have been pooled is used once, at the last of them.
      let own = hasOneStep[index] ? 0..<1 : steps
      for t in layer.direction.order(own).reversed() {
        let step = trace.steps[index][t]
        let back = layer.backstep(
          step, at: first + t, outputGradient: arriving[index][t - own.lowerBound], stateGradient: states[index],
          into: &gradient)
        states[index] = back.state
        if step.previous.isInitial { layer.start.accumulate(back.state, into: &gradient) }
        if sources[index].isEmpty { inputs[t - own.lowerBound] = back.input }
        var offset = 0
        for source in sources[index] {
          let width = trace.steps[source][t].output.count
          for unit in 0..<width { arriving[source][t - own.lowerBound][unit] += back.input[offset + unit] }
          offset += width
        }
        used(hasOneStep[index] ? steps.upperBound - 1 : t, &gradient)
      }
    }
    return (inputs, states)
  }
}

extension Architecture.Direction {
  /// The order in which a layer of this direction takes the steps.
  func order(_ steps: Range<Int>) -> [Int] {
    switch self {
    case .forward: Array(steps)
    case .backward: steps.reversed()
    }
  }
}
