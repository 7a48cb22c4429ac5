import Foundation
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
    switch (path as NSString).pathExtension.lowercased() {
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

/// Why a conversion fails.
public enum ConversionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A file cannot be opened or read.
  case cannotRead(file: String, reason: String)
  /// A file is not what its format prescribes.
  case malformed(file: String, place: String, reason: String)
  /// A file holds no whole model.
  case incomplete(file: String, missing: String)
  /// The format of a file is not known.
  case unknownFormat(file: String)
  /// This build does not have the format.
  case unavailable(ModelFormat)
  /// What was written does not read back as the same model.
  case notTheSame(file: String, expected: String, found: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .cannotRead(let file, let reason): "cannot read '\(file.printable)': \(reason)"
    case .malformed(let file, let place, let reason):
      "'\(file.printable)' is refused: \(place.printable): \(reason.printable)"
    case .incomplete(let file, let missing):
      "'\(file.printable)' does not hold a whole model written by rnntool: it has no \(missing.printable)"
    case .unknownFormat(let file):
      "the format of '\(file.printable)' is not known: its name should end in .h5, .safetensors or .npz, or be given with --from or --to"
    case .unavailable(let format): "this build of rnntool does not have the format \(format.rawValue)"
    case .notTheSame(let file, let expected, let found):
      "'\(file.printable)' was not written: it read back as model \(found) instead of \(expected)"
    }
  }

  /// Whether a file could be read, and is refused for what is in it.
  public var isRefusal: Bool {
    switch self {
    case .malformed, .incomplete, .notTheSame: true
    case .cannotRead, .unknownFormat, .unavailable: false
    }
  }
}
