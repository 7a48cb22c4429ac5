internal import CHDF5

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where an open object lies: what errors name, and what bounds the reading of it.
///
/// A location owns nothing: it is of use only while the `File`, `Group` or `Dataset` that gave it lives.
public struct Location: Sendable {
  /// The path of the file as it was given.
  public let file: String
  /// The absolute path inside the file: `/`, `/parameters/lstm`; nil for the file as a whole.
  public let path: String?
  /// The limits of reading that were given with the file.
  public let limits: ReadLimits

  /// The library's identifier of the object, owned by someone else.
  let id: hid_t
  /// The size in bytes of a file opened for reading; nil while a file is being written.
  let fileSize: Int?
  /// The objects on the way from the root to here, this one included.
  let lineage: [ObjectAddress]

  init(
    file: String, path: String?, limits: ReadLimits, id: hid_t = -1, fileSize: Int?, lineage: [ObjectAddress] = []
  ) {
    self.file = file
    self.path = path
    self.limits = limits
    self.id = id
    self.fileSize = fileSize
    self.lineage = lineage
  }

  /// The same place for an object that has been opened.
  func opened(as id: hid_t, at address: ObjectAddress) -> Location {
    Location(file: file, path: path, limits: limits, id: id, fileSize: fileSize, lineage: lineage + [address])
  }

  /// The place of a link of this group, not opened.
  func child(_ name: String) -> Location {
    let parent = path == "/" ? "" : path ?? ""
    return Location(file: file, path: "\(parent)/\(name)", limits: limits, fileSize: fileSize, lineage: lineage)
  }

  /// The place of an attribute of this object, not opened.
  func attribute(_ name: String) -> Location {
    Location(file: file, path: "\(path ?? "")@\(name)", limits: limits, fileSize: fileSize, lineage: lineage)
  }
}

extension Location {
  /// An error that our own check found.
  func refusal(_ rule: HDF5Error.Rule, _ operation: String, _ cause: String) -> HDF5Error {
    HDF5Error(rule: rule, operation: operation, object: path, file: file, cause: cause)
  }

  /// An error that the library has just reported; takes it off the library's stack.
  func failure(_ operation: String, _ rule: HDF5Error.Rule) -> HDF5Error {
    let stack = ErrorStack.take()
    switch stack.systemError {
    case ENOSPC, EDQUOT: return refusal(.diskFull, operation, "no space is left on the device")
    // The library's own words for it are full of addresses.
    case let number?: return refusal(rule, operation, String(cString: strerror(number)).lowercased())
    case nil: return refusal(rule, operation, stack.cause)
    }
  }

  /// For functions that return a negative number when they fail.
  func check(_ status: herr_t, _ operation: String, _ rule: HDF5Error.Rule = .readFailed) throws(HDF5Error) {
    guard status >= 0 else { throw failure(operation, rule) }
  }

  /// For functions that answer yes or no.
  func truth(_ status: htri_t, _ operation: String, _ rule: HDF5Error.Rule = .readFailed) throws(HDF5Error) -> Bool {
    guard status >= 0 else { throw failure(operation, rule) }
    return status > 0
  }

  /// For functions that return a number of things.
  func number(_ count: Int, _ operation: String, _ rule: HDF5Error.Rule = .readFailed) throws(HDF5Error) -> Int {
    guard count >= 0 else { throw failure(operation, rule) }
    return count
  }

  /// For functions that return a new identifier.
  func owning(_ id: hid_t, _ operation: String, _ rule: HDF5Error.Rule = .readFailed) throws(HDF5Error) -> Handle {
    guard id >= 0 else { throw failure(operation, rule) }
    return Handle(owning: id)
  }
}
