import RNNModel

/// How the values of a tensor are stored.
public enum TensorType: String, Hashable, Sendable, CaseIterable {
  /// IEEE 754 double precision.
  case float64
  /// IEEE 754 single precision.
  case float32
  /// IEEE 754 half precision.
  case float16
  /// The upper half of a float32.
  case bfloat16
  /// Unsigned integers of 32 bits: tokens of n-grams.
  case uint32
  /// Unsigned integers of 64 bits: places of n-grams.
  case uint64

  /// The types that parameters of networks can have.
  public static let reals: [TensorType] = [.float64, .float32, .float16, .bfloat16]

  /// Whether values of a kind can be stored so.
  public func canHold(_ numbers: ParameterTable.Numbers) -> Bool {
    switch numbers {
    case .real: Self.reals.contains(self)
    case .uint32: self == .uint32
    case .uint64: self == .uint64
    }
  }

  /// The bytes of one value.
  public var size: Int {
    switch self {
    case .float64, .uint64: 8
    case .float32, .uint32: 4
    case .float16, .bfloat16: 2
    }
  }
}

/// One stored tensor, without its values.
public struct TensorDescription: Hashable, Sendable {
  /// `layer/name`.
  public let path: String
  /// How its values are stored.
  public let type: TensorType
  /// The length of each dimension.
  public let shape: [Int]

  /// Describes a tensor.
  public init(path: String, type: TensorType, shape: [Int]) {
    self.path = path
    self.type = type
    self.shape = shape
  }

  /// The number of values.
  public var count: Int { shape.reduce(1, *) }
  /// The number of bytes.
  public var byteCount: Int { count * type.size }
}

/// Where the parameters of a model come from: a file of any format, or memory.
public protocol TensorSource: ~Copyable {
  /// The tensors, in the order of the architecture's ``/RNNModel/ParameterTable``.
  var tensors: [TensorDescription] { get }

  /// The values of a tensor, little-endian and row-major.
  func bytes(of tensor: TensorDescription) throws -> [UInt8]

  /// Gives what ``bytes(of:)`` does in pieces, each of whole values: for tensors as large as memory.
  func forEachBlock(of tensor: TensorDescription, _ body: ([UInt8]) throws -> Void) throws
}

extension TensorSource where Self: ~Copyable {
  /// Gives all of the tensor in one piece.
  public func forEachBlock(of tensor: TensorDescription, _ body: ([UInt8]) throws -> Void) throws {
    try body(try bytes(of: tensor))
  }
}

/// The parameters of a model in memory, as float32.
public struct ParameterTensors: TensorSource {
  private let parameters: Parameters
  /// The tensors, in the order of the table.
  public let tensors: [TensorDescription]

  /// Takes the parameters of a model.
  public init(_ parameters: Parameters) {
    self.parameters = parameters
    tensors = parameters.table.entries.map { TensorDescription(path: $0.path, type: .float32, shape: $0.shape) }
  }

  /// The values of a tensor; none for a tensor that the model does not have.
  public func bytes(of tensor: TensorDescription) -> [UInt8] {
    guard let entry = parameters.table.entries.first(where: { $0.path == tensor.path }) else { return [] }
    return LittleEndian.bytes(parameters.values[entry.range])
  }
}
