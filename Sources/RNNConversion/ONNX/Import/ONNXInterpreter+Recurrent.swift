import Kernels
import RNNModel

extension ONNXInterpreter {
  mutating func recurrent(_ node: ONNXNode) throws(ConversionError) {
    var input = try taken(node, 0)
    let recurrentWeights = try parameter(node, 2, "recurrent weights")
    let options = try options(node, recurrentWeights)
    guard input.axes.rank == 3, !input.isFinal else {
      throw refused(node, "its input has not steps, streams and units")
    }
    let steps = input.axes.axes[options.isBatchFirst ? 1 : 0]
    let streams = input.axes.axes[options.isBatchFirst ? 0 : 1]
    guard steps.count <= 1, time == nil || time == steps else {
      throw refused(node, "it reads along another axis than the layers before it")
    }
    time = steps
    try checkLengths(node, steps)
    let source = try materialized(input, node)
    (input.sources, input.isFinal, input.head) = ([source], false, nil)

    let kind = options.cell == .elman ? "rnn" : options.cell.rawValue
    let name = network.name(kind)
    var names: [String] = []
    for (index, direction) in options.directions.enumerated() {
      let suffix = options.directions.count == 1 ? "" : direction == .forward ? "_forward" : "_backward"
      network.connect(source)
      try add(node, options, index, name + suffix, inputs: input.width, recurrentWeights)
      names.append(name + suffix)
    }
    let way = options.directions.count == 2 ? atom(.known(2)) : []
    let units = atom(.known(options.hidden))
    let width = options.hidden * options.directions.count
    func output(_ axes: [[ONNXAtom]], isFinal: Bool) -> ONNXMeaning {
      .flow(
        ONNXFlow(axes: ONNXAxes(axes), sources: names, features: way + units, width: width, isFinal: isFinal))
    }
    let values = [
      output(options.isBatchFirst ? [streams, steps, way, units] : [steps, way, streams, units], isFinal: false),
      output(options.isBatchFirst ? [streams, way, units] : [way, streams, units], isFinal: true), .lastState,
    ]
    for (name, value) in zip(node.outputs, values) where !name.isEmpty { meanings[name] = value }
  }

  // MARK: - Attributes

  private func options(_ node: ONNXNode, _ recurrentWeights: TensorFormula) throws(ConversionError)
    -> ONNXRecurrentOptions
  {
    let cell: Architecture.Stack.Cell = node.operatorType == "LSTM" ? .lstm : node.operatorType == "GRU" ? .gru : .elman
    let directions: [Architecture.Direction]
    switch try text(node, "direction", "forward") {
    case "forward": directions = [.forward]
    case "reverse": directions = [.backward]
    case "bidirectional": directions = [.forward, .backward]
    case let other: throw refused(node, "its direction is '\(other)'")
    }
    guard recurrentWeights.shape.count == 3, let hidden = recurrentWeights.shape.last,
      (1...Int(Int32.max)).contains(hidden),
      recurrentWeights.shape[0] == directions.count, try integer(node, "hidden_size", hidden) == hidden
    else { throw refused(node, "its recurrent weights have the shape \(recurrentWeights.shape)") }
    if node.attributes["clip"] != nil, try float(node, "clip", 0) > 0 {
      throw refused(node, "it clips what goes into the activations, which no layer here does")
    }
    guard let reset = [0: Architecture.GRU.Reset.before, 1: .after][try integer(node, "linear_before_reset", 0)],
      let isCoupled = [0: false, 1: true][try integer(node, "input_forget", 0)],
      let isBatchFirst = [0: false, 1: true][try integer(node, "layout", 0)]
    else { throw refused(node, "one of its switches is neither 0 nor 1") }
    return ONNXRecurrentOptions(
      cell: cell, directions: directions, isBatchFirst: isBatchFirst, hidden: hidden,
      activations: try activations(node, cell, directions.count), isCoupled: isCoupled, reset: reset)
  }

  private func text(_ node: ONNXNode, _ name: String, _ usual: String) throws(ConversionError) -> String {
    switch node.attributes[name] {
    case nil: return usual
    case .text(let text): return text.lowercased()
    default: throw refused(node, "its attribute '\(name)' is not text")
    }
  }

