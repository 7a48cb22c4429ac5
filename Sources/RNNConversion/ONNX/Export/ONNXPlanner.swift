import Kernels
import RNNFormat
import RNNModel

/// Puts the layers of a model into an ONNX graph, or says why there is no operator for one.
struct ONNXPlanner {
  let architecture: Architecture
  private let tensors: [String: TensorDescription]
  var graph = ONNXGraphBuilder()
  var problems: [String] = []
  /// The value that a layer gives, by its name.
  var values: [String: String] = [:]
  /// Values that are made when they are first asked for, and have been.
  var made: Set<String> = []
  /// The backward layer that shares an operator with a forward one, by its name, and the other way round.
  var partners: [String: String] = [:]

  static let time = ONNXValue.Dimension.named("time")
  static let batch = ONNXValue.Dimension.named("batch")

  init(_ architecture: Architecture, _ tensors: [TensorDescription]) {
    self.architecture = architecture
    self.tensors = Dictionary(tensors.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// A tensor of the model, in the type that it is stored as.
  func formula(_ layer: String, _ name: String) -> TensorFormula? {
    tensors["\(layer)/\(name)"].map(TensorFormula.init)
  }

  mutating func plan() throws {
    pairDirections()
    var below = try input()
    for (index, layer) in architecture.layers.enumerated() {
      // The output is named for what it is.
      let isLast = index == architecture.layers.count - 1
      let output = isLast ? (architecture.output == .values ? "values" : "logits") : "/\(layer.name)"
      let sources = layer.sources?.map { values[$0] ?? "" } ?? [below]
      try add(layer, taking: sources, giving: output)
      var value = values[layer.name] ?? output
      if isLast, value != output {
        value = graph.node("Identity", [value], [output])
        values[layer.name] = value
      }
      below = value
    }
    guard problems.isEmpty else { throw ConversionError.inexpressible(.onnx, reasons: problems) }
    addOutputs(below)
  }

  private mutating func input() throws -> String {
    switch architecture.input {
    case .tokens: graph.input("tokens", .int64, [Self.time, Self.batch])
    case .features: graph.input("features", .float, [Self.time, Self.batch, .fixed(architecture.size)])
    }
  }

  private mutating func addOutputs(_ value: String) {
    let isPooled = architecture.layers.contains(where: \.pools)
    let shape = (isPooled ? [Self.batch] : [Self.time, Self.batch]) + [.fixed(architecture.outputSize)]
    graph.output(value, shape)
    switch architecture.output {
    case .softmax:
      graph.output(graph.node("LogSoftmax", [value], ["log_probabilities"], [("axis", .integer(-1))]), shape)
    case .sigmoid: graph.output(graph.node("Sigmoid", [value], ["probabilities"]), shape)
    case .values, .logProbabilities: break
    }
    for state in states { graph.output(state.name, [.fixed(1), Self.batch, .fixed(state.width)]) }
  }

  /// The states that go out, in the order of the layers.
  var states: [(name: String, width: Int)] = []

  // MARK: - Layers

  private mutating func add(_ layer: Architecture.Layer, taking sources: [String], giving output: String) throws {
    let name = layer.name
    let below = sources.first ?? ""
    switch layer {
    case .oneHot(let layer):
      let depth = graph.integer("\(name).size", layer.size)
      let levels = graph.floats("\(name).levels", [0, 1], shape: [2])
      values[name] = graph.node("OneHot", [below, depth, levels], [output], [("axis", .integer(-1))])
    case .embedding:
      values[name] = graph.node("Gather", [try parameter(name, "weights"), below], [output])
    case .scalar(let layer):
      let number = graph.node("Cast", [below], ["\(output).number"], [("to", .integer(1))])
      let scale = graph.floats("\(name).scale", [Float(layer.scale)], shape: [])
      let scaled = graph.node("Mul", [number, scale], ["\(output).scaled"])
      values[name] = graph.node("Unsqueeze", [scaled, graph.integers("\(name).axis", [-1])], [output])
    case .dropout: values[name] = below
    case .layerNorm(let layer):
      let bias = layer.bias ? [try parameter(name, "bias")] : []
      values[name] = graph.node(
        "LayerNormalization", [below, try parameter(name, "gain")] + bias, [output],
        [("axis", .integer(-1)), ("epsilon", .float(Float(layer.epsilon)))])
    case .sum:
      var value = below
      for (index, other) in sources.dropFirst().enumerated() {
        value = graph.node("Add", [value, other], [index == sources.count - 2 ? output : "\(output).\(index)"])
      }
      values[name] = value
    case .concatenation(let layer):
      if let both = bothDirections(layer.of) {
        values[name] = both
      } else {
        values[name] = sources.count == 1 ? below : graph.node("Concat", sources, [output], [("axis", .integer(-1))])
      }
    case .delay:
      problems.append("'\(name)' holds the last steps side by side, for which ONNX has no operator")
    case .final(let layer): values[name] = final(of: layer.of, giving: output)
    case .attention: values[name] = try attention(name, below, output)
    case .linear(let layer): values[name] = try linear(layer, below, output)
    case .activation(let layer): values[name] = activated(layer, below, output)
    case .elman, .lstm, .gru: try addRecurrent(layer, below)
    case .ngram: throw ArchitectureError.notNetwork
    }
  }

  mutating func parameter(_ layer: String, _ name: String) throws -> String {
    guard let formula = formula(layer, name) else { throw FormatError.cannotWrite(file: layer, reason: "no \(name)") }
    return graph.parameter("\(layer).\(name)", formula)
  }

  private mutating func linear(_ layer: Architecture.Linear, _ below: String, _ output: String) throws -> String {
    let matrix: String
    if let embedding = layer.weightsOf {
      // One array serves both.
      let shared = try parameter(embedding, "weights")
      matrix = graph.node("Transpose", [shared], ["\(layer.name).weights"], [("perm", .integers([1, 0]))])
    } else if let weights = formula(layer.name, "weights") {
      matrix = graph.parameter("\(layer.name).weights", try weights.transposed())
    } else {
      return ""
    }
    guard layer.bias else { return graph.node("MatMul", [below, matrix], [output]) }
    let product = graph.node("MatMul", [below, matrix], ["\(output).product"])
    return graph.node("Add", [product, try parameter(layer.name, "bias")], [output])
  }

  /// The weighted mean over the steps, the first axis.
  private mutating func attention(_ name: String, _ below: String, _ output: String) throws -> String {
    guard let weights = formula(name, "weights") else { return "" }
    let column = graph.parameter("\(name).weights", try weights.reshaped([weights.count, 1]))
    let scores = graph.node("MatMul", [below, column], ["\(output).scores"])
    let shares = graph.node("Softmax", [scores], ["\(output).shares"], [("axis", .integer(0))])
    let weighted = graph.node("Mul", [below, shares], ["\(output).weighted"])
    return graph.node(
      "ReduceSum", [weighted, graph.integers("\(name).axis", [0])], [output], [("keepdims", .integer(0))])
  }

  private mutating func activated(_ layer: Architecture.Activated, _ below: String, _ output: String) -> String {
    switch layer.activation {
    case .linear: return below
    case .hardTanh:
      let low = graph.floats("\(layer.name).low", [-1], shape: []),
        high = graph.floats("\(layer.name).high", [1], shape: [])
      return graph.node("Clip", [below, low, high], [output])
    case let activation:
      guard let (name, alpha, beta) = ONNXActivation.description(of: activation) else { return below }
      let attributes = [("alpha", alpha), ("beta", beta)].compactMap { name, value in
        value.map { (name, ONNXGraphBuilder.Attribute.float($0)) }
      }
      return graph.node(name, [below], [output], attributes)
    }
  }
}
