internal import CHDF5

/// What carries attributes: groups and datasets.
public protocol Attributed: ~Copyable {
  /// Where the object lies.
  var location: Location { get }
}

extension Attributed where Self: ~Copyable {
  /// The names of the attributes, in the order of their UTF-8 bytes.
  ///
  /// - Throws: `hdf5.name` for a name that is not UTF-8, `hdf5.too-large` for more names than the limits allow
  public func attributeNames() throws(HDF5Error) -> [String] {
    Library.enter()
    defer { Library.leave() }
    return try NameList.gather(chdf5_each_attribute, at: location)
  }

  /// Whether the object has a comment, a text of HDF5's own beside the attributes.
  ///
  /// - Throws: `hdf5.read-failed`
  public func hasComment() throws(HDF5Error) -> Bool {
    Library.enter()
    defer { Library.leave() }
    let length = H5Oget_comment(location.id, nil, 0)
    if length < 0 { try location.check(-1, "read the comment of") }
    return length > 0
  }

  /// Whether there is an attribute of this name.
  ///
  /// - Throws: `hdf5.name` for what cannot be a name
  public func hasAttribute(_ name: String) throws(HDF5Error) -> Bool {
    Library.enter()
    defer { Library.leave() }
    try Name.checkAttribute(name, in: location)
    return try location.attribute(name).truth(H5Aexists(location.id, name), "find")
  }

  /// The type and shape of an attribute, readable or not; the shape of a scalar is empty.
  ///
  /// - Throws: `hdf5.missing`, `hdf5.name`, `hdf5.shape` for an attribute without a shape
  public func attributeDescription(_ name: String) throws(HDF5Error) -> (datatype: Datatype, shape: [Int]) {
    Library.enter()
    defer { Library.leave() }
    let attribute = try Attribute(opening: name, of: location)
    return (attribute.stored.datatype, attribute.shape)
  }

  /// Refuses an attribute that could not have been written honestly, or whose type is never read, before a byte of it is
  /// read.
  ///
  /// - Returns: how texts of fixed length end before their bytes do; of no meaning for other types
  /// - Throws: `hdf5.missing`, `hdf5.name`, `hdf5.shape`, `hdf5.committed-type`, `hdf5.reference-type`,
  ///   `hdf5.variable-length`, `hdf5.type`, `hdf5.too-large`
  @discardableResult
  public func checkReadableAttribute(_ name: String) throws(HDF5Error) -> StringPadding {
    Library.enter()
    defer { Library.leave() }
    let attribute = try Attribute(opening: name, of: location)
    try attribute.checkReadable()
    return attribute.stored.padding
  }
}
