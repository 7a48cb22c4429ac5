extension ONNXReader {
  /// The most dimensions of a tensor.
  private static let highestRank = 32

  /// Reads a `TensorProto` without its values.
  mutating func tensor(_ part: ProtobufMessage) throws(ConversionError) -> ONNXTensor {
    var message = part
    try count(message)
    let whole = message.cursor.position..<message.cursor.end
    var (name, type, shape): (String, Int, [Int]) = ("", 0, [])
    var raw: Range<Int>?
    var typedFields: Set<Int> = []
    var isExternal = false
    var external: [String: String] = [:]
    while let field = try message.next() {
      switch field.number {
      case 1:
        try message.append(field, to: &shape)
        guard shape.count <= Self.highestRank else { throw message.malformed("it has more than 32 dimensions") }
      case 2: type = try message.integer(field)
      case 3: throw message.malformed("the tensor is cut into segments, which is not supported")
      case 4, 5, 6, 7, 10, 11: typedFields.insert(field.number)
      case 8:
        name = try message.text(field)
        message.place = "tensor '\(name)'"
      case 9:
        guard raw == nil else { throw message.malformed("it has its values twice") }
        raw = try message.range(field)
      case 13:
        let (key, value) = try pair(try message.message(field, place: message.place))
        guard external.updateValue(value, forKey: key) == nil else {
          throw message.malformed("'\(key)' is there twice")
        }
      case 14: isExternal = try message.integer(field) == 1
      default: break
      }
    }
    guard let element = ONNXElementType(rawValue: type) else {
      throw message.malformed("its values have the type \(type), which is not supported")
    }
    var count = 1
    for length in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else { throw message.malformed("the shape \(shape) is not possible") }
      count = product
    }
    var tensor = ONNXTensor(name: name, type: element, shape: shape, storage: .raw(0..<0), count: count)
    if isExternal {
      tensor.storage = try externalStorage(external, message)
    } else {
      tensor.storage = try storage(tensor, raw: raw, typedFields, message, whole)
    }
    return tensor
  }

  private func storage(
    _ tensor: ONNXTensor, raw: Range<Int>?, _ typedFields: Set<Int>, _ message: ProtobufMessage, _ whole: Range<Int>
  ) throws(ConversionError) -> ONNXTensor.Storage {
    // Some writers add empty raw data to typed ones.
    if let raw, !raw.isEmpty || typedFields.isEmpty {
      guard typedFields.isEmpty else { throw message.malformed("it has its values both raw and as numbers") }
      if let type = tensor.type.numericType {
        let (bytes, overflow) = tensor.count.multipliedReportingOverflow(by: type.size)
        guard !overflow, bytes == raw.count else {
          throw message.malformed("the shape \(tensor.shape) does not fit the \(raw.count) bytes that it has")
        }
      }
      return .raw(raw)
    }
    guard let field = tensor.type.typedField, !typedFields.isEmpty else {
      guard tensor.count == 0 || tensor.type.typedField == nil else { throw message.malformed("it has no values") }
      return .raw(whole.upperBound..<whole.upperBound)
    }
    guard typedFields == [field] else { throw message.malformed("its values are in a field of another type") }
    // Each number has at least one byte.
    guard tensor.count <= whole.count else {
      throw message.malformed("the shape \(tensor.shape) is larger than what the file holds")
    }
    return .typed(field: field, message: whole)
  }

  private func externalStorage(
    _ entries: [String: String], _ message: ProtobufMessage
  ) throws(ConversionError) -> ONNXTensor.Storage {
    func number(_ key: String) throws(ConversionError) -> Int? {
      guard let text = entries[key] else { return nil }
      guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text) else {
        throw message.malformed("the \(key) '\(text)' of its external data is not a number")
      }
      return value
    }
    guard let location = entries["location"], !location.isEmpty else {
      throw message.malformed("its external data have no location")
    }
    return .external(location: location, offset: try number("offset") ?? 0, length: try number("length"))
  }

  /// Reads a `ValueInfoProto`.
  mutating func value(_ part: ProtobufMessage) throws(ConversionError) -> ONNXValue {
    var message = part
    try count(message)
    var value = ONNXValue()
    while let field = try message.next() {
      switch field.number {
      case 1: value.name = try message.text(field)
      case 2:
        // TypeProto, of which only tensor_type is of interest.
        var type = try message.message(field, place: message.place)
        while let field = try type.next() {
          guard field.number == 1 else { continue }
          (value.type, value.shape) = try tensorType(try type.message(field, place: type.place))
        }
      default: break
      }
    }
    guard !value.name.isEmpty else { throw message.malformed("it has no name") }
    return value
  }

  private mutating func tensorType(
    _ part: ProtobufMessage
  ) throws(ConversionError) -> (ONNXElementType?, [ONNXValue.Dimension]?) {
    var message = part
    var type: ONNXElementType?
    var shape: [ONNXValue.Dimension]?
    while let field = try message.next() {
      switch field.number {
      case 1: type = ONNXElementType(rawValue: try message.integer(field))
      case 2:
        var dimensions = try message.message(field, place: message.place)
        shape = []
        while let field = try dimensions.next() {
          guard field.number == 1 else { continue }
          try count(dimensions)
          shape?.append(try dimension(try dimensions.message(field, place: message.place)))
        }
      default: break
      }
    }
    return (type, shape)
  }

  private func dimension(_ part: ProtobufMessage) throws(ConversionError) -> ONNXValue.Dimension {
    var message = part
    var dimension = ONNXValue.Dimension.unknown
    while let field = try message.next() {
      switch field.number {
      case 1:
        let length = try message.integer(field)
        // Negative lengths are how some writers say that they do not know.
        dimension = length >= 0 ? .fixed(length) : .unknown
      case 2:
        let name = try message.text(field)
        dimension = name.isEmpty ? .unknown : .named(name)
      default: break
      }
    }
    return dimension
  }
}
