import HDF5

extension Attributed where Self: ~Copyable {
  /// The text of an attribute that is one as the format has them: scalar, of fixed length, filled up with NUL, UTF-8.
  func text(_ name: String) -> String? {
    guard let (datatype, shape) = try? attributeDescription(name), case .fixedString = datatype, shape.isEmpty,
      (try? checkReadableAttribute(name)) == .zeros
    else { return nil }
    return try? validText(name, isScalar: true)
  }

  /// The text of a string attribute, or its texts one after another; nil unless all are UTF-8 without NUL.
  func validText(_ name: String, isScalar: Bool) throws(HDF5Error) -> String? {
    try validated { () throws(HDF5Error) in
      isScalar ? try stringAttribute(name) : try stringsAttribute(name).joined()
    }
  }
}

extension Dataset {
  /// The text of a scalar string; nil unless it is UTF-8 without NUL.
  func validText() throws(HDF5Error) -> String? {
    try validated { () throws(HDF5Error) in try readString() }
  }
}

/// What `read` gives; nil where that is no text, which is a fault of the text and not of the file.
private func validated(_ read: () throws(HDF5Error) -> String) throws(HDF5Error) -> String? {
  do {
    let text = try read()
    return text.utf8.contains(0) ? nil : text
  } catch {
    if error.rule == .text { return nil }
    throw error
  }
}
