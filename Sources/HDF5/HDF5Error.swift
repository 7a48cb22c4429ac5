/// Why an HDF5 file, or something in it, could not be used: one sentence and a stable rule.
public struct HDF5Error: Error, Equatable, Sendable, CustomStringConvertible {
  /// The fact behind an error. The raw values are stable: tools may depend on them.
  public enum Rule: String, CaseIterable, Sendable {
    // The file as a whole.

    /// There is no file of this name.
    case fileMissing = "hdf5.file-missing"
    /// The name belongs to a directory.
    case directory = "hdf5.directory"
    /// The name belongs to a device, pipe or socket.
    case notRegularFile = "hdf5.not-regular"
    /// The operating system does not permit it.
    case permission = "hdf5.permission"
    /// A file to be created exists already.
    case fileExists = "hdf5.file-exists"
    /// Another process has the file open for writing, or reads what we want to write.
    case locked = "hdf5.locked"
    /// The file has no bytes.
    case emptyFile = "hdf5.empty"
    /// The file has no HDF5 signature.
    case notHDF5 = "hdf5.not-hdf5"
    /// The file is shorter than it says.
    case truncated = "hdf5.truncated"
    /// The file has the signature of HDF5, but the library cannot make sense of it.
    case damaged = "hdf5.damaged"
    /// No space is left on the device, or the quota is used up.
    case diskFull = "hdf5.disk-full"
    /// A file was closed while groups, datasets or attributes of it were open.
    case stillOpen = "hdf5.still-open"

    // What the library could not do.

    /// Reading failed: the cause is the library's own message.
    case readFailed = "hdf5.read-failed"
    /// Writing failed: the cause is the library's own message.
    case writeFailed = "hdf5.write-failed"

    // What is not there, is something else, or does not fit.

    /// Nothing has this name.
    case missing = "hdf5.missing"
    /// Something has this name already.
    case exists = "hdf5.exists"
    /// A group was expected and a dataset found, or the reverse.
    case kind = "hdf5.kind"
    /// A name is empty, too long, reserved, not UTF-8, or contains "/" or NUL.
    case name = "hdf5.name"
    /// A text is not UTF-8 or contains NUL.
    case text = "hdf5.text"
    /// The stored type is not the one asked for, or is not supported.
    case type = "hdf5.type"
    /// A shape, position or number of elements does not fit.
    case shape = "hdf5.shape"

    // What is refused because it would reach out of the file, never end, or exhaust the machine.

    /// A soft link.
    case softLink = "hdf5.soft-link"
    /// A link into another file.
    case externalLink = "hdf5.external-link"
    /// A link of a class that a program defined, or an object of unknown class.
    case userLink = "hdf5.user-link"
    /// An object reached a second time: a cycle, or two hard links.
    case cycle = "hdf5.cycle"
    /// Raw data in other files.
    case externalStorage = "hdf5.external-storage"
    /// A dataset composed of others.
    case virtualDataset = "hdf5.virtual-dataset"
    /// A filter other than deflate, shuffle and fletcher32, or one of them twice.
    case filter = "hdf5.filter"
    /// A datatype stored as an object of its own.
    case committedType = "hdf5.committed-type"
    /// A reference to an object or a region.
    case referenceType = "hdf5.reference-type"
    /// Variable-length sequences, and variable-length strings where they are not expected.
    case variableLength = "hdf5.variable-length"
    /// More bytes, objects or levels than the limits allow.
    case tooLarge = "hdf5.too-large"
    /// The stored bytes cannot hold what the shape promises.
    case storageMismatch = "hdf5.storage-mismatch"
  }

  /// The fact, with a stable raw value such as `hdf5.soft-link`.
  public let rule: Rule

  /// What was attempted, as it continues "cannot …": `read`, `open`, `write the attribute`.
  public let operation: String

  /// The path of the object inside the file (`/parameters/lstm/bias`, `/parameters@axes` for an attribute), or nil when the
  /// error concerns the file as a whole.
  public let object: String?

  /// The path of the file as it was given.
  public let file: String

  /// The cause, without a full stop; for failures of the library its deepest message.
  public let cause: String

  /// - Parameters:
  ///   - rule: the fact
  ///   - operation: what was attempted, as it continues "cannot …"
  ///   - object: the path inside the file, or nil for the file as a whole
  ///   - file: the path of the file
  ///   - cause: the cause, without a full stop
  public init(rule: Rule, operation: String, object: String?, file: String, cause: String) {
    self.rule = rule
    self.operation = operation
    self.object = object
    self.file = file
    self.cause = cause
  }

  /// One sentence: operation, object, file and cause. Control characters from the file are shown as escapes.
  public var description: String {
    let place = object.map { "\($0) in '\(file)'" } ?? "'\(file)'"
    return "cannot \(operation) \(place): \(cause)".escapingControlCharacters
  }
}

extension String {
  /// Names and messages may come from a hostile file; nothing in them may drive a terminal.
  fileprivate var escapingControlCharacters: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
