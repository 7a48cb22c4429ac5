import RNNFormat

/// A checkpoint of the first version, as TensorFlow 0.x wrote them: a table with a description of all variables, and the values of each part of them
/// (`saved_tensor_slice.proto`).
enum SlicedCheckpoint {
  /// A variable as the description has it (`SavedSliceMeta`).
  private struct Variable {
    var shape: [Int] = []
    var type = 0
  }

  /// Reads the tables of a checkpoint, more than one if it was written in pieces.
  ///
  /// - Throws: ``ConversionError``.
  static func read(_ tables: [SortedTable]) throws(ConversionError) -> TensorFlowCheckpoint {
    let path = tables.first?.file.path ?? ""
    var variables: [String: Variable] = [:]
    var parts: [String: [TensorFlowCheckpoint.Part]] = [:]
    for table in tables {
      var cursor = FileCursor(table.file, place: "the description")
      for entry in table.entries {
        var message = ProtobufMessage(
          FileCursor(cursor, entry.value, place: entry.key.isEmpty ? "the description" : "a variable"))
        while let field = try message.next() {
          switch field.number {
          case 1 where entry.key.isEmpty: try describe(try message.message(field, place: message.place), &variables)
          case 2 where !entry.key.isEmpty:
            let (name, part) = try read(
              try message.message(field, place: message.place), variables, table.file)
            if let part { parts[name, default: []].append(part) }
          default: break
          }
        }
        cursor = message.cursor
      }
    }
    var arrays: [String: ArrayDescription] = [:]
    var others: [String: String] = [:]
    for (name, variable) in variables {
      if let type = TensorFlowType.numeric(variable.type) {
        arrays[name] = ArrayDescription(name: name, type: type, shape: variable.shape)
      } else {
        others[name] = TensorFlowType.text(variable.type)
      }
    }
    return try TensorFlowCheckpoint(path: path, arrays: arrays, parts: parts, others: others)
  }

  private static func describe(
    _ message: ProtobufMessage, _ variables: inout [String: Variable]
  ) throws(ConversionError) {
    var message = message
    while let field = try message.next() {
      guard field.number == 1 else { continue }
      var meta = try message.message(field, place: message.place)
      var (name, variable) = ("", Variable())
      while let field = try meta.next() {
        switch field.number {
        case 1: name = try meta.text(field)
        case 2: variable.shape = try TensorShape.read(try meta.message(field, place: "'\(name)'"))
        case 3: variable.type = try meta.integer(field)
        default: break
        }
      }
      if let other = variables.updateValue(variable, forKey: name),
        other.shape != variable.shape || other.type != variable.type
      {
        throw message.malformed("'\(name)' is described in two ways")
      }
    }
  }

  /// The fields of a tensor that hold values of each type (`tensor.proto`).
  private static let fields: [NumericType: Int] = [
    .float32: 5, .float64: 6, .int32: 7, .int16: 7, .int8: 7, .uint8: 7, .uint16: 7, .int64: 10, .bool: 11,
    .float16: 13, .bfloat16: 13, .uint64: 17,
  ]

  /// One part with its values; nil for what holds no numbers.
  private static func read(
    _ message: ProtobufMessage, _ variables: [String: Variable], _ file: SharedFile
  ) throws(ConversionError) -> (String, TensorFlowCheckpoint.Part?) {
    var message = message
    var name = ""
    var slice: TensorSlice?
    var data: ProtobufMessage?
    while let field = try message.next() {
      switch field.number {
      case 1: name = try message.text(field)
      case 2: slice = try TensorSlice(try message.message(field, place: "'\(name)'"))
      case 3: data = try message.message(field, place: "'\(name)'")
      default: break
      }
    }
    guard let variable = variables[name] else { throw message.malformed("'\(name)' has values, but no description") }
    guard let type = TensorFlowType.numeric(variable.type) else { return (name, nil) }
    guard let ranges = slice?.ranges(in: variable.shape), var data else {
      throw message.malformed("'\(name)' has a part that is not within its shape")
    }
    var range = 0..<0
    while let field = try data.next() {
      guard field.number == fields[type] else { continue }
      guard range.isEmpty else { throw data.malformed("its values are not in one piece") }
      range = try data.range(field)
    }
    let encoding: TensorFlowCheckpoint.Part.Encoding =
      [.float32, .float64, .bool].contains(type) ? .raw(check: nil) : .varints
    return (name, .init(file: file, range: range, encoding: encoding, slice: ranges))
  }
}
