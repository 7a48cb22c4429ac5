import RNNModel

/// Walks the graph of an ONNX model from its inputs to its outputs and finds the layers of a recurrent network in it.
///
/// Every value gets a meaning. Operators that only move values about (the glue around recurrent operators) are followed exactly: each axis
/// is known by the atoms that it is made of. What has no meaning here is refused by the name of its node.
struct ONNXInterpreter {
  /// The most integers of a value that is interpreted as integers.
  static let mostIntegers = 1024
  /// The most nodes that lead to an output.
  private static let mostNodes = 20_000
  /// The most values that a node takes.
  static let mostInputs = 1024
  /// The most steps of a parameter's formula: its shape is computed anew for each of them.
  static let deepestFormula = 16

  let file: ONNXFile
  let arrays: ONNXArrays
  var network = ONNXNetwork()
  var meanings: [String: ONNXMeaning] = [:]
  private var atoms = 0
  /// Whether all values of a tensor are zero, for those that have been read.
  private var zeros: [String: Bool] = [:]

  /// The axis of steps, once a recurrent layer has shown it; empty for a graph of a single step.
  var time: [ONNXAtom]?

  init(_ file: ONNXFile, _ arrays: ONNXArrays) {
    self.file = file
    self.arrays = arrays
  }

  func refused(_ node: ONNXNode, _ reason: String) -> ConversionError {
    .malformed(file: file.path, place: "node \(node.title)", reason: reason)
  }

  /// A new atom; none for the length 1, which needs none.
  mutating func atom(_ length: ONNXLength) -> [ONNXAtom] {
    guard length.known != 1 else { return [] }
    atoms += 1
    return [ONNXAtom(id: atoms, length: length)]
  }

  // MARK: - The walk

  /// Interprets all that leads to the outputs.
  mutating func run() throws(ConversionError) {
    try checkOperatorSet()
    try defineInputs()
    let needed = try neededNodes()
    for index in needed {
      let node = file.model.graph.nodes[index]
      guard node.domain.isEmpty else {
        throw refused(node, "operators of the domain '\(node.domain)' are not supported")
      }
      guard node.inputs.count <= Self.mostInputs, node.outputs.count <= Self.mostInputs else {
        throw refused(node, "it has more than \(Self.mostInputs) inputs or outputs")
      }
      try interpret(node)
    }
  }

  private func checkOperatorSet() throws(ConversionError) {
    guard let version = file.model.operatorSets[""] else {
      throw .malformed(file: path, place: "the model", reason: "it does not say which operators it uses")
    }
    guard (7...26).contains(version) else {
      throw .malformed(
        file: path, place: "the model", reason: "operator set \(version) is not supported: 7 to 26 are")
    }
  }

  private var path: String { file.path }

  private mutating func defineInputs() throws(ConversionError) {
    for input in file.model.graph.inputs where arrays.tensors[input.name] == nil {
      guard meanings[input.name] == nil else {
        throw .malformed(file: path, place: "input '\(input.name)'", reason: "it is there twice")
      }
      guard let shape = input.shape, let type = input.type, shape.count <= 32 else { continue }
      let axes = ONNXAxes(
        shape.enumerated().map { index, dimension in
          switch dimension {
          case .fixed(let length): atom(.known(length))
          case .named(let name): atom(.named(name))
          case .unknown: atom(.named("\(input.name).\(index)"))
          }
        })
      switch type {
      case .int64, .int32: meanings[input.name] = .tokens(axes)
      case .float, .float16, .double, .bfloat16: meanings[input.name] = .input(name: input.name, axes)
      default: continue
      }
    }
  }

