import HDF5

/// Says all that an HDF5 file contains, if it keeps to the profile of the format.
struct TreeSender {
  /// What of the file is said.
  var content = Quarantine.Content.model
  /// Takes the next bytes of the stream.
  let send: ([UInt8]) throws -> Void

  /// Sends the content of a file, or why it is refused.
  ///
  /// - Throws: only what ``send`` throws.
  func run(_ file: borrowing File) throws {
    try send(TreeStream.signature)
    do {
      switch content {
      case .model: try model(in: file)
      case .foreign: try foreign(in: file)
      case .outline: try outline(of: file)
      }
      try send([TreeStream.Kind.end.rawValue])
    } catch let error as HDF5Error {
      try refuse(error)
    }
  }

  /// Sends why a file cannot be opened.
  func run(failure: HDF5Error) throws {
    try send(TreeStream.signature)
    try refuse(failure)
  }

  private func refuse(_ error: HDF5Error) throws {
    // A dataset may have been cut short; then the stream has no room for a record, and the reader sees its end.
    try send(
      [TreeStream.Kind.refusal.rawValue] + TreeStream.encode(error.rule.rawValue) + TreeStream.encode(error.operation)
        + TreeStream.encode(error.object ?? "") + TreeStream.encode(error.cause))
  }

  private func model(in file: borrowing File) throws {
    guard file.start == 0 else {
      throw HDF5Error(
        rule: .notHDF5, operation: "read", object: "/", file: file.location.file,
        cause: "the file does not begin with the signature of HDF5")
    }
    let objects = try file.objects()
    try ProfileCheck.run(file.root, objects: objects)
    for object in objects {
      if object.kind == .dataset {
        let dataset = try file.root.dataset(object.path)
        // What could break in the middle of a record breaks here, where it can still be said.
        try dataset.forEachBlock { _ in }
        try send(
          [TreeStream.Kind.dataset.rawValue] + TreeStream.encode(object.path) + header(dataset.datatype, dataset.shape))
        try dataset.forEachBlock { block throws(HDF5Error) in
          do { try send(block) } catch { throw Self.brokenPipe(dataset.location, error) }
        }
        try attributes(of: dataset, object)
      } else {
        try send([TreeStream.Kind.group.rawValue] + TreeStream.encode(object.path))
        if object.path == "/" {
          try attributes(of: file.root, object)
        } else {
          try attributes(of: try file.root.group(object.path), object)
        }
      }
    }
  }

  private func attributes<Object: Attributed & ~Copyable>(
    of object: borrowing Object, _ description: ObjectDescription
  ) throws {
    for name in description.attributeNames {
      var (datatype, shape) = try object.attributeDescription(name)
      let bytes: [UInt8]
      if datatype == .variableString {
        // Dimension labels, which are never read: as many empty texts, so that a reader sees that they are there.
        datatype = .fixedString(bytes: 1, utf8: true)
        bytes = [UInt8](repeating: 0, count: shape.reduce(1, *))
      } else {
        bytes = try object.attributeBytes(name)
      }
      try send(
        [TreeStream.Kind.attribute.rawValue] + TreeStream.encode(name) + header(datatype, shape) + bytes)
    }
  }

  func header(_ datatype: Datatype, _ shape: [Int]) -> [UInt8] {
    (TreeStream.encode(datatype) ?? []) + TreeStream.encode(shape.count) + shape.flatMap { TreeStream.encode($0) }
  }

  static func brokenPipe(_ location: Location, _ error: any Error) -> HDF5Error {
    HDF5Error(rule: .readFailed, operation: "send", object: location.path, file: location.file, cause: "\(error)")
  }
}
