internal import CHDF5

extension Dataset {
  /// Writes the whole dataset.
  ///
  /// - Parameter values: as many elements as the product of `shape`, row-major
  /// - Throws: `hdf5.type` when the dataset has another type, `hdf5.shape` for another number of elements,
  ///   `hdf5.write-failed`, `hdf5.disk-full`
  public func write<T: Element>(_ values: [T]) throws(HDF5Error) {
    try values.withUnsafeBufferPointer { (buffer) throws(HDF5Error) in
      try write(buffer, start: shape.map { _ in 0 }, count: shape)
    }
  }

  /// Writes a block.
  ///
  /// - Parameters:
  ///   - values: as many elements as the product of `count`, row-major
  ///   - start: the first index along each axis
  ///   - count: the number of elements along each axis
  /// - Throws: as `write(_:)`; `hdf5.shape` for a block that does not lie within the dataset
  public func write<T: Element>(_ values: Span<T>, start: [Int], count: [Int]) throws(HDF5Error) {
    try values.withUnsafeBufferPointer { (buffer) throws(HDF5Error) in
      try write(buffer, start: start, count: count)
    }
  }

  /// Writes the whole dataset from bytes as they are stored before filters: little-endian numbers, or fixed-length strings
  /// with their filling.
  ///
  /// - Parameter bytes: the bytes of all elements, row-major
  /// - Throws: as `write(_:)`
  public func writeBytes(_ bytes: [UInt8]) throws(HDF5Error) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(HDF5Error) in
      try writeBytes(buffer, start: shape.map { _ in 0 }, count: shape)
    }
  }

  /// Writes a block from bytes: see `writeBytes(_:)`.
  ///
  /// - Parameters:
  ///   - bytes: the bytes of the block's elements, row-major
  ///   - start: the first index along each axis
  ///   - count: the number of elements along each axis
  /// - Throws: as `write(_:start:count:)`
  public func writeBytes(_ bytes: [UInt8], start: [Int], count: [Int]) throws(HDF5Error) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(HDF5Error) in
      try writeBytes(buffer, start: start, count: count)
    }
  }

  /// Writes a block from bytes: see `writeBytes(_:)`.
  ///
  /// - Parameters:
  ///   - bytes: the bytes of the block's elements, row-major
  ///   - start: the first index along each axis
  ///   - count: the number of elements along each axis
  /// - Throws: as `write(_:start:count:)`
  public func writeBytes(_ bytes: Span<UInt8>, start: [Int], count: [Int]) throws(HDF5Error) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(HDF5Error) in
      try writeBytes(buffer, start: start, count: count)
    }
  }

  // The arrays above are not handed on as spans: Swift 6.3 may then free an array on the caller's stack too early.

  private func write<T: Element>(_ values: UnsafeBufferPointer<T>, start: [Int], count: [Int]) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    try checkType(T.datatype, "write")
    let points = try points(start, count, "write")
    try checkCount(values.count, points)
    let memory = try datatype.inMemory(at: location)
    try store(UnsafeRawBufferPointer(values), as: memory.id, start: start, count: count, points: points)
  }

  private func writeBytes(_ bytes: UnsafeBufferPointer<UInt8>, start: [Int], count: [Int]) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    let size = try elementSize("write")
    let points = try points(start, count, "write")
    guard let expected = Extent.product([points, size]) else {
      throw location.refusal(.tooLarge, "write", "\(points) elements of \(size) bytes are too many")
    }
    try checkCount(bytes.count, expected)
    try store(UnsafeRawBufferPointer(bytes), as: stored.handle.id, start: start, count: count, points: points)
  }

  private func checkCount(_ found: Int, _ expected: Int) throws(HDF5Error) {
    guard found == expected else {
      throw location.refusal(.shape, "write", "\(found) values were given where \(expected) belong")
    }
  }

  /// Writes `points` elements of type `memory` from the start of `buffer`.
  private func store(
    _ buffer: UnsafeRawBufferPointer, as memory: hid_t, start: [Int], count: [Int], points: Int
  ) throws(HDF5Error) {
    // Safe: the size of an element times the points is the size of the buffer, by the callers' own counting.
    guard points > 0, let base = buffer.baseAddress else { return }
    try transfer(start: start, count: count, points: points, "write", .writeFailed) { space, file in
      H5Dwrite(location.id, memory, space, file, 0, base)
    }
  }
}
