internal import CHDF5

extension Dataset {
  /// Refuses data that could not have been written honestly, before a byte of it is read.
  ///
  /// - Throws: `hdf5.committed-type`, `hdf5.reference-type`, `hdf5.variable-length`, `hdf5.type`, `hdf5.filter`,
  ///   `hdf5.too-large`, `hdf5.storage-mismatch`
  public func checkReadable() throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    if verdict.passed { return }
    if let rule = stored.refusal { throw location.refusal(rule, "read", "it stores a type never read: \(datatype)") }
    // A text of variable length is held elsewhere; here stand its length, address and index, at least 8 bytes.
    try checkData(elementSize: datatype.byteCount ?? 8)
    verdict.passed = location.fileSize != nil
  }

  /// Refuses filters that are not read, and a shape that the stored bytes cannot hold.
  func checkData(elementSize: Int) throws(HDF5Error) {
    try checkFilters()
    try checkStorage(elementSize: elementSize)
  }

  private func checkFilters() throws(HDF5Error) {
    var seen: Set<Int> = []
    for filter in filters {
      if case .other = filter { throw location.refusal(.filter, "read", "it needs \(filter)") }
      // Deflate within deflate expands a thousand times a thousand times.
      guard seen.insert(filter.id).inserted else { throw location.refusal(.filter, "read", "it has \(filter) twice") }
    }
  }

  private func checkStorage(elementSize: Int) throws(HDF5Error) {
    let bytes = try checkedSize(of: shape, elementSize: elementSize)
    if bytes == 0 { return }
    let storage = try storageSize
    if let fileSize = location.fileSize, storage > fileSize { throw mismatch(bytes, storage) }
    switch layout {
    case .contiguous, .compact:
      guard datatype == .variableString ? storage >= bytes : storage == bytes else { throw mismatch(bytes, storage) }
      try checkOffset(storage)
    case .chunked:
      let chunkBytes = try checkedSize(of: chunk ?? [], elementSize: elementSize)
      let (bound, overflow) = storage.multipliedReportingOverflow(by: ReadLimits.maximumExpansion)
      if !overflow, max(bytes, chunkBytes) > bound { throw mismatch(max(bytes, chunkBytes), storage) }
    }
  }

  private func checkOffset(_ storage: Int) throws(HDF5Error) {
    guard layout == .contiguous, let fileSize = location.fileSize else { return }
    guard let offset, offset >= 0, offset <= fileSize - storage else {
      throw location.refusal(.storageMismatch, "read", "its data lies beyond the end of the file")
    }
  }

  private func checkedSize(of shape: [Int], elementSize: Int) throws(HDF5Error) -> Int {
    let limit = location.limits.maximumBytes
    guard let bytes = Extent.product(shape + [elementSize]), bytes <= limit else {
      let elements = "\(Extent.description(shape)) elements of \(elementSize) bytes"
      throw location.refusal(.tooLarge, "read", "\(elements) are more than the limit of \(limit) bytes")
    }
    return bytes
  }

  private func mismatch(_ bytes: Int, _ storage: Int) -> HDF5Error {
    let cause = "its shape needs \(bytes) bytes, but \(storage) bytes are stored"
    return location.refusal(.storageMismatch, "read", cause)
  }

  /// Refuses another type than the stored one, with both names.
  func checkType(_ expected: Datatype, _ operation: String) throws(HDF5Error) {
    guard datatype == expected else {
      throw location.refusal(stored.refusal ?? .type, operation, "it stores \(datatype), not \(expected)")
    }
  }

  /// The bytes of an element that is stored in place.
  func elementSize(_ operation: String) throws(HDF5Error) -> Int {
    guard let size = datatype.byteCount else {
      let rule = stored.refusal ?? (datatype == .variableString ? .variableLength : .type)
      throw location.refusal(rule, operation, "it stores \(datatype), which has no fixed bytes")
    }
    return size
  }
}
