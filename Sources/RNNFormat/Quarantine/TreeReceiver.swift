import HDF5

/// Makes an HDF5 file of what a ``TreeSender`` said. The stream comes from a process that a hostile file may have taken over:
/// nothing in it is believed.
struct TreeReceiver {
  /// Why a stream is not understood.
  struct Malformed: Error, Equatable, CustomStringConvertible {
    let description: String
  }

  /// A stream is longer than its reader takes.
  struct TooLong: Error, Equatable {}

  /// Gives exactly so many bytes of the stream, or throws.
  private let source: (Int) throws -> [UInt8]
  /// How many bytes may still come.
  private var left: Int

  /// - Parameters:
  ///   - limit: the most bytes that the stream may have.
  ///   - source: gives exactly so many of its next bytes, or throws.
  init(limit: Int, source: @escaping (Int) throws -> [UInt8]) {
    self.source = source
    left = limit
  }

  /// Writes everything into a new file.
  ///
  /// - Parameters:
  ///   - path: the new file, which does not exist.
  ///   - name: the file that was read, for errors.
  /// - Throws: ``Malformed``, ``TooLong``; the ``HDF5Error`` that ended the reading, or one of writing.
  mutating func run(creating path: String, named name: String) throws {
    guard try take(TreeStream.signature.count) == TreeStream.signature else {
      throw Malformed(description: "it does not begin as it should")
    }
    let first = try kind()
    if first == .refusal { throw try refusal(of: name) }
    guard first == .group, try text() == "/" else { throw Malformed(description: "it does not begin with the root") }
    let file = try File(creating: path)
    do {
      var next = try attributes(of: file.root)
      while let kind = next {
        switch kind {
        case .group:
          let (parent, child) = try Self.split(try text())
          next = try create(child, in: file.root, under: parent)
        case .dataset:
          let (parent, child) = try Self.split(try text())
          if parent.isEmpty {
            next = try dataset(child, in: file.root)
          } else {
            next = try dataset(child, in: try file.root.group(parent))
          }
        case .refusal: throw try refusal(of: name)
        case .attribute, .end: throw Malformed(description: "it has a record where none can be")
        }
      }
    }
    try file.close()
  }

  private mutating func create(
    _ name: String, in root: borrowing Group, under parent: String
  ) throws -> TreeStream.Kind? {
    if parent.isEmpty {
      let group = try root.createGroup(name)
      return try attributes(of: group)
    }
    let group = try root.group(parent).createGroup(name)
    return try attributes(of: group)
  }

  private mutating func dataset(_ name: String, in group: borrowing Group) throws -> TreeStream.Kind? {
    let (datatype, shape, count) = try header()
    let dataset = try group.createDataset(name, datatype: datatype, shape: shape)
    if count > 0 { try fill(dataset, rowBytes: shape.isEmpty ? count : count / shape[0]) }
    return try attributes(of: dataset)
  }

  /// Writes the bytes of a dataset some rows at a time.
  private mutating func fill(_ dataset: borrowing Dataset, rowBytes: Int) throws {
    guard let rows = dataset.shape.first else { return try dataset.writeBytes(try take(rowBytes)) }
    let step = max(1, Self.blockBytes / rowBytes)
    var (start, count) = (dataset.shape.map { _ in 0 }, dataset.shape)
    for first in stride(from: 0, to: rows, by: step) {
      start[0] = first
      count[0] = min(step, rows - first)
      let bytes = try take(count[0] * rowBytes)
      try dataset.writeBytes(bytes, start: start, count: count)
    }
  }

  /// Writes the attributes that follow, and returns the kind of the record behind them; nil at the end.
  private mutating func attributes<Object: Attributed & ~Copyable>(
    of object: borrowing Object
  ) throws -> TreeStream.Kind? {
    while true {
      let kind = try kind()
      guard kind == .attribute else { return kind == .end ? nil : kind }
      let name = try text()
      let (datatype, shape, count) = try header()
      try object.setAttribute(name, datatype: datatype, shape: shape, bytes: try take(count))
    }
  }

  private mutating func refusal(of file: String) throws -> HDF5Error {
    let (rule, operation, object, cause) = (try text(), try text(), try text(), try text())
    guard let rule = HDF5Error.Rule(rawValue: rule) else { throw Malformed(description: "it names an unknown rule") }
    return HDF5Error(
      rule: rule, operation: operation, object: object.isEmpty ? nil : object, file: file, cause: cause)
  }

  // MARK: Fields

  private mutating func take(_ count: Int) throws -> [UInt8] {
    guard count <= left else { throw TooLong() }
    left -= count
    return try source(count)
  }

  private mutating func kind() throws -> TreeStream.Kind {
    guard let kind = TreeStream.Kind(rawValue: try take(1)[0]) else {
      throw Malformed(description: "it has a record of unknown kind")
    }
    return kind
  }

  private mutating func number() throws -> Int {
    let bytes = try take(8)
    let value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let number = Int(exactly: value) else { throw Malformed(description: "it has a number out of range") }
    return number
  }

  private mutating func text() throws -> String {
    let count = try number()
    guard count <= TreeStream.maximumText else { throw Malformed(description: "it has a text that is too long") }
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw Malformed(description: "it has a text that is not UTF-8")
    }
    return text
  }

  /// A type and shape, and the bytes that they take.
  private mutating func header() throws -> (Datatype, [Int], Int) {
    let codes = try take(2)
    let size = try number()
    guard let datatype = TreeStream.datatype(kind: codes[0], flag: codes[1], bytes: size) else {
      throw Malformed(description: "it has an unknown type")
    }
    let rank = try number()
    guard rank <= TreeStream.maximumRank else { throw Malformed(description: "it has a shape of too many axes") }
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(try number()) }
    var count = shape.contains(0) ? 0 : size
    for extent in shape where count > 0 {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= left else { throw TooLong() }
      count = product
    }
    return (datatype, shape, count)
  }

  /// The path of the parent, empty for the root, and the name in it.
  private static func split(_ path: String) throws -> (parent: String, name: String) {
    guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/") else {
      throw Malformed(description: "it has a path that is none")
    }
    return (String(path[..<slash]), String(path[path.index(after: slash)...]))
  }

  private static let blockBytes = 8 << 20
}
