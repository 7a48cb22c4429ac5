import RNNModel

extension ONNXInterpreter {
  // MARK: - Flows and layers

  /// What a new layer gives: its units behind the axes that come in.
  mutating func flow(_ source: String, width: Int, outer: [[ONNXAtom]]) -> ONNXMeaning {
    let features = atom(.known(width))
    return .flow(
      ONNXFlow(axes: ONNXAxes(outer + [features]), sources: [source], features: features, width: width))
  }

  /// The one layer that gives a flow, made if there is none.
  mutating func materialized(_ flow: ONNXFlow, _ node: ONNXNode) throws(ConversionError) -> String {
    guard network.layers.count < ONNXNetwork.mostLayers else {
      throw refused(node, "there are more than \(ONNXNetwork.mostLayers) layers")
    }
    try checkCurrent(flow, node)
    var sources = flow.sources
    if flow.isFinal {
      sources = sources.map { source in network.connection("final") { .final(.init(name: $0, of: source)) } }
    }
    let names = sources
    let name = names.count == 1 ? names[0] : network.connection("both") { .concatenation(.init(name: $0, of: names)) }
    switch flow.head {
    case nil: return name
    case .sigmoid:
      network.connect(name)
      let activated = network.name("sigmoid")
      network.add(.activation(.init(name: activated, activation: .sigmoid)))
      return activated
    case .softmax, .logSoftmax, .shares, .weighted: throw refused(node, "something is computed from a softmax")
    case .normalisation: throw refused(node, "something is computed from half of a normalisation")
    }
  }

  /// Refuses what a layer gave before it was changed: the product without the bias that has been added since.
  func checkCurrent(_ flow: ONNXFlow, _ node: ONNXNode) throws(ConversionError) {
    for source in flow.sources where network[source]?.revision != flow.revision {
      throw refused(node, "a value is used with and without the parameters that are added to it")
    }
  }

  /// The flow that a layer takes, with the units as the last axis.
  ///
  /// The one input of vectors becomes a flow here: now it is known which axis is that of the units.
  mutating func taken(_ node: ONNXNode, _ index: Int) throws(ConversionError) -> ONNXFlow {
    switch try required(node, index) {
    case .flow(let flow):
      guard flow.hasFeaturesLast else { throw refused(node, "the units are not the last axis of what comes in") }
      return flow
    case .input(let name, let axes):
      guard network.vectors == nil, network.layers.isEmpty, let units = axes.axes.last else {
        throw refused(node, "'\(name)' is a second input")
      }
      guard let width = ONNXAxes.product(units)?.known, width > 0 else {
        throw refused(node, "the width of the vectors '\(name)' is not known")
      }
      network.vectors = (name, units, width)
      network.size = width
      network.add(.activation(.init(name: Self.inputLayer, activation: .linear)))
      return ONNXFlow(axes: axes, sources: [Self.inputLayer], features: units, width: width)
    case .numbers(let axes, let scale):
      guard axes.axes.last == [] else { throw refused(node, "it takes numbers of tokens without an axis of units") }
      // How many tokens there are, no number says: the outputs do.
      try tokenLayer(node, size: 0)
      network.add(.scalar(.init(name: Self.scalarLayer, size: 0, scale: scale)))
      return ONNXFlow(axes: axes, sources: [Self.scalarLayer], features: [], width: 1)
    case let other: throw refused(node, "it takes \(other.text)")
    }
  }

  /// The layer that stands for vectors that come in, until it is known whether anything else needs it.
  static let inputLayer = "input"

  /// The layer that gives tokens as numbers.
  static let scalarLayer = "scalar"

  /// Makes tokens as numbers a layer where they have an axis of units; from then on they are a flow.
  mutating func makeScalar(_ node: ONNXNode, _ index: Int) throws(ConversionError) {
    if case .numbers(let axes, _)? = try meaning(node, index), axes.axes.last == [] { _ = try taken(node, index) }
  }

  // MARK: - Tokens