  private func activations(
    _ node: ONNXNode, _ cell: Architecture.Stack.Cell, _ directions: Int
  ) throws(ConversionError) -> [Activation] {
    let usual: [Activation] = cell == .lstm ? [.sigmoid, .tanh, .tanh] : cell == .gru ? [.sigmoid, .tanh] : [.tanh]
    guard let attribute = node.attributes["activations"] else {
      return Array([[Activation]](repeating: usual, count: directions).joined())
    }
    guard case .texts(let names) = attribute, names.count == usual.count * directions else {
      throw refused(node, "it has not \(usual.count * directions) activations")
    }
    var (alphas, betas) = (try floats(node, "activation_alpha")[...], try floats(node, "activation_beta")[...])
    var result: [Activation] = []
    for name in names {
      let takes = ONNXActivation.constants(of: name)
      let alpha = takes.alpha ? alphas.popFirst() : nil
      let beta = takes.beta ? betas.popFirst() : nil
      guard let activation = ONNXActivation.named(name, alpha: alpha, beta: beta) else {
        throw refused(node, "the activation '\(name)' with its constants is not known here")
      }
      result.append(activation)
    }
    // Some writers give every activation its constants, also those that take none.
    guard alphas.allSatisfy({ $0 == 0 }), betas.allSatisfy({ $0 == 0 }) else {
      throw refused(node, "its activations take fewer constants than it has")
    }
    return result
  }

  private func floats(_ node: ONNXNode, _ name: String) throws(ConversionError) -> [Float] {
    switch node.attributes[name] {
    case nil: return []
    case .floats(let values): return values
    default: throw refused(node, "its attribute '\(name)' is not a list of numbers")
    }
  }

  /// Refuses sequences of different lengths: here every one has all steps.
  private mutating func checkLengths(_ node: ONNXNode, _ steps: [ONNXAtom]) throws(ConversionError) {
    guard let lengths = try meaning(node, 4) else { return }
    let wanted = ONNXAxes.product(steps)
    switch lengths {
    case .integers(let values, _) where values.allSatisfy({ $0 != nil && $0 == wanted }): return
    case .fill(let value) where wanted?.known.map({ Double($0) }) == value: return
    default: throw refused(node, "its sequences have lengths of their own (sequence_lens), which is not supported")
    }
  }

  // MARK: - Parameters

  private mutating func parameter(_ node: ONNXNode, _ index: Int, _ what: String) throws(ConversionError)
    -> TensorFormula
  {
    guard case .weights(let formula, _) = try required(node, index) else {
      throw refused(node, "its \(what) are not parameters, but \(try meaning(node, index)?.text ?? "absent")")
    }
    return formula
  }

  private static let gates: [Architecture.Stack.Cell: [String]] = [
    .lstm: ["input", "output", "forget", "candidate"], .gru: ["update", "reset", "candidate"], .elman: ["hidden"],
  ]

