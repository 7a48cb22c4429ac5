import RNNModel
import RealModule

/// What the reference is asked to compute, drawn together with a model.
struct DrawnProblem: Sendable {
  private(set) var architecture: Architecture
  var values: [Double]
  let masks: [String: [[Double]]]
  var inputs: Reference<Double>.Inputs
  let targets: Reference<Double>.Targets
  /// What layers that start from a given state are given: `[layer]`, nil for others.
  private let given: [Reference<Double>.LayerState?]
  /// Where a stream has got to when the problem begins, if it does not begin there.
  private let carried: [Reference<Double>.LayerState]?

  init(_ model: inout DrawnModel, steps: Int) {
    architecture = model.architecture
    values = model.parameters.map { Double($0) }
    masks = model.masks(steps: steps)
    inputs = model.inputs(steps)
    targets = model.problemTargets(steps)
    let reference = Reference<Double>(architecture, values: values)
    given = zip(architecture.layers, reference.initialState).map { (layer, state) in
      layer.initialState == .given
        ? .init(hidden: model.numbers(state.hidden.count), cell: model.numbers(state.cell.count)) : nil
    }
    if architecture.context == .stream, Bool.random(using: &model.generator) {
      var state = reference.initialState
      _ = reference.logits(model.inputs(2), state: &state)
      carried = state
    } else {
      carried = nil
    }
  }

  var steps: Int { inputs.count }

  /// The model with its masks.
  var reference: Reference<Double> { Reference(architecture, values: values, dropoutMasks: masks) }

  /// The state before the first step; learned ones are those of the present values.
  var start: [Reference<Double>.LayerState] {
    carried ?? zip(given, reference.initialState).map { $0 ?? $1 }
  }

  /// The loss of each step, by nothing but a forward pass.
  var losses: [Double] {
    var state = start
    return losses(of: reference.logits(inputs, state: &state))
  }

  /// The loss of each step, from its logits.
  func losses(of logits: [[Double]], from first: Int = 0) -> [Double] {
    logits.enumerated().map { (index, logits) in
      switch targets {
      case .classes(let classes):
        classes[first + index] < 0 ? 0 : -logSoftmax(logits)[Int(classes[first + index])]
      case .bits(let bits):
        zip(logits, bits[first + index]).reduce(0) { loss, pair in
          let (logit, bit) = pair
          return loss - .log(bit == 1 ? 1 / (1 + .exp(-logit)) : 1 / (1 + .exp(logit)))
        }
      }
    }
  }

  /// Some of the inputs.
  func part(_ steps: Range<Int>) -> Reference<Double>.Inputs {
    switch inputs {
    case .tokens(let tokens): .tokens(Array(tokens[steps]))
    case .features(let vectors): .features(Array(vectors[steps]))
    }
  }

  /// One of the targets.
  func target(_ step: Int) -> Reference<Double>.Targets {
    switch targets {
    case .classes(let classes): .classes([classes[step]])
    case .bits(let bits): .bits([bits[step]])
    }
  }

  /// The model as it stands at a later step, with the masks that are still to come.
  func reference(from first: Int) -> Reference<Double> {
    Reference(architecture, values: values, dropoutMasks: masks.mapValues { Array($0[first...]) })
  }

  /// The same problem with vectors in the place of tokens: the first layer becomes a matrix.
  var withVectors: DrawnProblem {
    guard case .tokens(let tokens) = inputs else { return self }
    let table = ParameterTable(architecture)
    var other = self
    other.architecture.input = .features
    let size = architecture.size
    let width = architecture.widths[0]
    let name = architecture.layers[0].name
    other.architecture.layers[0] = .linear(.init(name: name, inputs: size, outputs: width, bias: false))
    // Row k of the matrix is what each token has at k.
    var scale: Double?
    if case .scalar(let layer) = architecture.layers[0] { scale = layer.scale }
    var first: [Double] = []
    for unit in 0..<width {
      for token in 0..<size {
        first.append(
          table[name, "weights"].map { values[$0.range.lowerBound + token * width + unit] }
            ?? scale.map { Double(token) * $0 } ?? (unit == token ? 1 : 0))
      }
    }
    var shared: [Double] = []
    if case .linear(var output)? = architecture.layers.last, let owner = output.weightsOf {
      output.weightsOf = nil
      other.architecture.layers[architecture.layers.count - 1] = .linear(output)
      shared = table[owner, "weights"].map { Array(values[$0.range]) } ?? []
    }
    other.values = ParameterTable(other.architecture).entries.flatMap { entry in
      if entry.layer == name { return first }
      return table[entry.layer, entry.name].map { Array(values[$0.range]) } ?? shared
    }
    other.inputs = .features(tokens.map { token in (0..<size).map { $0 == Int(token) ? 1 : 0 } })
    return other
  }

  /// The central difference of a function of the values with respect to one of them.
  func difference(_ index: Int, of loss: (DrawnProblem) -> Double, step: Double = 1e-5) -> Double {
    var moved = self
    moved.values[index] = values[index] + step
    let above = loss(moved)
    moved.values[index] = values[index] - step
    return (above - loss(moved)) / (2 * step)
  }
}

extension DrawnModel {
  fileprivate mutating func numbers(_ count: Int) -> [Double] {
    (0..<count).map { _ in generator.uniform(in: -1..<1) }
  }

  fileprivate mutating func inputs(_ steps: Int) -> Reference<Double>.Inputs {
    switch architecture.input {
    case .tokens: .tokens(tokens(steps))
    case .features: .features((0..<steps).map { _ in numbers(architecture.size) })
    }
  }

  fileprivate mutating func problemTargets(_ steps: Int) -> Reference<Double>.Targets {
    let outputs = architecture.outputSize
    switch architecture.output {
    case .softmax:
      return .classes((0..<steps).map { _ in Int32.random(in: -1..<Int32(outputs), using: &generator) })
    case .sigmoid:
      return .bits((0..<steps).map { _ in (0..<outputs).map { _ in Bool.random(using: &generator) ? 1 : 0 } })
    case .values, .logProbabilities: preconditionFailure("values have no targets")
    }
  }

  /// Factors for all dropout layers, except for one of several, which does nothing; the same at all steps where they
  /// are locked.
  fileprivate mutating func masks(steps: Int) -> [String: [[Double]]] {
    var masks: [String: [[Double]]] = [:]
    let widths = architecture.dropoutWidths.sorted { $0.key < $1.key }
    for (name, width) in widths.dropFirst(widths.count > 1 ? 1 : 0) {
      let locked = architecture.layers.contains { layer in
        if case .dropout(let dropout) = layer { return dropout.name == name && dropout.locked }
        return false
      }
      let one = numbers(width)
      masks[name] = (0..<steps).map { _ in locked ? one : numbers(width) }
    }
    return masks
  }
}
