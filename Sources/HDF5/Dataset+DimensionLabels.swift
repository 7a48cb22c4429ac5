internal import CHDF5

extension Dataset {
  /// The attribute of the HDF5 dimension scales specification that names the axes.
  private static let labels = "DIMENSION_LABELS"

  /// Names the axes, as `H5DSset_label` does: one variable-length string per axis. Call it once.
  ///
  /// - Parameter labels: as many labels as axes; an empty one leaves its axis unnamed. A scalar has none to write
  /// - Throws: `hdf5.shape` for another number of labels, `hdf5.text` for NUL, `hdf5.exists`, `hdf5.write-failed`
  public func setDimensionLabels(_ labels: [String]) throws(HDF5Error) {
    Library.enter()
    defer { Library.leave() }
    let place = location.attribute(Self.labels)
    guard labels.count == shape.count else {
      throw place.refusal(.shape, "write", "\(labels.count) labels were given for \(shape.count) axes")
    }
    if labels.isEmpty { return }
    if labels.contains(where: { $0.utf8.contains(0) }) { throw place.refusal(.text, "write", "the text contains NUL") }
    let type = try place.owning(H5Tcopy(chdf5_string()), "write", .writeFailed)
    try place.check(H5Tset_size(type.id, chdf5_variable()), "write", .writeFailed)
    if labels.contains(where: { $0.utf8.contains { $0 > 127 } }) {
      try place.check(H5Tset_cset(type.id, H5T_CSET_UTF8), "write", .writeFailed)
    }
    // All labels, each with its NUL, and where each begins.
    var text: [CChar] = []
    var starts: [Int] = []
    for label in labels {
      starts.append(text.count)
      text += label.utf8CString
    }
    let empty = labels.map(\.isEmpty)
    // Safe: the pointers lie within `text`, which outlives the write; a NULL pointer stands for no label.
    let space = try Extent.space([labels.count], at: place)
    let attribute = try createAttribute(Self.labels, type: type, space: space, at: place)
    let status = text.withUnsafeBufferPointer { buffer in
      let pointers = zip(starts, empty).map { start, empty in empty ? nil : buffer.baseAddress.map { $0 + start } }
      return H5Awrite(attribute.id, type.id, pointers)
    }
    try place.check(status, "write", .writeFailed)
  }

  /// The names of the axes; empty texts where there are none.
  ///
  /// Only for files that are trusted: libhdf5 before 1.14 copies as many bytes as the file states for each text, beyond the
  /// end of its own memory.
  ///
  /// - Returns: as many labels as axes
  /// - Throws: `hdf5.shape` when the file has labels for another number of axes, `hdf5.type`, `hdf5.text`
  public func dimensionLabels() throws(HDF5Error) -> [String] {
    Library.enter()
    defer { Library.leave() }
    guard try hasAttribute(Self.labels) else { return shape.map { _ in "" } }
    let labels = try stringsAttribute(Self.labels)
    guard labels.count == shape.count else {
      let place = location.attribute(Self.labels)
      throw place.refusal(.shape, "read", "it has \(labels.count) labels for \(shape.count) axes")
    }
    return labels
  }
}
