import RNNFormat

@testable import RNNConversion
@testable import RNNText

extension FuzzTarget {
  /// A safetensors file, as strict as it is for whole models.
  static let safetensors = FuzzTarget(name: "safetensors") { bytes in
    try withFile(bytes) { path in
      let source = try FlatModelSource(try SafetensorsFile(opening: path))
      try readAll(source)
    }
  }

  /// A NumPy array.
  static let npy = FuzzTarget(name: "npy") { bytes in
    try withFile(bytes) { path in
      let array = try NPYFile(reading: path)
      _ = (array.integers, array.floats)
    }
  }

  /// A zip archive of NumPy arrays. libzip below it is not instrumented.
  static let npz = FuzzTarget(name: "npz") { bytes in
    #if NPZ
      try withFile(bytes) { path in
        let source = try FlatModelSource(try NPZFile(opening: path))
        try readAll(source)
      }
    #endif
  }

  /// A graph of ONNX, as far as it becomes a model.
  static let onnx = FuzzTarget(name: "onnx") { bytes in
    try withFile(bytes) { path in try readAll(try ONNXImport.read(path, choices: ImportChoices())) }
  }

  /// A checkpoint of Torch7, as far as it becomes a model.
  static let torch7 = FuzzTarget(name: "torch7") { bytes in
    try withFile(bytes) { path in try readAll(try Torch7Import.read(path, choices: ImportChoices())) }
  }

  /// A model of the RNNLM toolkit.
  static let rnnlm = FuzzTarget(name: "rnnlm") { bytes in
    try withFile(bytes) { path in try readAll(try RNNLMImport.read(path, choices: ImportChoices())) }
  }

  /// A checkpoint of TensorFlow: a whole table, or the entries of one, around which a table is made whose checks are right.
  static let tensorflow = FuzzTarget(name: "tensorflow") { bytes in
    try? withFile(bytes) { path in try readAll(try TensorFlowImport.read(path, choices: ImportChoices())) }
    try withFile(table(around: bytes)) { path in
      try readAll(try TensorFlowImport.read(path, choices: ImportChoices()))
    }
  }

  /// A model for browsers.
  static let tfjs = FuzzTarget(name: "tfjs") { bytes in
    try withFile(bytes) { path in try readAll(try BrowserImport.read(path, choices: ImportChoices())) }
  }

  /// A table with one block, no further tables, its index and its end.
  private static func table(around entries: [UInt8]) -> [UInt8] {
    func number(_ value: Int) -> [UInt8] { (0..<5).map { UInt8(value >> (7 * $0) & 0x7F) | ($0 < 4 ? 0x80 : 0) } }
    func sealed(_ entries: [UInt8]) -> [UInt8] {
      let block = entries + LittleEndian.bytes([UInt32(0), 1]) + [0]
      return block + LittleEndian.bytes([CRC32C.masked(CRC32C.checksum(block))])
    }
    let block = sealed(entries)
    let index = sealed([0, 0, 10] + number(0) + number(block.count - 5))
    let tables = sealed([])
    let handles = [block.count, tables.count - 5, block.count + tables.count, index.count - 5]
    let footer = handles.flatMap(number) + [UInt8](repeating: 0, count: 20)
    return block + tables + index + footer + SortedTable.magic
  }

  /// A text, which may be compressed.
  static let gzip = FuzzTarget(name: "gzip") { bytes in
    try withFile(bytes) { path in _ = try TextSource.bytes(of: path, limit: 1 << 22) }
  }

  private static func readAll<Source: TensorSource & ~Copyable>(_ source: borrowing Source) throws {
    for tensor in source.tensors {
      let bytes = try source.bytes(of: tensor)
      require(bytes.count == tensor.byteCount, "a tensor has another number of bytes than its shape")
    }
  }
}
