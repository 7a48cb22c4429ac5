internal import CHDF5

/// A group: named groups and datasets, and attributes.
///
/// Paths are relative, `a/b/c`, and followed one name at a time through hard links only.
public struct Group: ~Copyable, Sendable, Attributed {
  private let handle: Handle
  /// Where the group lies.
  public let location: Location

  /// - Parameters:
  ///   - handle: an open group
  ///   - place: where it lies, not opened yet
  /// - Throws: `hdf5.cycle` for a group on the way to itself
  init(owning handle: consuming Handle, at place: Location) throws(HDF5Error) {
    let address = try ObjectAddress(of: handle.id, at: place)
    if place.lineage.contains(address) { throw place.refusal(.cycle, "open", "the group contains itself") }
    location = place.opened(as: handle.id, at: address)
    self.handle = handle
  }

  /// - Parameter file: an open file
  init(rootOf file: Location) throws(HDF5Error) {
    let place = Location(file: file.file, path: "/", limits: file.limits, fileSize: file.fileSize)
    try self.init(owning: place.owning(H5Gopen2(file.id, "/", 0), "open", .damaged), at: place)
  }

  /// Gives the handle back now.
  consuming func close() {}

  /// The names of what the group holds, in the order of their UTF-8 bytes.
  ///
  /// - Throws: `hdf5.name` for a name that is not UTF-8, `hdf5.too-large` for more names than the limits allow
  public func childNames() throws(HDF5Error) -> [String] {
    Library.enter()
    defer { Library.leave() }
    return try NameList.gather(chdf5_each_link, at: location)
  }

  /// What `path` leads to.
  ///
  /// - Throws: `hdf5.missing`; a refusal when the way, not its end, is a link
  public func kind(of path: String) throws(HDF5Error) -> ObjectKind {
    try descend(path) { (group, name) throws(HDF5Error) in try ObjectKind(of: name, in: group.location) }
  }

  /// Whether there is anything at `path`, openable or not.
  ///
  /// - Throws: a refusal when the way, not its end, is a link
  public func contains(_ path: String) throws(HDF5Error) -> Bool {
    do {
      _ = try kind(of: path)
      return true
    } catch {
      guard error.rule == .missing || error.rule == .kind else { throw error }
      return false
    }
  }

  /// Opens the group at `path`.
  ///
  /// - Throws: `hdf5.missing`, `hdf5.kind` for a dataset, `hdf5.name`, `hdf5.cycle`; `hdf5.soft-link`,
  ///   `hdf5.external-link`, `hdf5.user-link`, `hdf5.committed-type` for what is never followed
  public func group(_ path: String) throws(HDF5Error) -> Group {
    try descend(path) { (group, name) throws(HDF5Error) in try group.childGroup(name) }
  }

  /// Opens the dataset at `path`. None of its data is read.
  ///
  /// - Throws: as `group(_:)`; `hdf5.external-storage` and `hdf5.virtual-dataset` for data outside the dataset,
  ///   `hdf5.shape` for a dataset without a shape
  public func dataset(_ path: String) throws(HDF5Error) -> Dataset {
    try descend(path) { (group, name) throws(HDF5Error) in try group.childDataset(name) }
  }

  /// Opens a group of this group by its name.
  func childGroup(_ name: String) throws(HDF5Error) -> Group {
    let place = location.child(name)
    try ObjectKind.group.require(ObjectKind(of: name, in: location), at: place)
    return try Group(owning: place.owning(H5Gopen2(location.id, name, 0), "open", .damaged), at: place)
  }

  /// Opens a dataset of this group by its name.
  func childDataset(_ name: String) throws(HDF5Error) -> Dataset {
    let place = location.child(name)
    try ObjectKind.dataset.require(ObjectKind(of: name, in: location), at: place)
    return try Dataset(owning: place.owning(H5Dopen2(location.id, name, 0), "open", .damaged), at: place)
  }

  /// Calls `body` with the group that holds the last component of `path`, and that component.
  private func descend<Result: ~Copyable>(
    _ path: String, _ body: (borrowing Group, String) throws(HDF5Error) -> Result
  ) throws(HDF5Error) -> Result {
    Library.enter()
    defer { Library.leave() }
    let names = try Name.components(of: path, in: location)
    return try descend(names[...], body)
  }

  private func descend<Result: ~Copyable>(
    _ names: ArraySlice<String>, _ body: (borrowing Group, String) throws(HDF5Error) -> Result
  ) throws(HDF5Error) -> Result {
    guard let first = names.first else { throw location.refusal(.name, "look into", "a name is empty") }
    let rest = names.dropFirst()
    if rest.isEmpty { return try body(self, first) }
    return try childGroup(first).descend(rest, body)
  }
}
