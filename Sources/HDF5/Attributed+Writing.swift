internal import CHDF5

extension Attributed where Self: ~Copyable {
  /// Writes a new scalar text: a fixed-length string in UTF-8.
  ///
  /// - Parameters:
  ///   - name: the name of the attribute
  ///   - text: the text, without NUL
  /// - Throws: `hdf5.name`, `hdf5.exists`, `hdf5.text` for a text with NUL, `hdf5.write-failed`
  public func setAttribute(_ name: String, to text: String) throws(HDF5Error) {
    try writeTexts([text], name: name, shape: [])
  }

  /// Writes a new list of texts: fixed-length strings in UTF-8, as long as the longest.
  ///
  /// - Parameters:
  ///   - name: the name of the attribute
  ///   - texts: the texts, without NUL
  /// - Throws: as for one text
  public func setAttribute(_ name: String, to texts: [String]) throws(HDF5Error) {
    try writeTexts(texts, name: name, shape: [texts.count])
  }

  /// Writes a new scalar number.
  ///
  /// - Parameters:
  ///   - name: the name of the attribute
  ///   - value: the number
  /// - Throws: `hdf5.name`, `hdf5.exists`, `hdf5.write-failed`
  public func setAttribute<T: Element>(_ name: String, to value: T) throws(HDF5Error) {
    try writeNumbers([value], name: name, shape: [])
  }

  /// Writes a new list of numbers.
  ///
  /// - Parameters:
  ///   - name: the name of the attribute
  ///   - values: the numbers
  /// - Throws: `hdf5.name`, `hdf5.exists`, `hdf5.write-failed`
  public func setAttribute<T: Element>(_ name: String, to values: [T]) throws(HDF5Error) {
    try writeNumbers(values, name: name, shape: [values.count])
  }

  /// Writes a new attribute of any type and shape from bytes as they are stored: little-endian numbers, or fixed-length strings
  /// with their filling.
  ///
  /// - Parameters:
  ///   - name: the name of the attribute
  ///   - datatype: the type of the elements: numbers or fixed-length strings
  ///   - shape: the sizes of the axes; empty for a scalar
  ///   - bytes: the bytes of all elements, row-major
  /// - Throws: `hdf5.name`, `hdf5.exists`, `hdf5.type` for other types, `hdf5.shape` for another number of bytes,
  ///   `hdf5.write-failed`
  public func setAttribute(
    _ name: String, datatype: Datatype, shape: [Int], bytes: [UInt8]
  ) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    let place = location.attribute(name)
    guard let size = datatype.byteCount else {
      throw place.refusal(.type, "write", "a \(datatype) cannot be written")
    }
    guard !shape.contains(where: { $0 < 0 }), Extent.product(shape + [size]) == bytes.count else {
      throw place.refusal(.shape, "write", "\(bytes.count) bytes do not fill the shape \(Extent.description(shape))")
    }
    let type = try datatype.stored(at: place)
    try write(bytes, name: name, stored: type, memory: type, shape: shape, at: place)
  }

  /// Creates an attribute that does not exist.
  func createAttribute(
    _ name: String, type: borrowing Handle, space: borrowing Handle, at place: Location
  ) throws(HDF5Error) -> Handle {
    try Name.checkAttribute(name, in: location)
    if try place.truth(H5Aexists(location.id, name), "write", .writeFailed) {
      throw place.refusal(.exists, "write", "the attribute exists already")
    }
    let creation = try place.owning(H5Pcreate(chdf5_attribute_create()), "write", .writeFailed)
    try place.check(H5Pset_char_encoding(creation.id, H5T_CSET_UTF8), "write", .writeFailed)
    return try place.owning(H5Acreate2(location.id, name, type.id, space.id, creation.id, 0), "write", .writeFailed)
  }

  private func writeTexts(_ texts: [String], name: String, shape: [Int]) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    let place = location.attribute(name)
    let encoded = try FixedStrings(texts, at: place)
    let type = try Datatype.fixedString(bytes: encoded.width, utf8: true).stored(at: place)
    try write(encoded.bytes, name: name, stored: type, memory: type, shape: shape, at: place)
  }

  private func writeNumbers<T: Element>(_ values: [T], name: String, shape: [Int]) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    let place = location.attribute(name)
    let type = try T.datatype.stored(at: place)
    let memory = try T.datatype.inMemory(at: place)
    try write(values, name: name, stored: type, memory: memory, shape: shape, at: place)
  }

  /// Writes `values`, which have as many bytes as the elements of `shape` in the type `memory`.
  private func write<T: Element>(
    _ values: [T], name: String, stored: borrowing Handle, memory: borrowing Handle, shape: [Int], at place: Location
  ) throws(HDF5Error) {
    let space = try Extent.space(shape, at: place)
    let attribute = try createAttribute(name, type: stored, space: space, at: place)
    if values.isEmpty { return }
    // Safe: the library reads just the bytes of the array.
    try place.check(H5Awrite(attribute.id, memory.id, values), "write", .writeFailed)
  }
}
