internal import CHDF5

extension Dataset {
  /// Reads the whole dataset, row-major.
  ///
  /// - Returns: as many elements as the product of `shape`
  /// - Throws: `hdf5.type` when another type is stored; `hdf5.committed-type`, `hdf5.reference-type`,
  ///   `hdf5.variable-length`, `hdf5.filter`, `hdf5.too-large`, `hdf5.storage-mismatch` for what is refused;
  ///   `hdf5.read-failed` for damaged data
  public func read<T: Element>(as type: T.Type) throws(HDF5Error) -> [T] {
    try read(as: type, start: shape.map { _ in 0 }, count: shape)
  }

  /// Reads a block, row-major.
  ///
  /// - Parameters:
  ///   - type: the type of the elements, which must be the stored one
  ///   - start: the first index along each axis
  ///   - count: the number of elements along each axis
  /// - Returns: as many elements as the product of `count`
  /// - Throws: as `read(as:)`; `hdf5.shape` for a block that does not lie within the dataset
  public func read<T: Element>(as type: T.Type, start: [Int], count: [Int]) throws(HDF5Error) -> [T] {
    Library.enter()
    defer { Library.leave() }
    try checkType(T.datatype, "read")
    let points = try points(start, count, "read")
    try checkReadable()
    let memory = try datatype.inMemory(at: location)
    return try array(of: points) { (buffer) throws(HDF5Error) in
      try fill(buffer, as: memory, start: start, count: count, points: points)
    }
  }

  /// Reads a block, row-major, into memory of the caller's.
  ///
  /// - Parameters:
  ///   - span: as many elements as the product of `count`
  ///   - start: the first index along each axis
  ///   - count: the number of elements along each axis
  /// - Throws: as `read(as:start:count:)`; `hdf5.shape` when `span` has another number of elements
  public func read<T: Element>(into span: inout MutableSpan<T>, start: [Int], count: [Int]) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    try checkType(T.datatype, "read")
    let points = try points(start, count, "read")
    guard span.count == points else {
      throw location.refusal(.shape, "read", "\(points) elements do not fill a span of \(span.count)")
    }
    try checkReadable()
    let memory = try datatype.inMemory(at: location)
    try span.withUnsafeMutableBufferPointer { (buffer) throws(HDF5Error) in
      try fill(UnsafeMutableRawBufferPointer(buffer), as: memory, start: start, count: count, points: points)
    }
  }

  /// Reads all bytes as they are stored before filters: little-endian numbers, or fixed-length strings with their filling.
  ///
  /// - Throws: as `read(as:)`; `hdf5.variable-length` for what has no fixed bytes
  public func readBytes() throws(HDF5Error) -> [UInt8] {
    try readBytes(start: shape.map { _ in 0 }, count: shape)
  }

  /// Reads the bytes of a block: see `readBytes()`.
  ///
  /// - Parameters:
  ///   - start: the first index along each axis
  ///   - count: the number of elements along each axis
  /// - Throws: as `readBytes()`; `hdf5.shape` for a block that does not lie within the dataset
  public func readBytes(start: [Int], count: [Int]) throws(HDF5Error) -> [UInt8] {
    Library.enter()
    defer { Library.leave() }
    let size = try elementSize("read")
    let points = try points(start, count, "read")
    try checkReadable()
    // No overflow: a block is no larger than the dataset, whose bytes have just been counted.
    return try array(of: points * size) { (buffer) throws(HDF5Error) in
      try fill(buffer, as: stored.handle, start: start, count: count, points: points)
    }
  }

  /// An array that `body` fills whole.
  func array<T: Element>(
    of count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(HDF5Error) -> Void
  ) throws(HDF5Error) -> [T] {
    try [T](capacity: count) { (output) throws(HDF5Error) in
      try output.withUnsafeMutableBufferPointer { (buffer, initialized) throws(HDF5Error) in
        try body(UnsafeMutableRawBufferPointer(buffer))
        // Any bits are a valid element, and `body` has written all or thrown.
        initialized = count
      }
    }
  }

  /// Reads `points` elements of type `memory` to the start of `buffer`.
  private func fill(
    _ buffer: UnsafeMutableRawBufferPointer, as memory: borrowing Handle, start: [Int], count: [Int], points: Int
  ) throws(HDF5Error) {
    // Safe: the size of an element times the points is the size of the buffer, by the callers' own counting.
    guard points > 0, let base = buffer.baseAddress else { return }
    let type = memory.id
    try transfer(start: start, count: count, points: points, "read", .readFailed) { space, file in
      H5Dread(location.id, type, space, file, 0, base)
    }
  }
}
