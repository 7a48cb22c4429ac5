extension Attributed where Self: ~Copyable {
  /// Reads a scalar text, of fixed or variable length.
  ///
  /// - Throws: `hdf5.missing`, `hdf5.name`, `hdf5.type`, `hdf5.shape` unless it is a scalar, `hdf5.text` for bytes that are
  ///   not UTF-8, `hdf5.too-large`, `hdf5.committed-type`, `hdf5.reference-type`, `hdf5.variable-length`
  public func stringAttribute(_ name: String) throws(HDF5Error) -> String {
    Library.enter()
    defer { Library.leave() }
    let attribute = try Attribute(opening: name, of: location)
    try attribute.checkRank(0)
    return try attribute.only(attribute.readTexts())
  }

  /// Reads a list of texts, of fixed or variable length.
  ///
  /// - Throws: as `stringAttribute(_:)`; `hdf5.shape` unless there is one axis
  public func stringsAttribute(_ name: String) throws(HDF5Error) -> [String] {
    Library.enter()
    defer { Library.leave() }
    let attribute = try Attribute(opening: name, of: location)
    try attribute.checkRank(1)
    return try attribute.readTexts()
  }

  /// Reads a scalar number.
  ///
  /// - Parameters:
  ///   - name: the name of the attribute
  ///   - type: the type of the number, which must be the stored one
  /// - Throws: `hdf5.missing`, `hdf5.name`, `hdf5.type`, `hdf5.shape` unless it is a scalar, `hdf5.too-large`,
  ///   `hdf5.committed-type`, `hdf5.reference-type`, `hdf5.variable-length`
  public func attribute<T: Element>(_ name: String, as type: T.Type) throws(HDF5Error) -> T {
    Library.enter()
    defer { Library.leave() }
    let attribute = try Attribute(opening: name, of: location)
    try attribute.checkRank(0)
    return try attribute.only(attribute.read(as: type))
  }

  /// Reads the values of an attribute of any shape as they are stored: little-endian bytes.
  ///
  /// - Parameter name: the name of the attribute
  /// - Throws: `hdf5.missing`; `hdf5.type` and `hdf5.variable-length` for what has no fixed bytes
  public func attributeBytes(_ name: String) throws(HDF5Error) -> [UInt8] {
    Library.enter()
    defer { Library.leave() }
    return try Attribute(opening: name, of: location).readBytes()
  }

  /// Reads a list of numbers.
  ///
  /// - Parameters:
  ///   - name: the name of the attribute
  ///   - type: the type of the numbers, which must be the stored one
  /// - Throws: as `attribute(_:as:)`; `hdf5.shape` unless there is one axis
  public func arrayAttribute<T: Element>(_ name: String, as type: T.Type) throws(HDF5Error) -> [T] {
    Library.enter()
    defer { Library.leave() }
    let attribute = try Attribute(opening: name, of: location)
    try attribute.checkRank(1)
    return try attribute.read(as: type)
  }
}

extension Attribute {
  fileprivate func checkRank(_ rank: Int) throws(HDF5Error) {
    guard shape.count == rank else {
      let wanted = rank == 0 ? "a scalar" : "a list"
      throw location.refusal(.shape, "read", "its shape is \(Extent.description(shape)), not that of \(wanted)")
    }
  }

  fileprivate func only<T>(_ values: [T]) throws(HDF5Error) -> T {
    guard let value = values.first else { throw location.refusal(.shape, "read", "it is empty") }
    return value
  }
}
