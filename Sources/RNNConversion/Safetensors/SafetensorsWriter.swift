import RNNFormat

/// Writes safetensors files: the same arrays give the same bytes.
struct SafetensorsWriter: ~Copyable {
  private let output: OutputFile
  /// In which order the arrays' values have to follow: wider types first, so that each is aligned to its own type.
  let order: [Int]

  /// Writes everything before the values.
  ///
  /// - Parameters:
  ///   - path: a file that does not exist yet.
  ///   - arrays: all arrays.
  ///   - texts: all texts, by name.
  static func begin(
    creating path: String, _ arrays: [ArrayDescription], texts: [String: String]
  ) throws -> SafetensorsWriter {
    let order = arrays.indices.sorted {
      arrays[$0].type.size != arrays[$1].type.size ? arrays[$0].type.size > arrays[$1].type.size : $0 < $1
    }
    var header: [String: JSONValue] = ["__metadata__": .object(texts.mapValues { .string($0) })]
    var offset = 0
    for index in order {
      let array = arrays[index]
      let end = offset + (array.byteCount ?? 0)
      header[array.name] = [
        "dtype": .string(array.type.safetensorsName), "shape": .array(array.shape.map { .integer($0) }),
        "data_offsets": [.integer(offset), .integer(end)],
      ]
      offset = end
    }
    var text = Array(JSONValue.object(header).canonical.utf8)
    text += [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
    let output = try OutputFile(creating: path)
    try output.write(LittleEndian.bytes([UInt64(text.count)]) + text)
    return SafetensorsWriter(output, order)
  }

  private init(_ output: consuming OutputFile, _ order: [Int]) {
    self.order = order
    self.output = output
  }

  /// Writes the values of the next array.
  func append(_ bytes: [UInt8]) throws { try output.write(bytes) }

  /// Writes a model, tensor by tensor.
  ///
  /// - Parameters:
  ///   - identity: the model's `model_id`.
  ///   - path: a file that does not exist yet.
  static func write<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, identity: String, tensors source: borrowing Source, creating path: String
  ) throws {
    let extras = FlatModel.extras(of: document)
    var arrays = source.tensors.map { tensor in
      ArrayDescription(name: FlatModel.name(of: tensor), type: NumericType(tensor.type), shape: tensor.shape)
    }
    arrays += extras.map {
      ArrayDescription(name: FlatModel.prefix + $0.array.name, type: $0.array.type, shape: $0.array.shape)
    }
    let texts = Dictionary(
      uniqueKeysWithValues: FlatModel.texts(of: document, identity: identity).map {
        (FlatModel.prefix + $0.key, $0.value)
      })
    let writer = try SafetensorsWriter.begin(creating: path, arrays, texts: texts)
    for index in writer.order {
      if index < source.tensors.count {
        try writer.append(try source.bytes(of: source.tensors[index]))
      } else {
        try writer.append(extras[index - source.tensors.count].bytes)
      }
    }
  }
}
