import HDF5

/// Why a model file cannot be read or written.
public enum FormatError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file is missing, not readable, not HDF5, damaged, or could not be written.
  case hdf5(HDF5Error)
  /// The file is not a valid model file.
  case invalid(file: String, findings: [Finding])
  /// A file was to be read by a process without rights, which did not go well.
  case quarantine(file: String, reason: String)
  /// A file could not be put in its place.
  case cannotWrite(file: String, reason: String)
  /// A document to be written breaks the rules of the format.
  case unwritable(file: String, violation: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .hdf5(let error): return error.description
    case .invalid(let file, let findings):
      let errors = findings.filter { $0.severity == .error }
      let first = errors.first.map { "\($0)" } ?? ""
      let rest = errors.count > 1 ? " (and \(errors.count - 1) more: see 'rnntool validate')" : ""
      return "'\(file.printable)' is not a valid model file: \(first)\(rest)"
    case .quarantine(let file, let reason): return "cannot read '\(file.printable)' in quarantine: \(reason)"
    case .cannotWrite(let file, let reason): return "cannot write '\(file.printable)': \(reason)"
    case .unwritable(let file, let violation):
      return "cannot write '\(file.printable)': the model breaks the rules of the format: \(violation)"
    }
  }

  /// Whether the file could be looked at, and the answer is no: it is not what it should be.
  public var isRefusal: Bool {
    switch self {
    case .invalid, .unwritable, .quarantine: true
    case .cannotWrite: false
    case .hdf5(let error):
      switch error.rule {
      case .fileMissing, .directory, .notRegularFile, .permission, .fileExists, .locked, .diskFull, .stillOpen,
        .writeFailed:
        false
      default: true
      }
    }
  }
}
