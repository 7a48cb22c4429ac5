import RNNFormat

/// A NumPy array in a file of its own (`.npy`).
public struct NPYFile: Sendable {
  /// The type of the values.
  public let type: NumericType
  /// The length of each dimension.
  public let shape: [Int]
  /// The values, little-endian and row-major.
  public let bytes: [UInt8]

  /// Reads a file.
  ///
  /// - Throws: ``ConversionError``.
  public init(reading path: String) throws {
    let file = try InputFile(opening: path)
    let header: NPYHeader
    do {
      header = try NPYHeader(parsing: try file.read(at: 0, count: 70_000, orFewer: true))
    } catch let error as NPYHeader.Malformed {
      throw ConversionError.malformed(file: path, place: "the header", reason: error.reason)
    }
    let array = ArrayDescription(name: path, type: header.type, shape: header.shape)
    guard let count = array.byteCount, count == file.size - header.length else {
      throw ConversionError.malformed(
        file: path, place: "the values",
        reason: "there are \(file.size - header.length) bytes, not as many as the shape \(header.shape) needs")
    }
    type = header.type
    shape = header.shape
    bytes = try file.read(at: header.length, count: count)
  }

  /// Writes a file, replacing the target all at once.
  public static func write(_ values: [Float], shape: [Int], to path: String) throws {
    try AtomicFile.write(
      NPYHeader.bytes(type: .float32, shape: shape) + LittleEndian.bytes(values[...]), to: path)
  }

  /// Writes the values of a tensor as they are stored, little-endian and row-major; bfloat16, which NumPy does not have, as float32.
  public static func write(_ bytes: [UInt8], type: TensorType, shape: [Int], to path: String) throws {
    if type == .bfloat16 {
      return try write(LittleEndian.values(bytes, type: type, as: Float.self), shape: shape, to: path)
    }
    try AtomicFile.write(NPYHeader.bytes(type: NumericType(type), shape: shape) + bytes, to: path)
  }

  /// The values as integers; nil if they are of another type or do not fit.
  public var integers: [Int]? {
    func convert<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> [Int]? {
      let values = LittleEndian.integers(bytes, as: type)
      let converted = values.compactMap { Int(exactly: $0) }
      return converted.count == values.count ? converted : nil
    }
    switch type {
    case .int64: return convert(Int64.self)
    case .int32: return convert(Int32.self)
    case .int16: return convert(Int16.self)
    case .int8: return convert(Int8.self)
    case .uint64: return convert(UInt64.self)
    case .uint32: return convert(UInt32.self)
    case .uint16: return convert(UInt16.self)
    case .uint8: return convert(UInt8.self)
    case .float64, .float32, .float16, .bfloat16, .bool: return nil
    }
  }
  /// The values as float32; nil if they are not numbers with a fraction, or not finite.
  public var floats: [Float]? {
    let tensorType: TensorType
    switch type {
    case .float64: tensorType = .float64
    case .float32: tensorType = .float32
    case .float16: tensorType = .float16
    case .bfloat16: tensorType = .bfloat16
    case .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16, .uint8, .bool: return nil
    }
    let values = LittleEndian.values(bytes, type: tensorType, as: Float.self)
    return values.allSatisfy(\.isFinite) ? values : nil
  }
}
