import RNNModel

extension ONNXInterpreter {
  /// What the model gives: the outputs of the graph that are not states.
  ///
  /// There may be several if they are the same numbers, before and after a softmax.
  mutating func output() throws(ConversionError) -> ONNXFlow {
    func refused(_ reason: String) -> ConversionError {
      .malformed(file: file.path, place: "the outputs", reason: reason)
    }
    var flows: [(name: String, flow: ONNXFlow)] = []
    var states: [(name: String, flow: ONNXFlow)] = []
    for output in file.model.graph.outputs {
      switch meanings[output.name] {
      case .flow(let flow) where flow.isFinal: states.append((output.name, flow))
      case .flow(let flow): flows.append((output.name, flow))
      case .lastState: break
      case let other?: throw refused("'\(output.name)' is \(other.text)")
      case nil: throw refused("'\(output.name)' is made by nothing that is understood")
      }
    }
    // A model may give only the state at the end.
    if flows.isEmpty, states.count == 1 { flows = states }
    guard let first = flows.first else { throw refused("there is none but states") }
    guard flows.allSatisfy({ $0.flow.sources == first.flow.sources && $0.flow.width == first.flow.width }) else {
      throw refused("\(flows.map { "'\($0.name)'" }.joined(separator: " and ")) are different values")
    }
    var flow = flows.first { $0.flow.head != nil }?.flow ?? first.flow
    let heads = Set(flows.map { $0.flow.head == .softmax ? .logSoftmax : $0.flow.head }.compactMap(\.self))
    guard heads.isSubset(of: [.softmax, .logSoftmax, .sigmoid]) else {
      throw refused("they are a part of an attention or a normalisation")
    }
    guard heads.count <= 1 else { throw refused("they are different functions of the same values") }
    let order = flow.axes.atoms.filter { flow.features.contains($0) }
    guard order == flow.features else { throw refused("the units of two directions are mixed") }
    // What the output is has to be the last layer.
    let end = ONNXNode(operatorType: "output")
    let head = flow.head
    flow.head = nil
    let source = try materialized(flow, end)
    guard let last = network.layers.last?.layer else { throw refused("there is no layer") }
    if last.name != source { network.connect(source) }
    if head == .sigmoid, !last.isLinear {
      network.connect(network.layers.last?.layer.name ?? source)
      network.add(.activation(.init(name: network.name("sigmoid"), activation: .sigmoid)))
    } else {
      flow.head = head
    }
    guard flow.head == nil || network.layers.last?.layer.isLinear ?? false else {
      throw refused("a softmax is taken of something else than an affine map")
    }
    return flow
  }

  /// Whether vectors that come in are tokens, which no graph says.
  func takesTokens(
    _ network: ONNXNetwork, _ output: ONNXFlow, _ stated: Architecture.Input?, _ assembly: inout ModelAssembly
  ) -> Bool {
    guard let vectors = network.vectors else { return false }
    if assembly.choices.input == nil, let stated { return stated == .tokens }
    let gives = output.head == .sigmoid || !(network.layers.last?.layer.isLinear ?? false) ? 0 : output.width
    let input = assembly.settle(
      assembly.choices.input, else: vectors.width == gives && gives > 1 ? .tokens : .features, "input", flag: "--input",
      because: "'\(vectors.name)' takes \(vectors.width) numbers: one-hot vectors of tokens, or other vectors")
    return input == .tokens
  }

  /// How the model sees a text, which a graph says only in part.
  func context(
    _ network: ONNXNetwork, _ stated: Architecture.Context?, _ assembly: inout ModelAssembly
  ) -> Architecture.Context {
    let given = assembly.choices.context
    if given == nil, let stated { return stated }
    let layers = network.layers.map(\.layer)
    let flag = "--context"
    if layers.contains(where: \.pools) {
      if let steps = time.flatMap({ ONNXAxes.product($0) })?.known, network.vectors == nil {
        return assembly.settle(
          given, else: .window(length: steps, padding: nil), "context", flag: flag,
          because: "the graph takes \(steps) steps and gives one prediction, but does not say what stands before a text"
        )
      }
      return assembly.settle(
        given, else: .sequence, "context", flag: flag,
        because: "the graph gives one prediction for any number of steps")
    }
    if layers.contains(where: { $0.direction == .backward }) {
      return assembly.settle(
        given, else: .sequence, "context", flag: flag, because: "layers that read backward need whole sequences")
    }
    let carries = layers.contains { $0.initialState == .given }
    return assembly.settle(
      given, else: .stream, "context", flag: flag,
      because: carries
        ? "the graph takes and gives states, but not what they are for"
        : "the graph starts each run from its initial state, but does not say where a run begins")
  }

  /// What the outputs mean.
  func meaning(
    of flow: ONNXFlow, _ network: ONNXNetwork, _ stated: Architecture.Output?, _ assembly: inout ModelAssembly
  ) -> Architecture.Output {
    if assembly.choices.output == nil, let stated { return stated }
    switch flow.head {
    case .softmax, .logSoftmax: return .softmax
    case .sigmoid: return .sigmoid
    case .shares, .weighted, .normalisation, nil: break
    }
    let isLinear = network.layers.last?.layer.isLinear ?? false
    let isClassifier = network.vectors == nil && flow.width == network.size && isLinear
    return assembly.settle(
      assembly.choices.output, else: isClassifier ? .softmax : .values, "output", flag: "--output",
      because: isClassifier
        ? "there is a number for each token, without a softmax" : "the graph gives plain numbers")
  }
}

extension Architecture.Layer {
  fileprivate var isLinear: Bool {
    if case .linear = self { true } else { false }
  }
}
