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
