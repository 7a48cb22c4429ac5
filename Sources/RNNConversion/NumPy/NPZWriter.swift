import RNNFormat

/// Writes NumPy archives: the same arrays give the same bytes.
public enum NPZWriter {
  /// Writes a model.
  ///
  /// - Parameters:
  ///   - identity: the model's `model_id`.
  ///   - path: a file that does not exist yet.
  static func write<Source: TensorSource & ~Copyable>(
    _ document: ModelDocument, identity: String, tensors source: borrowing Source, creating path: String
  ) throws {
    let archive = try NPZArchive(creating: path)
    for tensor in source.tensors {
      try archive.add(
        FlatModel.name(of: tensor), type: NumericType(tensor.type), shape: tensor.shape,
        bytes: try source.bytes(of: tensor))
    }
    for extra in FlatModel.extras(of: document) {
      try archive.add(
        FlatModel.prefix + extra.array.name, type: extra.array.type, shape: extra.array.shape, bytes: extra.bytes)
    }
    var texts = FlatModel.texts(of: document, identity: identity)
    let narrow = source.tensors.filter { $0.type == .bfloat16 }.map { FlatModel.name(of: $0) }
    if !narrow.isEmpty { texts["bfloat16"] = narrow.joined(separator: "\n") }
    for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
      let bytes = Array(text.utf8)
      try archive.add(FlatModel.prefix + name, type: .uint8, shape: [bytes.count], bytes: bytes)
    }
    try archive.finish()
  }

  /// Writes float32 arrays, replacing the target all at once.
  public static func write(_ arrays: [(name: String, shape: [Int], values: [Float])], to path: String) throws {
    try AtomicFile.replace(path) { temporary in
      let archive = try NPZArchive(creating: temporary)
      for array in arrays {
        try archive.add(array.name, type: .float32, shape: array.shape, bytes: LittleEndian.bytes(array.values[...]))
      }
      try archive.finish()
    }
  }
}

/// A zip of `.npy` files that is being written.
struct NPZArchive {
  private let zip: ZipWriter

  init(creating path: String) throws {
    zip = try ZipWriter(creating: path)
  }

  func add(_ name: String, type: NumericType, shape: [Int], bytes: [UInt8]) throws {
    try begin(name, type: type, shape: shape)
    try append(bytes)
  }

  /// Begins an array; its values follow with ``append(_:)``.
  func begin(_ name: String, type: NumericType, shape: [Int]) throws {
    let header = NPYHeader.bytes(type: type, shape: shape)
    try zip.begin(name + ".npy", size: header.count + shape.reduce(type.size, *))
    try zip.append(header)
  }

  func append(_ bytes: [UInt8]) throws { try zip.append(bytes) }

  func finish() throws { try zip.finish() }
}
