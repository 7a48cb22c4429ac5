import RNNFormat

/// A graph that is being put together, in the messages of ONNX.
struct ONNXGraphBuilder {
  /// The number of the operator set that the graph is written in: the first with layer normalisation.
  static let operatorSet = 17
  /// The version of the file format that belongs to it.
  static let irVersion = 8

  /// A small tensor of the graph itself.
  private struct Constant {
    var name: String
    var type: ONNXElementType
    var shape: [Int]
    var bytes: [UInt8]
  }

  /// An attribute of a node.
  enum Attribute {
    case integer(Int)
    case float(Float)
    case text(String)
    case integers([Int])
    case floats([Float])
    case texts([String])
  }

  private var nodes: [ProtobufBuilder] = []
  private var constants: [Constant] = []
  private var inputs: [ProtobufBuilder] = []
  private var outputs: [ProtobufBuilder] = []
  /// The parameters.
  private(set) var arrays: [ExportedArray] = []
  var metadata: [String: String] = [:]

  // MARK: - Parts

  /// Adds a node, named by its first output.
  ///
  /// - Returns: the first output.
  @discardableResult
  mutating func node(
    _ operation: String, _ inputs: [String], _ outputs: [String], _ attributes: [(String, Attribute)] = []
  ) -> String {
    var node = ProtobufBuilder()
    for input in inputs { node.add(1, input) }
    for output in outputs { node.add(2, output) }
    let first = outputs.first { !$0.isEmpty } ?? ""
    node.add(3, first)
    node.add(4, operation)
    for (name, attribute) in attributes { node.add(5, Self.message(name, attribute)) }
    nodes.append(node)
    return first
  }

  private static func message(_ name: String, _ attribute: Attribute) -> ProtobufBuilder {
    var message = ProtobufBuilder()
    message.add(1, name)
    switch attribute {
    case .float(let value):
      message.add(2, value)
      message.add(20, 1)
    case .integer(let value):
      message.add(3, value)
      message.add(20, 2)
    case .text(let text):
      message.add(4, text)
      message.add(20, 3)
    case .floats(let values):
      for value in values { message.add(7, value) }
      message.add(20, 6)
    case .integers(let values):
      for value in values { message.add(8, value) }
      message.add(20, 7)
    case .texts(let texts):
      for text in texts { message.add(9, text) }
      message.add(20, 8)
    }
    return message
  }

  /// Adds small integers.
  mutating func integers(_ name: String, _ values: [Int]) -> String {
    constant(name, .int64, [values.count], LittleEndian.bytes(values.map { Int64($0) }))
  }

  /// Adds an integer without axes.
  mutating func integer(_ name: String, _ value: Int) -> String {
    constant(name, .int64, [], LittleEndian.bytes([Int64(value)]))
  }

  /// Adds small float32 numbers; without axes if there is no shape.
  mutating func floats(_ name: String, _ values: [Float], shape: [Int]) -> String {
    constant(name, .float, shape, LittleEndian.bytes(values[...]))
  }

  private mutating func constant(_ name: String, _ type: ONNXElementType, _ shape: [Int], _ bytes: [UInt8]) -> String {
    if !constants.contains(where: { $0.name == name }) {
      constants.append(Constant(name: name, type: type, shape: shape, bytes: bytes))
    }
    return name
  }

  /// Adds a parameter.
  ///
  /// - Returns: the name of its values as float32, in which the graph computes; they are stored as they are.
  mutating func parameter(_ name: String, _ formula: TensorFormula) -> String {
    let value = formula.type == .float32 ? name : "\(name).float32"
    if !arrays.contains(where: { $0.name == name }) {
      arrays.append(ExportedArray(name, formula))
      if value != name { node("Cast", [name], [value], [("to", .integer(ONNXElementType.float.rawValue))]) }
    }
    return value
  }

  /// Adds an input; lengths that a run decides are named.
  mutating func input(_ name: String, _ type: ONNXElementType, _ shape: [ONNXValue.Dimension]) -> String {
    inputs.append(Self.value(name, type, shape))
    return name
  }

  mutating func output(_ name: String, _ shape: [ONNXValue.Dimension]) {
    outputs.append(Self.value(name, .float, shape))
  }

  private static func value(
    _ name: String, _ type: ONNXElementType, _ shape: [ONNXValue.Dimension]
  ) -> ProtobufBuilder {
    var dimensions = ProtobufBuilder()
    for length in shape {
      var dimension = ProtobufBuilder()
      switch length {
      case .fixed(let length): dimension.add(1, length)
      case .named(let name): dimension.add(2, name)
      case .unknown: break
      }
      dimensions.add(1, dimension)
    }
    var tensor = ProtobufBuilder()
    tensor.add(1, type.rawValue)
    tensor.add(2, dimensions)
    var kind = ProtobufBuilder()
    kind.add(1, tensor)
    var value = ProtobufBuilder()
    value.add(1, name)
    value.add(2, kind)
    return value
  }

  // MARK: - The whole

  /// The file. The values of array k are promised under the key k.
  var model: ProtobufBuilder {
    var graph = ProtobufBuilder()
    for node in nodes { graph.add(1, node) }
    graph.add(2, "rnntool")
    for constant in constants {
      var tensor = Self.tensor(constant.name, constant.type, constant.shape)
      tensor.add(9, constant.bytes)
      graph.add(5, tensor)
    }
    for (key, array) in arrays.enumerated() {
      let description = ArrayDescription(name: array.name, type: array.formula.type, shape: array.formula.shape)
      var tensor = Self.tensor(array.name, ONNXElementType(description.type), description.shape)
      tensor.add(9, promised: description.byteCount ?? 0, key: key)
      graph.add(5, tensor)
    }
    for input in inputs { graph.add(11, input) }
    for output in outputs { graph.add(12, output) }
    var operators = ProtobufBuilder()
    operators.add(1, "")
    operators.add(2, Self.operatorSet)
    var model = ProtobufBuilder()
    model.add(1, Self.irVersion)
    model.add(2, Generator.name)
    model.add(3, Generator.version)
    model.add(7, graph)
    model.add(8, operators)
    for (key, text) in metadata.sorted(by: { $0.key < $1.key }) {
      var entry = ProtobufBuilder()
      entry.add(1, key)
      entry.add(2, text)
      model.add(14, entry)
    }
    return model
  }

  private static func tensor(_ name: String, _ type: ONNXElementType, _ shape: [Int]) -> ProtobufBuilder {
    var tensor = ProtobufBuilder()
    tensor.add(1, packed: shape)
    tensor.add(2, type.rawValue)
    tensor.add(8, name)
    return tensor
  }
}
