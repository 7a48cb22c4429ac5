import RNNFormat

/// A file format that can hold a whole model.
public enum ModelFormat: String, Hashable, Sendable, CaseIterable {
  /// The project's own, `docs/FORMAT.md`.
  case rnnH5 = "rnn-h5"
  /// Hugging Face safetensors with the documents in its metadata.
  case safetensors
  /// A NumPy archive with the documents as byte arrays.
  case npz

  /// The formats of this build.
  public static var available: [ModelFormat] {
    #if NPZ
      allCases
    #else
      allCases.filter { $0 != .npz }
    #endif
  }

  /// The format that a file name asks for.
  public init?(fileName path: String) {
    let name = path.split(separator: "/").last ?? ""
    switch name.lastIndex(of: ".").map({ name[name.index(after: $0)...].lowercased() }) {
    case "h5", "hdf5", "rnn": self = .rnnH5
    case "safetensors": self = .safetensors
    case "npz": self = .npz
    default: return nil
    }
  }

  /// The format that a file's first bytes show, else the one that its name asks for.
  ///
  /// - Throws: ``ConversionError/cannotRead(file:reason:)`` if the file cannot be read.
  public init?(of path: String) throws {
    let first = try InputFile(opening: path).read(at: 0, count: 10, orFewer: true)
    if first.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .rnnH5
    } else if first.starts(with: [0x50, 0x4B, 0x03, 0x04]) || first.starts(with: [0x50, 0x4B, 0x05, 0x06]) {
      self = .npz
    } else if first.count > 8, first[8] == 0x7B, ModelFormat(fileName: path) != .rnnH5 {
      self = .safetensors
    } else {
      self.init(fileName: path)
    }
  }
}
