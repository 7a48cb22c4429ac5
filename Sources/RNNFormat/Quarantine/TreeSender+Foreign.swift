import HDF5

/// What is said of the files of other programs. They do not keep to the profile: what has no type there is said in another one, or not at all.
extension TreeSender {
  /// The content of a whole file.
  func foreign(in file: borrowing File) throws {
    for object in try file.objects() {
      if object.kind == .dataset {
        let dataset = try file.root.dataset(object.path)
        guard try say(dataset, at: object.path) else { continue }
        try texts(of: dataset, object.attributeNames)
      } else {
        try send([TreeStream.Kind.group.rawValue] + TreeStream.encode(object.path))
        if object.path == "/" {
          try texts(of: file.root, object.attributeNames)
        } else {
          try texts(of: try file.root.group(object.path), object.attributeNames)
        }
      }
    }
  }

  /// The attributes of the root and the names of the groups in it.
  func outline(of file: borrowing File) throws {
    try send([TreeStream.Kind.group.rawValue] + TreeStream.encode("/"))
    try texts(of: file.root, try file.root.attributeNames())
    for name in try file.root.childNames() where try file.root.kind(of: name) == .group {
      try send([TreeStream.Kind.group.rawValue] + TreeStream.encode("/\(name)"))
    }
  }

  /// Says a dataset of numbers.
  ///
  /// - Returns: whether it is one.
  private func say(_ dataset: borrowing Dataset, at path: String) throws -> Bool {
    let start = [TreeStream.Kind.dataset.rawValue] + TreeStream.encode(path)
    switch try dataset.foreignNumber {
    case .bigEndian(let datatype):
      let bytes = try dataset.readForeignBytes()
      try send(start + header(datatype, dataset.shape) + bytes)
    case .opaque(let size):
      guard size == 2 else { return false }
      let bytes = try dataset.readForeignBytes()
      // The attribute that says what they are follows.
      try send(start + header(.integer(bits: 16, signed: false), dataset.shape) + bytes)
    case nil:
      switch dataset.datatype {
      case .integer, .float: break
      case .fixedString, .variableString, .unsupported: return false
      }
      // What could break in the middle of a record breaks here, where it can still be said.
      try dataset.forEachBlock { _ in }
      try send(start + header(dataset.datatype, dataset.shape))
      try dataset.forEachBlock { block throws(HDF5Error) in
        do { try send(block) } catch { throw Self.brokenPipe(dataset.location, error) }
      }
    }
    return true
  }

  /// Says the attributes that are texts or numbers.
  private func texts<Object: Attributed & ~Copyable>(of object: borrowing Object, _ names: [String]) throws {
    for name in names {
      guard let (datatype, shape) = try? object.attributeDescription(name) else { continue }
      let start = [TreeStream.Kind.attribute.rawValue] + TreeStream.encode(name)
      switch datatype {
      case .integer, .float:
        try send(start + header(datatype, shape) + (try object.attributeBytes(name)))
      case .fixedString, .variableString:
        guard shape.count <= 1 else { continue }
        let texts = try shape.isEmpty ? [object.stringAttribute(name)] : object.stringsAttribute(name)
        let width = max(1, texts.map(\.utf8.count).max() ?? 1)
        let (count, overflow) = width.multipliedReportingOverflow(by: texts.count)
        guard !overflow, count <= Self.longestTexts else { continue }
        let bytes = texts.flatMap { Array($0.utf8) + [UInt8](repeating: 0, count: width - $0.utf8.count) }
        try send(start + header(.fixedString(bytes: width, utf8: true), shape) + bytes)
      case .unsupported: continue
      }
    }
  }

  /// The most bytes that the texts of an attribute are said in, all filled up to the longest one.
  private static let longestTexts = 64 << 20
}
