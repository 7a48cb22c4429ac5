/// Reads the tree of objects of a binary Torch7 file.
///
/// Nesting is followed with a list of our own, not with the stack, so no file is too deep; what has been begun is known by its index, so
/// circles end where they began. Functions, whose bytecode could do anything, are refused.
struct Torch7Reader {
  /// Something whose parts are being read.
  private enum Frame {
    case table(object: Int, left: Int, key: Torch7Value?)
    case instance(object: Int)
    case tensor(object: Int)
  }

  private var cursor: FileCursor
  private(set) var objects: [Torch7Object] = []
  /// The object of each index that the file uses.
  private var byIndex: [Int32: Int] = [:]
  private var frames: [Frame] = []

  init(_ file: SharedFile) { cursor = FileCursor(file, place: "the objects") }

  /// Reads the one value that a file holds.
  mutating func root() throws(ConversionError) -> Torch7Value {
    var value = try begin()
    while true {
      if let complete = value {
        guard let frame = frames.popLast() else {
          guard cursor.remaining == 0 else { throw cursor.malformed("there are bytes behind the object") }
          return complete
        }
        value = try end(frame, with: complete)
      } else {
        value = try begin()
      }
    }
  }

  // MARK: Values

  /// Reads the beginning of a value: the whole of it, or a new frame and nil.
  private mutating func begin() throws(ConversionError) -> Torch7Value? {
    switch try cursor.integer(Int32.self) {
    case 0: return Torch7Value.none
    case 1: return .number(Double(bitPattern: try cursor.integer(UInt64.self)))
    case 2: return .string(try string())
    case 3: return try table()
    case 4: return try torchObject()
    case 5:
      switch try cursor.integer(Int32.self) {
      case 0: return .boolean(false)
      case 1: return .boolean(true)
      case let other: throw cursor.malformed("\(other) is neither true nor false")
      }
    case 6, 7, 8: throw cursor.malformed("it holds a function (bytecode), and functions are refused")
    case let type: throw cursor.malformed("\(type) is not a type of Torch7")
    }
  }

  /// Puts a part into what it belongs to: the whole of that if it was the last part, else nil.
  private mutating func end(_ frame: Frame, with value: Torch7Value) throws(ConversionError) -> Torch7Value? {
    switch frame {
    case .table(let object, let left, nil):
      if value == .none { throw cursor.malformed("a key of a table is nil") }
      frames.append(.table(object: object, left: left, key: value))
      return nil
    case .table(let object, let left, let key?):
      append(key, value, to: object)
      guard left > 1 else { return .object(object) }
      frames.append(.table(object: object, left: left - 1, key: nil))
      return nil
    case .instance(let object):
      if case .instance(let name, _) = objects[object] {
        objects[object] = .instance(className: name, fields: value)
      }
      return .object(object)
    case .tensor(let object):
      try attach(value, to: object)
      return .object(object)
    }
  }

  private mutating func append(_ key: Torch7Value, _ value: Torch7Value, to object: Int) {
    guard case .table(var pairs) = objects[object] else { return }
    // The list is let go of while it grows: it would be copied each time.
    objects[object] = .table([])
    pairs.append((key, value))
    objects[object] = .table(pairs)
  }

  private mutating func string() throws(ConversionError) -> [UInt8] {
    let count = try cursor.integer(Int32.self)
    guard count >= 0 else { throw cursor.malformed("a string has \(count) bytes") }
    return try cursor.bytes(Int(count))
  }

  private mutating func table() throws(ConversionError) -> Torch7Value? {
    let index = try cursor.integer(Int32.self)
    if let known = byIndex[index] {
      guard case .table = objects[known] else { throw cursor.malformed("object \(index) is not a table") }
      return .object(known)
    }
    let count = try cursor.integer(Int32.self)
    // A key and a value have at least four bytes each.
    guard count >= 0, Int(count) <= cursor.remaining / 8 else {
      throw cursor.malformed("a table claims \(count) pairs, which the file does not hold")
    }
    let object = add(.table([]), index)
    guard count > 0 else { return .object(object) }
    frames.append(.table(object: object, left: Int(count), key: nil))
    return nil
  }

  private mutating func add(_ object: Torch7Object, _ index: Int32) -> Int {
    byIndex[index] = objects.count
    objects.append(object)
    return objects.count - 1
  }

  // MARK: Objects of classes