  /// The layer of one direction.
  private mutating func add(
    _ node: ONNXNode, _ options: ONNXRecurrentOptions, _ direction: Int, _ name: String, inputs: Int,
    _ recurrent: TensorFormula
  ) throws(ConversionError) {
    let weights = try parameter(node, 1, "weights")
    let hidden = options.hidden, gates = options.gates
    let shapes = (
      weights: [options.directions.count, gates * hidden, inputs],
      recurrent: [options.directions.count, gates * hidden, hidden]
    )
    guard weights.shape == shapes.weights, recurrent.shape == shapes.recurrent else {
      throw refused(
        node,
        "its weights have the shapes \(weights.shape) and \(recurrent.shape) instead of \(shapes.weights) and \(shapes.recurrent)"
      )
    }
    let theirs = Self.gates[options.cell] ?? []
    let ours =
      switch options.cell {
      case .lstm: options.isCoupled ? Architecture.LSTM.gates.filter { $0 != "forget" } : Architecture.LSTM.gates
      case .gru: Architecture.GRU.gates
      case .elman: Architecture.Elman.gates
      }
    var parameters: [String: TensorFormula] = [:]
    do {
      /// One direction of an array, with an axis of gates in our order.
      func gated(
        _ formula: TensorFormula, _ shape: [Int], _ theirs: [String], _ ours: [String]
      ) throws(TensorFormulaError) -> TensorFormula {
        try formula.slice(axis: 0, direction..<(direction + 1)).reshaped(shape).gates(theirs, as: ours)
      }
      parameters["input_weights"] = try gated(weights, [gates, hidden, inputs], theirs, ours)
      parameters["recurrent_weights"] = try gated(recurrent, [gates, hidden, hidden], theirs, ours)
      if let meaning = try meaning(node, 3), try constant(meaning) != 0 || isParameter(meaning) {
        let bias = try parameter(node, 3, "biases")
        guard bias.shape == [options.directions.count, 2 * gates * hidden] else {
          throw TensorFormulaError("its biases have the shape \(bias.shape)")
        }
        let half = gates * hidden
        parameters["bias"] = try gated(bias.slice(axis: 1, 0..<half), [gates, hidden], theirs, ours)
        if try hasSecondBias(bias) {
          parameters["recurrent_bias"] = try gated(
            bias.slice(axis: 1, half..<(2 * half)), [gates, hidden], theirs, ours)
        }
      }
      if options.cell == .lstm, let meaning = try meaning(node, 7), try constant(meaning) != 0 || isParameter(meaning) {
        let peepholes = try parameter(node, 7, "peepholes")
        let (theirs, ours) = (["input", "output", "forget"], ours.filter { $0 != "candidate" })
        guard peepholes.shape == [options.directions.count, 3 * hidden] else {
          throw TensorFormulaError("its peepholes have the shape \(peepholes.shape)")
        }
        parameters["peephole_weights"] = try gated(peepholes, [3, hidden], theirs, ours)
      }
    } catch let error as TensorFormulaError {
      throw refused(node, error.description)
    } catch let error as ConversionError {
      throw error
    } catch {
      throw refused(node, "\(error)")
    }
    let state = try initialState(node, options, direction, &parameters)
    network.add(layer(options, direction, name, inputs: inputs, parameters, state), parameters)
  }

  /// Whether the second half of the biases says anything: where a framework has one bias, it is filled with zeros.
  private func hasSecondBias(_ bias: TensorFormula) throws(ConversionError) -> Bool {
    guard case .array(let array) = bias, array.shape.count == 2 else { return true }
    let bytes = try arrays.bytes(named: array.name)
    let row = bytes.count / max(1, array.shape[0])
    return bytes.indices.contains { $0 % max(1, row) >= row / 2 && bytes[$0] != 0 }
  }

  private func isParameter(_ meaning: ONNXMeaning) -> Bool {
    if case .weights = meaning { true } else { false }
  }

  private func layer(
    _ options: ONNXRecurrentOptions, _ index: Int, _ name: String, inputs: Int, _ parameters: [String: TensorFormula],
    _ state: Architecture.InitialState
  ) -> Architecture.Layer {
    let activations = Array(options.activations(index))
    let hasBias = parameters["bias"] != nil
    let hasSecond = parameters["recurrent_bias"] != nil
    let direction = options.directions[index]
    switch options.cell {
    case .lstm:
      return .lstm(
        .init(
          name: name, inputs: inputs, outputs: options.hidden, recurrentActivation: activations[0],
          activation: activations[1], cellActivation: activations[2], bias: hasBias, recurrentBias: hasSecond,
          peepholes: parameters["peephole_weights"] != nil, coupledGates: options.isCoupled, direction: direction,
          initialState: state))
    case .gru:
      return .gru(
        .init(
          name: name, inputs: inputs, outputs: options.hidden, recurrentActivation: activations[0],
          activation: activations[1], reset: options.reset, bias: hasBias, recurrentBias: hasSecond,
          direction: direction, initialState: state))
    case .elman:
      return .elman(
        .init(
          name: name, inputs: inputs, outputs: options.hidden, activation: activations[0], bias: hasBias,
          recurrentBias: hasSecond, direction: direction, initialState: state))
    }
  }
}
