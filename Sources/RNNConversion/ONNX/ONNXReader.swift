/// Reads the messages of an ONNX file into an ``ONNXModel``; tensors are only located.
///
/// Depth is bounded because graphs within attributes are not entered. `messages` counts what is made of them: an empty message has two
/// bytes in a file and many more in memory.
struct ONNXReader {
  /// Far beyond any recurrent network, whose nodes number some hundreds.
  private static let mostMessages = 1_000_000

  private var messages = 0

  mutating func count(_ message: ProtobufMessage) throws(ConversionError) {
    messages += 1
    guard messages <= Self.mostMessages else {
      throw message.malformed("the file has more than \(Self.mostMessages) parts")
    }
  }

  mutating func model(_ file: SharedFile) throws(ConversionError) -> ONNXModel {
    var message = ProtobufMessage(FileCursor(file, place: "the model"))
    var model = ONNXModel()
    var hasGraph = false
    while let field = try message.next() {
      switch field.number {
      case 1: model.irVersion = try message.integer(field)
      case 2: model.producer = try message.text(field)
      case 7:
        guard !hasGraph else { throw message.malformed("there are two graphs") }
        hasGraph = true
        model.graph = try graph(try message.message(field, place: "the graph"))
      case 8:
        let (domain, version) = try operatorSet(try message.message(field, place: "an operator set"))
        guard model.operatorSets.updateValue(version, forKey: domain) == nil else {
          throw message.malformed("the operator set '\(domain)' is imported twice")
        }
      case 14:
        let (key, value) = try pair(try message.message(field, place: "the metadata"))
        guard model.metadata.updateValue(value, forKey: key) == nil else {
          throw message.malformed("the metadata have '\(key)' twice")
        }
      default: break
      }
    }
    guard hasGraph else { throw message.malformed("there is no graph: this is not an ONNX model") }
    return model
  }

  private mutating func operatorSet(_ part: ProtobufMessage) throws(ConversionError) -> (String, Int) {
    var message = part
    try count(message)
    var (domain, version) = ("", 0)
    while let field = try message.next() {
      switch field.number {
      case 1: domain = try message.text(field)
      case 2: version = try message.integer(field)
      default: break
      }
    }
    // Both name the standard operators.
    return (domain == "ai.onnx" ? "" : domain, version)
  }

  mutating func pair(_ part: ProtobufMessage) throws(ConversionError) -> (key: String, value: String) {
    var message = part
    try count(message)
    var (key, value) = ("", "")
    while let field = try message.next() {
      switch field.number {
      case 1: key = try message.text(field)
      case 2: value = try message.text(field)
      default: break
      }
    }
    return (key, value)
  }

  private mutating func graph(_ part: ProtobufMessage) throws(ConversionError) -> ONNXGraph {
    var message = part
    var graph = ONNXGraph()
    while let field = try message.next() {
      switch field.number {
      case 1: graph.nodes.append(try node(try message.message(field, place: "node \(graph.nodes.count)")))
      case 2: graph.name = try message.text(field)
      case 5:
        let tensor = try tensor(try message.message(field, place: "initializer \(graph.initializers.count)"))
        guard !tensor.name.isEmpty else { throw message.malformed("an initializer has no name") }
        guard graph.initializers.updateValue(tensor, forKey: tensor.name) == nil else {
          throw message.malformed("the initializer '\(tensor.name)' is there twice")
        }
      case 11: graph.inputs.append(try value(try message.message(field, place: "input \(graph.inputs.count)")))
      case 12: graph.outputs.append(try value(try message.message(field, place: "output \(graph.outputs.count)")))
      case 15:
        graph.sparseInitializers.insert(try sparseName(try message.message(field, place: "a sparse initializer")))
      default: break
      }
    }
    return graph
  }

  private mutating func node(_ part: ProtobufMessage) throws(ConversionError) -> ONNXNode {
    var message = part
    try count(message)
    var node = ONNXNode()
    while let field = try message.next() {
      switch field.number {
      case 1, 2:
        try count(message)
        if field.number == 1 {
          node.inputs.append(try message.text(field))
        } else {
          node.outputs.append(try message.text(field))
        }
      case 3: node.name = try message.text(field)
      case 4: node.operatorType = try message.text(field)
      case 5:
        let (name, value) = try attribute(try message.message(field, place: "\(message.place), an attribute"))
        guard node.attributes.updateValue(value, forKey: name) == nil else {
          throw message.malformed("the attribute '\(name)' is there twice")
        }
      case 7:
        let domain = try message.text(field)
        node.domain = domain == "ai.onnx" ? "" : domain
      default: break
      }
    }
    guard !node.operatorType.isEmpty else { throw message.malformed("the node names no operator") }
    return node
  }

  /// Reads an attribute. Files without the kind, which old writers left out, have it from the field that is there.
  private mutating func attribute(_ part: ProtobufMessage) throws(ConversionError) -> (String, ONNXAttribute) {
    var message = part
    try count(message)
    var name = ""
    var (kind, kindOfField) = (0, 0)
    var (float, integer, text): (Float, Int, String) = (0, 0, "")
    var (floats, integers, texts): ([Float], [Int], [String]) = ([], [], [])
    var tensor: ONNXTensor?
    while let field = try message.next() {
      switch field.number {
      case 1: name = try message.text(field)
      case 2: (float, kindOfField) = (try message.float(field), 1)
      case 3: (integer, kindOfField) = (try message.integer(field), 2)
      case 4:
        // Bytes by type; those that are not text belong to no attribute of ours.
        (text, kindOfField) = ((try? message.text(field)) ?? "\u{FFFD}", 3)
      case 5:
        guard tensor == nil else { throw message.malformed("the attribute has two tensors") }
        (tensor, kindOfField) = (try self.tensor(try message.message(field, place: message.place)), 4)
      case 6: kindOfField = 5
      case 7:
        kindOfField = 6
        try message.append(field, to: &floats)
      case 8:
        kindOfField = 7
        try message.append(field, to: &integers)
      case 9:
        try count(message)
        kindOfField = 8
        texts.append((try? message.text(field)) ?? "\u{FFFD}")
      case 10: kindOfField = 9
      case 11: kindOfField = 10
      case 20: kind = try message.integer(field)
      case 21: throw message.malformed("'\(name)' refers to an attribute of a function, which is outside of one")
      default: break
      }
    }
    guard kind == 0 || kindOfField == 0 || kind == kindOfField else {
      throw message.malformed("'\(name)' says that it is of kind \(kind), but has a value of kind \(kindOfField)")
    }
    switch kind == 0 ? kindOfField : kind {
    case 1: return (name, .float(float))
    case 2: return (name, .integer(integer))
    case 3: return (name, .text(text))
    case 4:
      guard let tensor else { throw message.malformed("'\(name)' has no tensor") }
      return (name, .tensor(tensor))
    case 5: return (name, .other(kind: "graph"))
    case 6: return (name, .floats(floats))
    case 7: return (name, .integers(integers))
    case 8: return (name, .texts(texts))
    case let kind: return (name, .other(kind: "kind \(kind)"))
    }
  }

  /// A sparse tensor's name is that of its values.
  private mutating func sparseName(_ part: ProtobufMessage) throws(ConversionError) -> String {
    var message = part
    try count(message)
    while let field = try message.next() {
      guard field.number == 1 else { continue }
      return try tensor(try message.message(field, place: message.place)).name
    }
    return ""
  }
}