  private mutating func torchObject() throws(ConversionError) -> Torch7Value? {
    let index = try cursor.integer(Int32.self)
    if let known = byIndex[index] {
      if case .table = objects[known] { throw cursor.malformed("object \(index) is a table") }
      return .object(known)
    }
    // Before there were versions, the class stood in their place.
    var name = try string()
    var version = 0
    if name.starts(with: Array("V ".utf8)) {
      guard let number = Int(String(decoding: name.dropFirst(2), as: UTF8.self)), number >= 0 else {
        throw cursor.malformed("'\(String(decoding: name, as: UTF8.self))' is not the version of an object")
      }
      version = number
      name = try string()
    }
    guard let name = String(validating: name, as: UTF8.self), !name.isEmpty else {
      throw cursor.malformed("the name of a class is not text")
    }
    // Classes count their versions by themselves; tensors and storages have had one form only.
    guard version <= 1 || !name.hasPrefix("torch.") else {
      throw cursor.malformed("version \(version) of the class '\(name)' is not known")
    }
    if let type = NumericType(torch7Class: name, suffix: "Tensor") { return try tensor(type, index) }
    if let type = NumericType(torch7Class: name, suffix: "Storage") { return try storage(type, index) }
    // Every other class is stored as a table, unless it has a form of its own that only its program knows.
    guard !name.hasPrefix("torch.") || name == "torch.Generator" || name == "torch.Timer" else {
      throw cursor.malformed("the class '\(name)' is not supported")
    }
    frames.append(.instance(object: add(.instance(className: name, fields: .none), index)))
    return nil
  }

  private mutating func tensor(_ type: NumericType, _ index: Int32) throws(ConversionError) -> Torch7Value? {
    let rank = try cursor.integer(Int32.self)
    guard (0...32).contains(rank) else { throw cursor.malformed("a tensor has \(rank) dimensions") }
    var (shape, strides): ([Int], [Int]) = ([], [])
    for _ in 0..<rank { shape.append(try length()) }
    for _ in 0..<rank { strides.append(try length()) }
    // Counted from 1; 0 occurs for tensors without a storage.
    let offset = max(1, try length()) - 1
    var count = rank == 0 ? 0 : 1
    for length in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard !overflow else { throw cursor.malformed("the sizes \(shape) of a tensor are not possible") }
      count = product
    }
    // Where there is one element there is no step, whatever the file says its length is.
    let steps = zip(shape, strides).map { $0 > 1 ? $1 : 0 }
    let tensor = Torch7Tensor(type: type, shape: shape, strides: steps, offset: offset, storage: nil, count: count)
    frames.append(.tensor(object: add(.tensor(tensor), index)))
    return nil
  }

  /// Checks that a tensor lies within its storage.
  private mutating func attach(_ value: Torch7Value, to object: Int) throws(ConversionError) {
    guard case .tensor(var tensor) = objects[object] else { return }
    guard case .object(let storage) = value, case .storage(let numbers) = objects[storage] else {
      guard value == .none, tensor.count == 0 else { throw cursor.malformed("a tensor has no storage") }
      return
    }
    guard numbers.type == tensor.type else { throw cursor.malformed("a tensor has a storage of another type") }
    if tensor.count > 0 {
      var last = tensor.offset
      for (length, stride) in zip(tensor.shape, tensor.strides) {
        let (product, overflow) = (length - 1).multipliedReportingOverflow(by: stride)
        let (sum, overflowOfSum) = last.addingReportingOverflow(product)
        guard !overflow, !overflowOfSum else { throw cursor.malformed("the strides of a tensor are not possible") }
        last = sum
      }
      guard last < numbers.count else {
        throw cursor.malformed("a tensor goes beyond its storage, which has \(numbers.count) elements")
      }
    }
    tensor.storage = storage
    objects[object] = .tensor(tensor)
  }

  private mutating func storage(_ type: NumericType, _ index: Int32) throws(ConversionError) -> Torch7Value? {
    let count = try length()
    let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
    guard !overflow else { throw cursor.malformed("a storage claims \(count) elements") }
    return .object(add(.storage(Torch7Storage(type: type, count: count, bytes: try cursor.take(size))), index))
  }

  private mutating func length() throws(ConversionError) -> Int {
    let value = try cursor.integer(Int64.self)
    guard value >= 0 else { throw cursor.malformed("\(value) is not a length") }
    return Int(value)
  }
}
