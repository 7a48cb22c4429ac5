/// The parts of an ONNX `ModelProto` that describe a computation.
struct ONNXModel: Sendable {
  var irVersion = 0
  var producer = ""
  /// The version of each operator set, by domain; the standard one is "".
  var operatorSets: [String: Int] = [:]
  /// `metadata_props`.
  var metadata: [String: String] = [:]
  var graph = ONNXGraph()
}

/// A `GraphProto`.
struct ONNXGraph: Sendable {
  var name = ""
  var nodes: [ONNXNode] = []
  /// By name.
  var initializers: [String: ONNXTensor] = [:]
  var inputs: [ONNXValue] = []
  var outputs: [ONNXValue] = []
  /// The names of sparse initializers, whose values are not read.
  var sparseInitializers: Set<String> = []
}

/// A `NodeProto`.
struct ONNXNode: Sendable {
  var name = ""
  var operatorType = ""
  var domain = ""
  /// The names of values; empty for an optional one that is absent.
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [String: ONNXAttribute] = [:]

  /// The node for a message: its operator and its name.
  var title: String {
    let operation = domain.isEmpty ? operatorType : "\(domain).\(operatorType)"
    return name.isEmpty ? "\(operation) giving '\(outputs.first ?? "")'" : "\(operation) '\(name)'"
  }
}

/// The value of an `AttributeProto`.
enum ONNXAttribute: Sendable {
  case float(Float)
  case integer(Int)
  case text(String)
  case tensor(ONNXTensor)
  case floats([Float])
  case integers([Int])
  case texts([String])
  /// A kind that recurrent networks do not need, such as a graph; its value is not read.
  case other(kind: String)
}

/// A `ValueInfoProto`: an input or output of a graph.
struct ONNXValue: Sendable {
  /// The length of a dimension.
  enum Dimension: Hashable, Sendable {
    case fixed(Int)
    /// A name for a length that only a run decides.
    case named(String)
    case unknown
  }

  var name = ""
  /// nil for what is not a tensor.
  var type: ONNXElementType?
  /// nil where not even the number of dimensions is known.
  var shape: [Dimension]?
}

/// The numbers of `TensorProto.DataType`.
enum ONNXElementType: Int, Hashable, Sendable {
  case float = 1
  case uint8, int8, uint16, int16, int32, int64, string, bool, float16, double, uint32, uint64
  case complex64, complex128, bfloat16

  /// The type as that of an array; nil for strings and complex numbers.
  var numericType: NumericType? {
    switch self {
    case .float: .float32
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .bool: .bool
    case .float16: .float16
    case .double: .float64
    case .uint32: .uint32
    case .uint64: .uint64
    case .bfloat16: .bfloat16
    case .string, .complex64, .complex128: nil
    }
  }

  /// The type of an array of ours.
  init(_ type: NumericType) {
    switch type {
    case .float64: self = .double
    case .float32: self = .float
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    case .int64: self = .int64
    case .int32: self = .int32
    case .int16: self = .int16
    case .int8: self = .int8
    case .uint64: self = .uint64
    case .uint32: self = .uint32
    case .uint16: self = .uint16
    case .uint8: self = .uint8
    case .bool: self = .bool
    }
  }

  /// The field of `TensorProto` that holds the values where they are not raw bytes.
  var typedField: Int? {
    switch self {
    case .float: 4
    case .int32, .int16, .int8, .uint16, .uint8, .bool, .float16, .bfloat16: 5
    case .int64: 7
    case .double: 10
    case .uint32, .uint64: 11
    case .string, .complex64, .complex128: nil
    }
  }
}

/// A `TensorProto` whose values stay in the file until they are asked for.
struct ONNXTensor: Sendable {
  /// Where the values are.
  enum Storage: Sendable {
    /// As little-endian bytes.
    case raw(Range<Int>)
    /// As numbers of a field of the message that lies there.
    case typed(field: Int, message: Range<Int>)
    /// In another file.
    case external(location: String, offset: Int, length: Int?)
  }

  var name: String
  var type: ONNXElementType
  var shape: [Int]
  var storage: Storage
  /// The number of values; checked not to overflow.
  var count: Int
}
