internal import CHDF5

extension Dataset {
  /// Reads a scalar text, of fixed or variable length.
  ///
  /// - Throws: `hdf5.type` for a dataset of numbers, `hdf5.shape` unless it is a scalar, `hdf5.text` for bytes that are not
  ///   UTF-8; refusals as `read(as:)`
  public func readString() throws(HDF5Error) -> String {
    try checkText()
    guard shape.isEmpty, let text = try readTexts().first else {
      throw location.refusal(.shape, "read", "its shape is \(Extent.description(shape)), not that of one text")
    }
    return text
  }

  /// Reads a list of texts, of fixed or variable length.
  ///
  /// - Returns: as many texts as the only axis has elements
  /// - Throws: as `readString()`; `hdf5.shape` unless there is one axis
  public func readStrings() throws(HDF5Error) -> [String] {
    try checkText()
    guard shape.count == 1 else {
      throw location.refusal(.shape, "read", "its shape is \(Extent.description(shape)), not that of a list")
    }
    return try readTexts()
  }

  private func checkText() throws(HDF5Error) {
    switch datatype {
    case .fixedString, .variableString: return
    default: throw location.refusal(stored.refusal ?? .type, "read", "it stores \(datatype), not text")
    }
  }

  private func readTexts() throws(HDF5Error) -> [String] {
    Library.enter()
    defer { Library.leave() }
    if case .fixedString(let width, _) = datatype {
      return try FixedStrings.decode(readBytes(), width: width, padding: stored.padding, at: location)
    }
    try checkReadable()
    return try readVariable(points("read"))
  }

  private func readVariable(_ count: Int) throws(HDF5Error) -> [String] {
    if count == 0 { return [] }
    // Honest texts are stored once each, so together, with a NUL each, they are no larger than the file.
    let honest = location.fileSize.map { $0 + count } ?? .max
    let space = try location.owning(H5Dget_space(location.id), "read")
    let transfer = try location.owning(H5Pcreate(chdf5_dataset_transfer()), "read")
    let budget = UnsafeMutablePointer<chdf5_budget>.allocate(capacity: 1)
    // Safe: the library uses the budget and its blocks only in the calls below, and the texts are copies.
    defer {
      chdf5_free_blocks(budget)
      budget.deallocate()
    }
    budget.initialize(to: chdf5_budget(left: min(honest, location.limits.maximumBytes), blocks: nil))
    try location.check(chdf5_set_budget(transfer.id, budget), "read")
    let (dataset, type, all, properties) = (location.id, stored.handle.id, hid_t(H5S_ALL), transfer.id)
    return try VariableStrings(count: count).read(type: type, space: space.id, transfer: properties, at: location) {
      H5Dread(dataset, type, all, all, properties, $0)
    }
  }
}
