import HDF5
import RNNFormat

/// An HDF5 file of Keras before it is written: groups with texts, and arrays.
struct KerasTree {
  /// The groups in it, by name.
  var groups: [String: KerasTree] = [:]
  /// The arrays in it, by name.
  var arrays: [String: TensorFormula] = [:]
  /// Attributes that are one text.
  var texts: [String: String] = [:]
  /// Attributes that are lists of texts.
  var lists: [String: [String]] = [:]

  /// The group at a path, made if it is not there.
  subscript(path: some Collection<String>) -> KerasTree {
    get {
      guard let first = path.first else { return self }
      return (groups[first] ?? KerasTree())[path.dropFirst()]
    }
    set {
      guard let first = path.first else {
        self = newValue
        return
      }
      groups[first, default: KerasTree()][path.dropFirst()] = newValue
    }
  }

  /// Puts an array at the path that its name is.
  mutating func add(_ array: ExportedArray) {
    let steps = array.name.split(separator: "/").map(String.init)
    guard let last = steps.last else { return }
    self[steps.dropLast()].arrays[last] = array.formula
  }

  /// Writes a file.
  ///
  /// - Parameter path: nothing exists there yet.
  func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, creating path: String) throws {
    do {
      let file = try File(creating: path)
      try write(source, into: file.root)
      try file.close()
    } catch let error as HDF5Error {
      throw FormatError.cannotWrite(file: path, reason: "\(error)")
    }
  }

  private func write<Source: TensorSource & ~Copyable>(_ source: borrowing Source, into group: borrowing Group) throws {
    for (name, text) in texts.sorted(by: { $0.key < $1.key }) { try group.setAttribute(name, to: text) }
    for (name, list) in lists.sorted(by: { $0.key < $1.key }) { try group.setAttribute(name, to: list) }
    for (name, formula) in arrays.sorted(by: { $0.key < $1.key }) {
      let type = formula.type.hdf5
      let bytes = try source.bytes(of: formula)
      let dataset = try group.createDataset(name, datatype: type, shape: formula.shape)
      try dataset.writeBytes(formula.type == .bfloat16 ? Self.widened(bytes) : bytes)
    }
    for (name, tree) in groups.sorted(by: { $0.key < $1.key }) { try tree.write(source, into: group.createGroup(name)) }
  }

  /// bfloat16 as float32, which holds the same numbers: HDF5 has no type for it.
  private static func widened(_ bytes: [UInt8]) -> [UInt8] {
    var wide = [UInt8](repeating: 0, count: bytes.count * 2)
    for index in stride(from: 0, to: bytes.count - 1, by: 2) {
      wide[2 * index + 2] = bytes[index]
      wide[2 * index + 3] = bytes[index + 1]
    }
    return wide
  }
}

extension NumericType {
  /// The type in HDF5, or that of the numbers which are written in its place.
  fileprivate var hdf5: Datatype {
    switch self {
    case .float64: .float(bits: 64)
    case .float32, .bfloat16: .float(bits: 32)
    case .float16: .float(bits: 16)
    case .int64: .integer(bits: 64, signed: true)
    case .int32: .integer(bits: 32, signed: true)
    case .int16: .integer(bits: 16, signed: true)
    case .int8: .integer(bits: 8, signed: true)
    case .uint64: .integer(bits: 64, signed: false)
    case .uint32: .integer(bits: 32, signed: false)
    case .uint16: .integer(bits: 16, signed: false)
    case .uint8, .bool: .integer(bits: 8, signed: false)
    }
  }
}
