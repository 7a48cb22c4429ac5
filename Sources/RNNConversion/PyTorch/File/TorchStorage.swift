import RNNFormat

/// A run of values in a PyTorch file that tensors are views of.
struct TorchStorage: Hashable, Sendable {
  /// Its name in the file.
  let key: String
  let type: TorchType
  /// The number of values.
  let count: Int
  /// The part of it that a view of the storage itself names, in values; old files have such views.
  var start = 0

  /// Reads a persistent identifier: `('storage', class, key, device, count)`, in old files with a view behind.
  ///
  /// - Throws: ``TorchRefusal``.
  init(_ identifier: PickleValue) throws(TorchRefusal) {
    guard let parts = identifier.elements, parts.count >= 5, parts[0].string == "storage", let name = parts[1].global,
      let count = parts[4].integer, count >= 0
    else { throw TorchRefusal("a storage is not described as PyTorch does") }
    // Since PyTorch 1.5 keys are texts; numbers before.
    guard let key = parts[2].string ?? parts[2].integer.map({ "\($0)" }) else {
      throw TorchRefusal("a storage has no key")
    }
    guard let type = TorchType(storage: name) else {
      throw TorchRefusal("storages of the type '\(name)' are not read: \(TorchType.supported)")
    }
    self.key = key
    self.type = type
    guard parts.count > 5, let view = parts[5].elements else {
      self.count = count
      return
    }
    // (key of the view, first value, number of values)
    guard view.count == 3, let start = view[1].integer, let length = view[2].integer, start >= 0, length >= 0,
      start <= count, length <= count - start
    else { throw TorchRefusal("a view of storage \(key) lies outside of it") }
    self.count = length
    self.start = start
  }

  /// The whole of a storage that may be a view.
  init(_ view: TorchStorage, count: Int) {
    (key, type) = (view.key, view.type)
    self.count = count
  }
}

/// The type of a storage's values.
enum TorchType: Hashable, Sendable {
  case values(NumericType)
  /// Bytes; what they are, each tensor says for itself.
  case untyped

  static let supported = "only floats, integers and truth values are; quantised and complex ones are not"

  /// The bytes of one value.
  var size: Int {
    switch self {
    case .values(let type): type.size
    case .untyped: 1
    }
  }

  /// Reads the name of a class of storages.
  init?(storage name: PickleName) {
    guard ["torch", "torch.cuda", "torch.storage"].contains(name.module) else { return nil }
    if name.name == "UntypedStorage" {
      self = .untyped
      return
    }
    switch name.name {
    case "DoubleStorage": self = .values(.float64)
    case "FloatStorage": self = .values(.float32)
    case "HalfStorage": self = .values(.float16)
    case "BFloat16Storage": self = .values(.bfloat16)
    case "LongStorage": self = .values(.int64)
    case "IntStorage": self = .values(.int32)
    case "ShortStorage": self = .values(.int16)
    case "CharStorage": self = .values(.int8)
    case "ByteStorage": self = .values(.uint8)
    case "BoolStorage": self = .values(.bool)
    default: return nil
    }
  }

  /// The class of storages that hold values of a type; nil where only untyped ones do.
  static func storageName(of type: NumericType) -> String? {
    switch type {
    case .float64: "DoubleStorage"
    case .float32: "FloatStorage"
    case .float16: "HalfStorage"
    case .bfloat16: "BFloat16Storage"
    case .int64: "LongStorage"
    case .int32: "IntStorage"
    case .int16: "ShortStorage"
    case .int8: "CharStorage"
    case .uint8: "ByteStorage"
    case .bool: "BoolStorage"
    case .uint64, .uint32, .uint16: nil
    }
  }

  /// The type behind `torch.float32` and the like.
  static func named(_ name: PickleName) -> NumericType? {
    guard name.module == "torch" else { return nil }
    return switch name.name {
    case "float", "float32": .float32
    case "double", "float64": .float64
    case "half", "float16": .float16
    default: NumericType(rawValue: name.name)
    }
  }
}

/// Why something in a PyTorch file is refused; the place is added by who knows it.
struct TorchRefusal: Error, Hashable, Sendable {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}
