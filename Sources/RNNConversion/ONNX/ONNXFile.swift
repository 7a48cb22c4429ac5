import RNNFormat

/// An ONNX model open for reading. Its tensors are read when they are asked for.
final class ONNXFile: Sendable {
  /// What becomes of tensors whose values are in other files.
  enum ExternalData: Sendable {
    case refused
    /// Plain names relative to the model's folder are followed, if they do not lead out of it.
    case besideModel
  }

  let file: SharedFile
  let model: ONNXModel
  private let externalData: ExternalData

  var path: String { file.path }

  init(opening path: String, externalData: ExternalData = .refused) throws(ConversionError) {
    file = try SharedFile(opening: path)
    var reader = ONNXReader()
    model = try reader.model(file)
    self.externalData = externalData
  }

  /// The same file with a part of its model.
  init(_ other: ONNXFile, _ model: ONNXModel) {
    file = other.file
    externalData = other.externalData
    self.model = model
  }

  /// The values of a tensor of this file, as little-endian bytes of its type.
  ///
  /// - Throws: ``ConversionError``.
  func bytes(of tensor: ONNXTensor) throws(ConversionError) -> [UInt8] {
    try tensor.bytes(in: file) { (location) throws(ConversionError) in try open(location, for: tensor) }
  }

  /// Checks that the values of a tensor are there, without reading them.
  func checkPlace(of tensor: ONNXTensor) throws(ConversionError) {
    guard case .external(let location, _, _) = tensor.storage else { return }
    _ = try tensor.externalRange(in: try open(location, for: tensor), of: path)
  }

  private func open(_ location: String, for tensor: ONNXTensor) throws(ConversionError) -> SharedFile {
    guard externalData == .besideModel else {
      throw .malformed(
        file: path, place: "tensor '\(tensor.name)'",
        reason: "its values are in another file, '\(location)', which has to be allowed")
    }
    return try ExternalFile.open(location, besideModel: path, tensor: tensor.name)
  }
}

extension ONNXTensor {
  /// A file that holds a single tensor, as the ONNX test suites have them.
  static func opening(_ path: String) throws(ConversionError) -> (tensor: ONNXTensor, bytes: [UInt8]) {
    let file = try SharedFile(opening: path)
    var reader = ONNXReader()
    let tensor = try reader.tensor(ProtobufMessage(FileCursor(file, place: "the tensor")))
    let bytes = try tensor.bytes(in: file) { (location) throws(ConversionError) in
      throw .malformed(file: path, place: "the tensor", reason: "its values are in another file, '\(location)'")
    }
    return (tensor, bytes)
  }

  /// The values as little-endian bytes.
  ///
  /// - Parameter external: opens a file that is named in this one.
  fileprivate func bytes(
    in file: SharedFile, external: (String) throws(ConversionError) -> SharedFile
  ) throws(ConversionError) -> [UInt8] {
    func malformed(_ reason: String) -> ConversionError {
      .malformed(file: file.path, place: "tensor '\(name)'", reason: reason)
    }
    guard let type = type.numericType else { throw malformed("its values are not numbers") }
    let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
    guard !overflow else { throw malformed("the shape \(shape) is not possible") }
    switch storage {
    case .raw(let range):
      guard range.count == size else { throw malformed("its shape does not fit its values") }
      return try file.bytes(range)
    case .typed(let field, let message):
      return try typedBytes(field, message, in: file, type)
    case .external(let location, _, _):
      let other = try external(location)
      return try other.bytes(try externalRange(in: other, of: file.path))
    }
  }

  /// Where the values lie in another file.
  fileprivate func externalRange(in other: SharedFile, of path: String) throws(ConversionError) -> Range<Int> {
    guard case .external(let location, let offset, let length) = storage else { return 0..<0 }
    let (size, overflow) = count.multipliedReportingOverflow(by: type.numericType?.size ?? 1)
    guard !overflow, offset <= other.size, size <= other.size - offset, length == nil || length == size else {
      throw .malformed(
        file: path, place: "tensor '\(name)'",
        reason: "its values are not at \(offset) in '\(location)', which has \(other.size) bytes")
    }
    return offset..<(offset + size)
  }

  /// Values that lie in the message as numbers, not as raw bytes.
  private func typedBytes(
    _ field: Int, _ range: Range<Int>, in file: SharedFile, _ type: NumericType
  ) throws(ConversionError) -> [UInt8] {
    let place = "tensor '\(name)'"
    var message = ProtobufMessage(FileCursor(FileCursor(file, place: place), range, place: place))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * type.size)
    func append(_ value: UInt64, _ cursor: FileCursor) throws(ConversionError) {
      guard bytes.count < count * type.size else { throw cursor.malformed("there are more values than \(shape) has") }
      guard type.fits(Int64(bitPattern: value)) else { throw cursor.malformed("\(value) is beyond \(type.rawValue)") }
      for shift in 0..<type.size { bytes.append(UInt8(truncatingIfNeeded: value >> (shift * 8))) }
    }
    while let part = try message.next() {
      guard part.number == field else { continue }
      switch part.value {
      case .varint(let value):
        guard field != 4, field != 10 else { throw message.malformed("its values have the wrong wire type") }
        try append(value, message.cursor)
      case .fixed32(let value) where field == 4: try append(UInt64(value), message.cursor)
      case .fixed64(let value) where field == 10: try append(value, message.cursor)
      case .bytes(let packed):
        var cursor = FileCursor(message.cursor, packed, place: place)
        while cursor.remaining > 0 {
          switch field {
          case 4: try append(UInt64(try cursor.integer(UInt32.self)), cursor)
          case 10: try append(try cursor.integer(UInt64.self), cursor)
          default: try append(try cursor.varint(), cursor)
          }
        }
      default: throw message.malformed("its values have the wrong wire type")
      }
    }
    guard bytes.count == count * type.size else {
      throw message.malformed("it has \(bytes.count / type.size) values, but the shape \(shape)")
    }
    return bytes
  }
}

extension NumericType {
  /// Whether a number of a protocol buffer, or the bits that it stands for, is one of this type.
  fileprivate func fits(_ value: Int64) -> Bool {
    switch self {
    case .float64, .int64, .uint64, .float32: true
    case .int32: Int32(exactly: value) != nil
    case .int16: Int16(exactly: value) != nil
    case .int8: Int8(exactly: value) != nil
    case .uint32: UInt32(exactly: value) != nil
    case .float16, .bfloat16, .uint16: UInt16(exactly: value) != nil
    case .uint8: UInt8(exactly: value) != nil
    case .bool: value == 0 || value == 1
    }
  }
}