  /// The nodes that lead to an output, in the order of the file, which is that of computation.
  private func neededNodes() throws(ConversionError) -> [Int] {
    let nodes = file.model.graph.nodes
    var makers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty {
        guard makers.updateValue(index, forKey: output) == nil, file.model.graph.initializers[output] == nil else {
          throw refused(node, "'\(output)' has a value already")
        }
      }
    }
    var needed: Set<Int> = []
    var open = file.model.graph.outputs.map(\.name)
    while let name = open.popLast() {
      guard let index = makers[name], needed.insert(index).inserted else { continue }
      open += nodes[index].inputs
    }
    guard needed.count <= Self.mostNodes else {
      throw .malformed(file: path, place: "the graph", reason: "it has more than \(Self.mostNodes) nodes")
    }
    return needed.sorted()
  }

  // MARK: - Values

  /// The meaning of an input; nil for one that is absent.
  mutating func meaning(_ node: ONNXNode, _ index: Int) throws(ConversionError) -> ONNXMeaning? {
    guard node.inputs.indices.contains(index), !node.inputs[index].isEmpty else { return nil }
    let name = node.inputs[index]
    if let known = meanings[name] {
      // Once it is known to be the network's vectors, an input is what comes in wherever it goes.
      if case .input(let input, let axes) = known, let vectors = network.vectors, vectors.name == input {
        return .flow(
          ONNXFlow(axes: axes, sources: [Self.inputLayer], features: vectors.units, width: vectors.width))
      }
      if case .numbers(let axes, let scale) = known, axes.axes.last == [],
        case .scalar(let layer)? = network[Self.scalarLayer]?.layer, layer.scale == scale
      {
        return .flow(ONNXFlow(axes: axes, sources: [Self.scalarLayer], features: [], width: 1))
      }
      return known
    }
    guard let tensor = arrays.tensors[name] else {
      let isSparse = file.model.graph.sparseInitializers.contains(name)
      throw refused(
        node, isSparse ? "'\(name)' is a sparse tensor" : "its input '\(name)' is made by nothing that is understood")
    }
    let meaning = try meaning(of: tensor, named: name, node)
    meanings[name] = meaning
    return meaning
  }

  private func meaning(
    of tensor: ONNXTensor, named name: String, _ node: ONNXNode
  ) throws(ConversionError) -> ONNXMeaning {
    if let array = arrays.arrays[name] {
      // Without this, axes of any length could stand for nothing.
      guard tensor.count > 0 else { throw refused(node, "'\(name)' is empty") }
      try file.checkPlace(of: tensor)
      return .weights(.array(array), depth: 0)
    }
    guard let values = try arrays.integers(named: name), tensor.shape.count <= 1 else {
      throw refused(node, "'\(name)' is a tensor of \(tensor.type) that nothing here needs")
    }
    return .integers(values.map { .known($0) }, isScalar: tensor.shape.isEmpty)
  }

  /// The meaning of an input that has to be there.
  mutating func required(_ node: ONNXNode, _ index: Int) throws(ConversionError) -> ONNXMeaning {
    guard let meaning = try meaning(node, index) else { throw refused(node, "its input \(index) is absent") }
    return meaning
  }

  mutating func set(_ node: ONNXNode, _ meaning: ONNXMeaning) {
    if let name = node.outputs.first { meanings[name] = meaning }
  }

  /// Integers that are all known.
  mutating func knownIntegers(_ node: ONNXNode, _ index: Int) throws(ConversionError) -> [Int]? {
    guard case .integers(let values, _)? = try meaning(node, index) else { return nil }
    let known = values.compactMap { $0?.known }
    return known.count == values.count ? known : nil
  }

  /// The single number of a constant; nil if it is something else.
  func constant(_ meaning: ONNXMeaning) throws(ConversionError) -> Double? {
    switch meaning {
    case .fill(let value): return value
    case .integers(let values, _):
      return values.count == 1 ? (values[0]?.known).map { Double($0) } : nil
    case .weights(let formula, _):
      guard formula.count == 1, let name = formula.operands.first, arrays.tensors[name]?.count == 1 else { return nil }
      return try arrays.numbers(named: name).first
    default: return nil
    }
  }

  /// Whether a parameter is zero everywhere.
  mutating func isZero(_ formula: TensorFormula) throws(ConversionError) -> Bool {
    for name in Set(formula.operands) {
      let known = zeros[name]
      let isZero = if let known { known } else { try arrays.bytes(named: name).allSatisfy { $0 == 0 } }
      zeros[name] = isZero
      if !isZero { return false }
    }
    return true
  }

  // MARK: - Attributes

  func integer(_ node: ONNXNode, _ name: String, _ usual: Int) throws(ConversionError) -> Int {
    switch node.attributes[name] {
    case nil: return usual
    case .integer(let value): return value
    default: throw refused(node, "its attribute '\(name)' is not an integer")
    }
  }

  func integers(_ node: ONNXNode, _ name: String) throws(ConversionError) -> [Int]? {
    switch node.attributes[name] {
    case nil: return nil
    case .integers(let values): return values
    default: throw refused(node, "its attribute '\(name)' is not a list of integers")
    }
  }

  func float(_ node: ONNXNode, _ name: String, _ usual: Float) throws(ConversionError) -> Float {
    switch node.attributes[name] {
    case nil: return usual
    case .float(let value): return value
    default: throw refused(node, "its attribute '\(name)' is not a number")
    }
  }

  /// Axes that were an attribute in older operator sets and are an input in newer ones.
  mutating func axes(_ node: ONNXNode, input index: Int) throws(ConversionError) -> [Int]? {
    if let axes = try integers(node, "axes") { return axes }
    guard node.inputs.indices.contains(index), !node.inputs[index].isEmpty else { return nil }
    guard let axes = try knownIntegers(node, index) else { throw refused(node, "its axes are not known") }
    return axes
  }

  var operatorSet: Int { file.model.operatorSets[""] ?? 0 }
}
