internal import CHDF5

extension Group {
  /// Creates an empty group.
  ///
  /// - Parameter name: one name, not a path
  /// - Throws: `hdf5.name`, `hdf5.exists`, `hdf5.write-failed`
  public func createGroup(_ name: String) throws(HDF5Error) -> Group {
    Library.enter()
    defer { Library.leave() }
    let place = try vacant(name)
    let creation = try place.owning(H5Pcreate(chdf5_group_create()), "create", .writeFailed)
    try place.check(H5Pset_obj_track_times(creation.id, false), "create", .writeFailed)
    let link = try linkCreation(at: place)
    let id = H5Gcreate2(location.id, name, link.id, creation.id, 0)
    return try Group(owning: place.owning(id, "create", .writeFailed), at: place)
  }

  /// Creates a dataset of numbers, to be filled by `Dataset.write`.
  ///
  /// - Parameters:
  ///   - name: one name, not a path
  ///   - type: the type of the elements
  ///   - shape: the sizes of the axes; empty for a scalar
  ///   - options: how the data lies in the file
  /// - Throws: `hdf5.name`, `hdf5.exists`, `hdf5.shape` for a negative size or unfit chunks, `hdf5.write-failed`
  public func createDataset<T: Element>(
    _ name: String, of type: T.Type, shape: [Int], options: DatasetOptions = DatasetOptions()
  ) throws(HDF5Error) -> Dataset {
    try createDataset(name, datatype: T.datatype, shape: shape, options: options)
  }

  /// Creates a dataset of a type known only at run time, to be filled by `Dataset.writeBytes`.
  ///
  /// - Parameters:
  ///   - name: one name, not a path
  ///   - datatype: the type of the elements: numbers or fixed-length strings
  ///   - shape: the sizes of the axes; empty for a scalar
  ///   - options: how the data lies in the file
  /// - Throws: as `createDataset(_:of:shape:options:)`; `hdf5.type` for other types
  public func createDataset(
    _ name: String, datatype: Datatype, shape: [Int], options: DatasetOptions = DatasetOptions()
  ) throws(HDF5Error) -> Dataset {
    Library.enter()
    defer { Library.leave() }
    let place = try vacant(name)
    guard let size = datatype.byteCount else {
      throw place.refusal(.type, "create", "a \(datatype) cannot be written")
    }
    guard !shape.contains(where: { $0 < 0 }), Extent.product(shape + [size]) != nil else {
      throw place.refusal(.shape, "create", "\(Extent.description(shape)) is no shape")
    }
    let type = try datatype.stored(at: place)
    let space = try Extent.space(shape, at: place)
    let creation = try options.creation(shape: shape, elementSize: size, at: place)
    let link = try linkCreation(at: place)
    let id = H5Dcreate2(location.id, name, type.id, space.id, link.id, creation.id, 0)
    return try Dataset(owning: place.owning(id, "create", .writeFailed), at: place)
  }

  /// Creates a scalar dataset with a text: a fixed-length string in UTF-8, filled up with NUL. As HDF5 has no string of no
  /// bytes, the empty text takes one.
  ///
  /// - Parameters:
  ///   - name: one name, not a path
  ///   - text: the text, without NUL
  /// - Throws: `hdf5.name`, `hdf5.exists`, `hdf5.text` for a text with NUL, `hdf5.write-failed`
  public func createString(_ name: String, _ text: String) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    let encoded = try FixedStrings([text], at: location.child(name))
    let dataset = try createDataset(name, datatype: .fixedString(bytes: encoded.width, utf8: true), shape: [])
    try dataset.writeBytes(encoded.bytes)
  }

  /// The place of a new link, its name checked and free.
  private func vacant(_ name: String) throws(HDF5Error) -> Location {
    try Name.check(name, in: location)
    let place = location.child(name)
    if try place.truth(H5Lexists(location.id, name, 0), "create", .writeFailed) {
      throw place.refusal(.exists, "create", "something has this name already")
    }
    return place
  }

  private func linkCreation(at place: Location) throws(HDF5Error) -> Handle {
    let link = try place.owning(H5Pcreate(chdf5_link_create()), "create", .writeFailed)
    try place.check(H5Pset_char_encoding(link.id, H5T_CSET_UTF8), "create", .writeFailed)
    return link
  }
}
