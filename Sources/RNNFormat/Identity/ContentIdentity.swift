import HDF5

/// `content_id`: everything that a reader of a file can see (`docs/FORMAT.md`, section 7).
enum ContentIdentity {
  /// The identity of an open file's content: the hash of its manifest.
  ///
  /// - Parameters:
  ///   - root: the file's root group.
  ///   - objects: all its objects.
  ///   - known: hashes of datasets that have been computed already, by path.
  static func identify(
    _ root: borrowing Group, objects: [ObjectDescription], known: [String: String]
  ) throws(HDF5Error) -> String {
    Hash.sha256(try manifest(root, objects: objects, known: known))
  }

  /// One line for each object and attribute, with the hash of what is in it.
  static func manifest(
    _ root: borrowing Group, objects: [ObjectDescription], known: [String: String]
  ) throws(HDF5Error) -> String {
    var manifest = "rnn-h5 content 1\n"
    let sorted = objects.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    for object in sorted {
      var lines: [String]
      if object.kind == .dataset {
        let dataset = try root.dataset(object.path)
        let hash: String
        if let value = known[object.path] { hash = value } else { hash = try sha256(of: dataset) }
        let shape = ModelIdentity.shape(dataset.shape)
        lines = ["dataset \(quoted(object.path)) \(name(of: dataset.datatype)) \(shape) \(hash)"]
        lines += try attributes(of: dataset, except: [Dataset.labels])
      } else if object.path == "/" {
        lines = ["group \"/\""] + (try attributes(of: root, except: [Dataset.labels, "content_id"]))
      } else {
        let group = try root.group(object.path)
        lines = ["group \(quoted(object.path))"] + (try attributes(of: group, except: [Dataset.labels]))
      }
      manifest += lines.map { $0 + "\n" }.joined()
    }
    return manifest
  }

  /// The hash of a dataset's values, read in blocks.
  static func sha256(of dataset: borrowing Dataset) throws(HDF5Error) -> String {
    switch dataset.datatype {
    case .fixedString(let width, _): return Hash.sha256(terminated(try dataset.readBytes(), width: width))
    default:
      var hash = Hash.Stream()
      try dataset.forEachBlock { block in hash.update(block) }
      return hash.finish()
    }
  }

  private static func attributes<Object: Attributed & ~Copyable>(
    of object: borrowing Object, except skipped: [String]
  ) throws(HDF5Error) -> [String] {
    var lines: [String] = []
    for attribute in try object.attributeNames() where !skipped.contains(attribute) {
      let (datatype, shape) = try object.attributeDescription(attribute)
      let bytes: [UInt8]
      switch datatype {
      case .fixedString(let width, _): bytes = terminated(try object.attributeBytes(attribute), width: width)
      default: bytes = try object.attributeBytes(attribute)
      }
      lines.append(
        "attribute \(name(of: datatype)) \(ModelIdentity.shape(shape)) \(Hash.sha256(bytes)) \(quoted(attribute))")
    }
    return lines
  }

  /// Each text's bytes without their filling, and one NUL: whatever the bytes are, they have an identity.
  private static func terminated(_ bytes: [UInt8], width: Int) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: width).flatMap { start in
      let text = bytes[start..<min(start + width, bytes.count)]
      return text[..<(text.lastIndex { $0 != 0 }.map { $0 + 1 } ?? start)] + [0]
    }
  }

  private static func quoted(_ text: String) -> String { JSONValue.string(text).canonical }

  static func name(of datatype: Datatype) -> String {
    switch datatype {
    case .integer(let bits, let signed): (signed ? "int" : "uint") + "\(bits)"
    case .float(let bits): "float\(bits)"
    case .fixedString, .variableString: "string"
    case .unsupported(let what): what
    }
  }
}

extension Dataset {
  /// Calls `body` with the little-endian bytes of the dataset, at most some megabytes at a time.
  func forEachBlock(_ body: ([UInt8]) throws(HDF5Error) -> Void) throws(HDF5Error) {
    guard let size = datatype.byteCount, shape.reduce(size, *) > Self.blockBytes else {
      return try body(try readBytes())
    }
    // Blocks run along the first axis whose rows are small; the axes before it are walked one by one.
    let axis = shape.indices.first { shape[($0 + 1)...].reduce(size, *) <= Self.blockBytes } ?? shape.count - 1
    let rows = max(1, Self.blockBytes / shape[(axis + 1)...].reduce(size, *))
    var start = shape.map { _ in 0 }
    var count = shape
    for index in 0..<axis { count[index] = 1 }
    for outer in 0..<shape[..<axis].reduce(1, *) {
      var rest = outer
      for index in (0..<axis).reversed() {
        start[index] = rest % shape[index]
        rest /= shape[index]
      }
      for first in stride(from: 0, to: shape[axis], by: rows) {
        start[axis] = first
        count[axis] = min(rows, shape[axis] - first)
        try body(try readBytes(start: start, count: count))
      }
    }
  }

  private static var blockBytes: Int { 8 << 20 }
}
