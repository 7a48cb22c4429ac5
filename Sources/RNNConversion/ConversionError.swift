import RNNFormat

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
  /// A parameter does not fit the type that it is to be stored as.
  case outOfRange(tensor: String, value: Double, type: TensorType)
  /// Arrays of a file belong to nothing, or parameters of the model are not in it: all of them.
  case notMapped(file: String, problems: [String])
  /// Another framework cannot compute the model.
  case inexpressible(ModelFormat, reasons: [String])
  /// What was written does not read back as the same model.
  case notTheSame(file: String, expected: String, found: String)
  /// What was written computes something else.
  case differs(file: String, by: Double, tolerance: Double)
  /// Something would be lost that was not to be.
  case notLossless(file: String, lost: [String])
  /// A file holds what the format does not name, which would be gone.
  case wouldLose(file: String, objects: [String])

  /// One sentence.
  public var description: String {
    switch self {
    case .cannotRead(let file, let reason): "cannot read '\(file.printable)': \(reason)"
    case .malformed(let file, let place, let reason):
      "'\(file.printable)' is refused: \(place.printable): \(reason.printable)"
    case .incomplete(let file, let missing):
      "'\(file.printable)' does not hold a whole model written by rnntool: it has no \(missing.printable)"
    case .unknownFormat(let file):
      "the format of '\(file.printable)' is not known: neither its content nor its name is that of an rnn-h5, safetensors or npz file"
    case .unavailable(let format): "this build of rnntool does not have the format \(format.rawValue)"
    case .outOfRange(let tensor, let value, let type):
      "'\(tensor.printable)' has the value \(value), which is beyond the range of \(type.rawValue): store it as another type"
    case .notMapped(let file, let problems):
      "'\(file.printable)' does not become a model: \(problems.joined(separator: "; ").printable)"
    case .inexpressible(let format, let reasons):
      "\(format.rawValue) cannot express the model: \(reasons.joined(separator: "; ").printable)"
    case .notTheSame(let file, let expected, let found):
      "'\(file.printable)' was not written: it read back as model \(found) instead of \(expected)"
    case .differs(let file, let difference, let tolerance):
      "'\(file.printable)' was not written: what was read back computes outputs that differ by up to \(difference), more than \(tolerance)"
    case .notLossless(let file, let lost):
      "'\(file.printable)' was not written: it would lack \(lost.joined(separator: "; ").printable)"
    case .wouldLose(let file, let objects):
      "'\(file.printable)' holds what the format does not name and the new file would not have: \(objects.joined(separator: ", ").printable); 'rnntool convert' makes a new file without"
    }
  }

  /// Whether a file could be read, and is refused for what is in it.
  public var isRefusal: Bool {
    switch self {
    case .malformed, .incomplete, .notMapped, .inexpressible, .notTheSame, .unknownFormat, .outOfRange, .wouldLose,
      .differs,
      .notLossless:
      true
    case .cannotRead, .unavailable: false
    }
  }
}