  private mutating func tokenLayer(_ node: ONNXNode, size: Int) throws(ConversionError) {
    guard network.layers.isEmpty else { throw refused(node, "it takes tokens, but is not the first layer") }
    network.size = size
  }

  mutating func embedding(_ node: ONNXNode, _ formula: TensorFormula, _ axes: ONNXAxes) throws(ConversionError) {
    // The same rows for the same tokens.
    try tokenLayer(node, size: formula.shape[0])
    network.add(
      .embedding(.init(name: "embedding", inputs: formula.shape[0], outputs: formula.shape[1])), ["weights": formula])
    set(node, flow("embedding", width: formula.shape[1], outer: axes.axes))
  }

  mutating func oneHot(_ node: ONNXNode) throws(ConversionError) {
    guard case .tokens(let axes) = try required(node, 0) else { throw refused(node, "it does not take tokens") }
    var depth: Int?
    if let known = try knownIntegers(node, 1) {
      depth = known.count == 1 ? known[0] : nil
    } else if let number = try constant(try required(node, 1)) {
      depth = Int(exactly: number)
    }
    guard let size = depth, size > 0 else { throw refused(node, "its depth is not known") }
    let axis = try integer(node, "axis", -1)
    guard axis == -1 || axis == axes.rank else { throw refused(node, "the units are not its last axis") }
    guard try offAndOn(try required(node, 2)) else { throw refused(node, "its values are not 0 and 1") }
    try tokenLayer(node, size: size)
    network.add(.oneHot(.init(name: "one_hot", size: size)))
    set(node, flow("one_hot", width: size, outer: axes.axes))
  }

  private func offAndOn(_ meaning: ONNXMeaning) throws(ConversionError) -> Bool {
    switch meaning {
    case .integers(let values, _): return values == [.known(0), .known(1)]
    case .weights(.array(let array), _) where array.shape == [2]:
      return try arrays.numbers(named: array.name) == [0, 1]
    default: return false
    }
  }

  // MARK: - Affine maps

  mutating func product(_ node: ONNXNode) throws(ConversionError) {
    let isGemm = node.operatorType == "Gemm"
    guard case .weights(let matrix, let depth)? = try meaning(node, 1), matrix.shape.count == 2 else {
      throw refused(node, "its second operand is not a matrix of parameters")
    }
    if isGemm {
      let (alpha, beta) = (try float(node, "alpha", 1), try float(node, "beta", 1))
      guard try integer(node, "transA", 0) == 0, alpha == 1, beta == 1 || !node.inputs.indices.contains(2) else {
        throw refused(node, "it is scaled or transposed")
      }
    }
    let isTransposed = isGemm ? try integer(node, "transB", 0) != 0 : false
    // Ours have a row for each unit that receives.
    var weights = matrix
    if !isTransposed {
      if case .permuted(let operand, [1, 0]) = matrix {
        weights = operand
      } else if case .weights(let transposed, _) = try self.weights(
        node, depth: depth, { () throws(TensorFormulaError) in try matrix.transposed() })
      {
        weights = transposed
      }
    }
    let input = try taken(node, 0)
    let (outputs, inputs) = (weights.shape[0], weights.shape[1])
    guard inputs == input.width, outputs > 0 else {
      throw refused(node, "its matrix takes \(inputs) units, but \(input.width) come in")
    }
    let source = try materialized(input, node)
    network.connect(source)
    let name = network.name("linear")
    network.add(
      .linear(.init(name: name, inputs: inputs, outputs: outputs, bias: false)), ["weights": weights])
    network[name]?.source = source
    let result = flow(name, width: outputs, outer: input.outerAxes)
    set(node, result)
    if isGemm, case .weights(let bias, _)? = try meaning(node, 2) {
      try addBias(node, bias, to: name)
      if case .flow(var biased) = result {
        biased.revision += 1
        set(node, .flow(biased))
      }
    } else if isGemm, let other = try meaning(node, 2), try constant(other) != 0 {
      throw refused(node, "it adds \(other.text)")
    }
  }

