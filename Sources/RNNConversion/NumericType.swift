import RNNFormat

/// The type of the values in an array of any format; always little-endian.
public enum NumericType: String, Hashable, Sendable, CaseIterable {
  /// IEEE 754 floats, and the upper half of a float32.
  case float64, float32, float16, bfloat16
  /// Signed integers.
  case int64, int32, int16, int8
  /// Unsigned integers.
  case uint64, uint32, uint16, uint8
  /// One byte, 0 or 1.
  case bool

  /// The bytes of one value.
  public var size: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// The name in a safetensors header.
  public var safetensorsName: String {
    switch self {
    case .float64: "F64"
    case .float32: "F32"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int64: "I64"
    case .int32: "I32"
    case .int16: "I16"
    case .int8: "I8"
    case .uint64: "U64"
    case .uint32: "U32"
    case .uint16: "U16"
    case .uint8: "U8"
    case .bool: "BOOL"
    }
  }

  /// The `descr` of a NumPy array; nil for bfloat16, which NumPy does not have.
  public var numpyName: String? {
    switch self {
    case .float64: "<f8"
    case .float32: "<f4"
    case .float16: "<f2"
    case .bfloat16: nil
    case .int64: "<i8"
    case .int32: "<i4"
    case .int16: "<i2"
    case .int8: "|i1"
    case .uint64: "<u8"
    case .uint32: "<u4"
    case .uint16: "<u2"
    case .uint8: "|u1"
    case .bool: "|b1"
    }
  }

  init(_ type: TensorType) {
    switch type {
    case .float64: self = .float64
    case .float32: self = .float32
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    case .uint32: self = .uint32
    case .uint64: self = .uint64
    }
  }

  /// The type as that of a parameter, if it can be one.
  var tensorType: TensorType? { TensorType(rawValue: rawValue) }
}

/// An array without its values.
public struct ArrayDescription: Hashable, Sendable {
  /// Its name in the file.
  public let name: String
  /// The type of its values.
  public let type: NumericType
  /// The length of each dimension.
  public let shape: [Int]

  /// Describes an array.
  public init(name: String, type: NumericType, shape: [Int]) {
    self.name = name
    self.type = type
    self.shape = shape
  }

  /// The number of bytes; nil where that overflows.
  public var byteCount: Int? {
    var count = type.size
    for length in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else { return nil }
      count = product
    }
    return count
  }
}
