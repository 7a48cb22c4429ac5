internal import CHDF5

/// An HDF5 file, open for reading or being created.
///
/// Groups and datasets keep the file open on their own. Whatever is still open when a file goes away is closed with the
/// last of them; `close()` insists that nothing is.
public struct File: ~Copyable, Sendable {
  private let handle: Handle
  private let created: Bool
  /// The group at the top, `/`. It belongs to the file: use it in place, or pass it on as `borrowing Group`.
  public let root: Group
  /// The file as a whole, for errors.
  public let location: Location
  /// The size of the file in bytes when it was opened; 0 for a file being created.
  public let size: Int
  /// Where the signature stands: 0, unless a block of another program precedes it.
  public let start: Int

  /// Opens an existing file, read-only. Only its superblock is read.
  ///
  /// - Parameters:
  ///   - path: the path of the file
  ///   - limits: what to read at most
  /// - Throws: `hdf5.file-missing`, `hdf5.directory`, `hdf5.not-regular`, `hdf5.permission`, `hdf5.empty`, `hdf5.not-hdf5`,
  ///   `hdf5.truncated`, `hdf5.damaged`, `hdf5.locked`
  public init(opening path: String, limits: ReadLimits = ReadLimits()) throws(HDF5Error) {
    try self.init(opening: path, named: path, limits: limits)
  }

  /// Opens a file that stands for another one, whose path errors are to name.
  ///
  /// - Parameters:
  ///   - path: the path of the file
  ///   - name: the path that errors name
  ///   - limits: what to read at most
  /// - Throws: as ``init(opening:limits:)``
  public init(opening path: String, named name: String, limits: ReadLimits = ReadLimits()) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    let (size, start) = try FileProbe.look(at: try Self.place(path, "open", limits))
    let place = try Self.place(name, "open", limits)
    let access = try Self.access(at: place)
    try self.init(path, access, at: place, size: size, start: start)
  }

  /// Opens a file by an open descriptor, without a call of the operating system that opens anything.
  ///
  /// - Parameters:
  ///   - descriptor: open for reading for as long as the file is used; it is not closed
  ///   - name: the path that errors name
  ///   - limits: what to read at most
  /// - Throws: as ``init(opening:limits:)``
  public init(descriptor: Int32, named name: String, limits: ReadLimits = ReadLimits()) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    let place = try Self.place(name, "open", limits)
    let (size, start) = try FileProbe.look(at: descriptor, place)
    let access = try Self.access(at: place)
    try place.check(chdf5_set_descriptor(access.id, descriptor), "open")
    try self.init(name, access, at: place, size: size, start: start)
  }

  private init(
    _ path: String, _ access: borrowing Handle, at place: Location, size: Int, start: Int
  ) throws(HDF5Error) {
    let id = H5Fopen(path, chdf5_read_only(), access.id)
    guard id >= 0 else { throw Self.openingFailure(at: place) }
    let handle = Handle(owning: id)
    let location = Location(file: place.file, path: nil, limits: place.limits, id: id, fileSize: size)
    root = try Group(rootOf: location)
    self.handle = handle
    self.location = location
    self.size = size
    self.start = start
    created = false
  }

  /// Creates a file that must not exist. Choose a fresh name beside the final one and rename after `close()`, so that
  /// nobody ever sees half a file.
  ///
  /// Only a file whose `close()` succeeded is whole; the end of the process does not finish one.
  ///
  /// The same content written in the same order gives the same bytes: no times, and links indexed by name.
  ///
  /// - Parameter path: the path of the file
  /// - Throws: `hdf5.file-exists`, `hdf5.file-missing` for a missing folder, `hdf5.permission`, `hdf5.disk-full`,
  ///   `hdf5.write-failed`
  public init(creating path: String) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    let place = try Self.place(path, "create", ReadLimits())
    let access = try Self.access(at: place)
    // Every reader since 2008 opens files of version 1.8.
    try place.check(H5Pset_libver_bounds(access.id, H5F_LIBVER_V18, H5F_LIBVER_V18), "create", .writeFailed)
    // Aligned, so that contiguous data can be mapped into memory and used where it lies.
    try place.check(H5Pset_alignment(access.id, 1, 64), "create", .writeFailed)
    try place.check(chdf5_do_not_lock(access.id), "create", .writeFailed)
    let creation = try place.owning(H5Pcreate(chdf5_file_create()), "create", .writeFailed)
    try place.check(H5Pset_obj_track_times(creation.id, false), "create", .writeFailed)
    let id = H5Fcreate(path, chdf5_exclusive(), creation.id, access.id)
    guard id >= 0 else { throw Self.creatingFailure(at: place) }
    let handle = Handle(owning: id)
    let location = Location(file: path, path: nil, limits: ReadLimits(), id: id, fileSize: nil)
    root = try Group(rootOf: location)
    self.handle = handle
    self.location = location
    size = 0
    start = 0
    created = true
  }

  /// Closes the file; a file that was created is first handed to the operating system whole.
  ///
  /// - Throws: `hdf5.still-open` when a group or dataset of this file is alive (the file then closes with the last of
  ///   them), `hdf5.disk-full`, `hdf5.write-failed`
  public consuming func close() throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    let place = location
    let rule: HDF5Error.Rule = created ? .writeFailed : .readFailed
    if created { try place.check(H5Fflush(handle.id, H5F_SCOPE_GLOBAL), "write", rule) }
    root.close()
    let open = try place.number(H5Fget_obj_count(handle.id, chdf5_local_objects()), "close", rule)
    guard open <= 1 else {
      throw place.refusal(.stillOpen, "close", "\(open - 1) of its groups, datasets or attributes are open")
    }
    try handle.close(at: place, rule)
  }

  /// The place of the whole file, its name checked.
  private static func place(_ path: String, _ operation: String, _ limits: ReadLimits) throws(HDF5Error) -> Location {
    let place = Location(file: path, path: nil, limits: limits, fileSize: nil)
    if path.utf8.contains(0) { throw place.refusal(.name, operation, "the name of the file contains NUL") }
    return place
  }

  /// How to reach the file: plain system calls, never another driver.
  private static func access(at place: Location) throws(HDF5Error) -> Handle {
    let access = try place.owning(H5Pcreate(chdf5_file_access()), "open")
    try place.check(H5Pset_fapl_sec2(access.id), "open")
    // Weak: an object that outlives its file keeps a valid identifier, and the file closes after it.
    try place.check(H5Pset_fclose_degree(access.id, H5F_CLOSE_WEAK), "open")
    return access
  }

  private static func openingFailure(at place: Location) -> HDF5Error {
    let stack = ErrorStack.take()
    if stack.mentions("truncated file") {
      return place.refusal(.truncated, "open", "the file is truncated (\(stack.cause))")
    }
    if stack.mentions("unable to lock file") || stack.mentions("already open for") {
      return place.refusal(.locked, "open", "another process writes the file (\(stack.cause))")
    }
    if let number = stack.systemError { return FileProbe.failure(number, "open", at: place) }
    return place.refusal(.damaged, "open", "the file is truncated or damaged (\(stack.cause))")
  }

  private static func creatingFailure(at place: Location) -> HDF5Error {
    let stack = ErrorStack.take()
    if stack.mentions("file exists") { return place.refusal(.fileExists, "create", "the file exists already") }
    if let number = stack.systemError { return FileProbe.failure(number, "create", at: place) }
    return place.refusal(.writeFailed, "create", stack.cause)
  }
}