  /// Gives a layer that has none a bias.
  private mutating func addBias(_ node: ONNXNode, _ bias: TensorFormula, to name: String) throws(ConversionError) {
    guard var planned = network[name], planned.uses == 0, planned.parameters["bias"] == nil,
      let units = planned.layer.outputs
    else { throw refused(node, "parameters are added to something else than a new affine map") }
    switch planned.layer {
    case .linear(var linear):
      linear.bias = true
      planned.layer = .linear(linear)
    case .layerNorm(var norm):
      norm.bias = true
      planned.layer = .layerNorm(norm)
    default: throw refused(node, "parameters are added to something else than a new affine map")
    }
    guard bias.count == units, bias.shape.last == units else {
      throw refused(node, "\(bias.shape) numbers are added to \(units) units")
    }
    guard
      case .weights(let vector, _) = try weights(
        node, depth: 0, { () throws(TensorFormulaError) in try bias.reshaped([units]) })
    else { return }
    planned.parameters["bias"] = vector
    planned.revision += 1
    network[name] = planned
  }

  mutating func add(_ node: ONNXNode) throws(ConversionError) {
    for index in 0..<2 { try makeScalar(node, index) }
    if try isNormalisation(node) { return }
    switch (try required(node, 0), try required(node, 1)) {
    case (.flow(var flow), .weights(let bias, _)), (.weights(let bias, _), .flow(var flow)):
      guard flow.hasFeaturesLast, flow.sources.count == 1, flow.head == nil, !flow.isFinal else {
        throw refused(node, "parameters are added to something else than an affine map")
      }
      try checkCurrent(flow, node)
      try addBias(node, bias, to: flow.sources[0])
      flow.revision += 1
      set(node, .flow(flow))
    case (.flow(let first), .flow(let second)):
      guard first.hasFeaturesLast, second.hasFeaturesLast, first.width == second.width,
        first.outerAxes == second.outerAxes
      else { throw refused(node, "it adds values of another layout") }
      let names = network.distinct([try materialized(first, node), try materialized(second, node)])
      let name = network.connection("sum") { .sum(.init(name: $0, of: names)) }
      set(node, flow(name, width: first.width, outer: first.outerAxes))
    case (.weights(let first, let depth), .weights(let second, let other)):
      set(
        node,
        try weights(node, depth: max(depth, other)) { () throws(TensorFormulaError) in try first.adding(second) })
    case (.integers(let first, let isScalar), .integers(let second, let isOtherScalar)):
      guard first.count == second.count || first.count == 1 || second.count == 1 else {
        throw refused(node, "its operands have \(first.count) and \(second.count) elements")
      }
      let sums = (0..<max(first.count, second.count)).map { place in
        Self.result(
          "Add", [first.count == 1 ? first[0] : first[place], second.count == 1 ? second[0] : second[place]])
      }
      set(node, .integers(sums, isScalar: isScalar && isOtherScalar))
    case (let first, let second): throw refused(node, "it adds \(second.text) to \(first.text)")
    }
  }

  mutating func layerNormalization(_ node: ONNXNode) throws(ConversionError) {
    let input = try taken(node, 0)
    let axis = try integer(node, "axis", -1)
    guard input.axes.index(axis) == input.axes.rank - 1 else { throw refused(node, "it is not over the units alone") }
    guard case .weights(let gain, _) = try required(node, 1), gain.shape == [input.width] else {
      throw refused(node, "its scale is not a parameter for each unit")
    }
    var parameters = ["gain": gain]
    if let second = try meaning(node, 2) {
      guard case .weights(let bias, _) = second, bias.shape == [input.width] else {
        throw refused(node, "its bias is not a parameter for each unit")
      }
      parameters["bias"] = bias
    }
    let source = try materialized(input, node)
    network.connect(source)
    let name = network.name("layer_norm")
    let epsilon = Double(try float(node, "epsilon", 1e-5))
    network.add(
      .layerNorm(.init(name: name, width: input.width, epsilon: epsilon, bias: parameters["bias"] != nil)), parameters)
    set(node, flow(name, width: input.width, outer: input.outerAxes))
  }
}
