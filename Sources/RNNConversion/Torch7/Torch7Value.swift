/// A value in a Torch7 file. Objects are named by their place in the list of ``Torch7File``, as they may refer to one another in circles.
enum Torch7Value: Hashable, Sendable {
  case none
  case number(Double)
  /// A Lua string: bytes, which need not be text.
  case string([UInt8])
  case boolean(Bool)
  case object(Int)

  /// The string as text.
  var text: String? {
    guard case .string(let bytes) = self else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// The number, if it is a whole one.
  var integer: Int? {
    guard case .number(let number) = self else { return nil }
    return Int(exactly: number)
  }
}

/// What a value of Torch7 refers to.
enum Torch7Object: Sendable {
  /// A Lua table: its keys and values in the order of the file.
  case table([(key: Torch7Value, value: Torch7Value)])
  /// An object of a class that is stored as a table of its fields.
  case instance(className: String, fields: Torch7Value)
  case tensor(Torch7Tensor)
  case storage(Torch7Storage)
}

/// A view of a storage.
struct Torch7Tensor: Sendable {
  var type: NumericType
  var shape: [Int]
  /// How many elements of the storage one step along each dimension is.
  var strides: [Int]
  /// The first element, from 0.
  var offset: Int
  /// The storage's object; nil for a tensor without elements.
  var storage: Int?
  /// The number of elements; checked not to overflow.
  var count: Int
}

/// Numbers one after another in the file.
struct Torch7Storage: Sendable {
  var type: NumericType
  var count: Int
  var bytes: Range<Int>
}

extension NumericType {
  /// The type of the elements of a Torch7 class such as `torch.FloatTensor`; nil for any other class.
  init?(torch7Class name: String, suffix: String) {
    guard name.hasPrefix("torch."), name.hasSuffix(suffix) else { return nil }
    switch name.dropFirst(6).dropLast(suffix.count) {
    case "Double", "CudaDouble": self = .float64
    case "Float", "Cuda": self = .float32
    case "Half", "CudaHalf": self = .float16
    case "Long", "CudaLong": self = .int64
    case "Int", "CudaInt": self = .int32
    case "Short", "CudaShort": self = .int16
    case "Char", "CudaChar": self = .int8
    case "Byte", "CudaByte": self = .uint8
    default: return nil
    }
  }
}
