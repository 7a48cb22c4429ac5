import RNNFormat

/// A binary Torch7 file (`torch.save`), open for reading. The numbers of tensors are read when they are asked for.
final class Torch7File: Sendable {
  let file: SharedFile
  let objects: [Torch7Object]
  /// The value that was saved.
  let root: Torch7Value

  var path: String { file.path }

  init(opening path: String) throws(ConversionError) {
    file = try SharedFile(opening: path)
    let first = try file.bytes(0..<min(2, file.size))
    if first.count == 2, (0x30...0x38).contains(first[0]), first[1] == 0x0A {
      throw .malformed(
        file: path, place: "byte 0", reason: "it is in Torch7's text form, which is not supported: save it as binary")
    }
    var reader = Torch7Reader(file)
    root = try reader.root()
    objects = reader.objects
  }

  /// The pairs of a table, or of the fields of an instance.
  func pairs(_ value: Torch7Value?) -> [(key: Torch7Value, value: Torch7Value)]? {
    guard case .object(let object)? = value else { return nil }
    switch objects[object] {
    case .table(let pairs): return pairs
    case .instance(_, .object(let fields)):
      guard case .table(let pairs) = objects[fields] else { return nil }
      return pairs
    default: return nil
    }
  }

  /// A field of a table or an instance.
  func field(_ name: String, of value: Torch7Value?) -> Torch7Value? {
    pairs(value)?.first { $0.key == .string(Array(name.utf8)) }?.value
  }

  /// The values of a table whose keys are 1, 2, ... without a gap; nil if it is no such list.
  func list(_ value: Torch7Value?) -> [Torch7Value]? {
    guard let pairs = pairs(value) else { return nil }
    var values = [Torch7Value?](repeating: nil, count: pairs.count)
    for (key, value) in pairs {
      guard let index = key.integer, index >= 1, index <= values.count, values[index - 1] == nil else { return nil }
      values[index - 1] = value
    }
    return values.compactMap(\.self)
  }

  /// The class of an instance.
  func className(_ value: Torch7Value?) -> String? {
    guard case .object(let object)? = value, case .instance(let name, _) = objects[object] else { return nil }
    return name
  }

  func tensor(_ value: Torch7Value?) -> Torch7Tensor? {
    guard case .object(let object)? = value, case .tensor(let tensor) = objects[object] else { return nil }
    return tensor
  }

  /// Refuses a tensor with more elements than its storage: with strides of nought a few numbers could stand for any number of them.
  func checkExtent(of tensor: Torch7Tensor, name: String) throws(ConversionError) {
    guard tensor.count > 0, let object = tensor.storage, case .storage(let storage) = objects[object] else { return }
    guard tensor.count <= storage.count else {
      throw .malformed(file: path, place: name, reason: "it repeats the numbers of its storage")
    }
  }

  /// The elements of a tensor in row-major order, as little-endian bytes of its type.
  ///
  /// - Parameter name: what it is called in messages.
  /// - Throws: ``ConversionError``.
  func bytes(of tensor: Torch7Tensor, name: String) throws(ConversionError) -> [UInt8] {
    guard tensor.count > 0, let object = tensor.storage, case .storage(let storage) = objects[object] else { return [] }
    try checkExtent(of: tensor, name: name)
    let size = tensor.type.size
    // Within the storage: that was checked when the file was opened.
    let span = zip(tensor.shape, tensor.strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
    let start = storage.bytes.lowerBound + tensor.offset * size
    let bytes = try file.bytes(start..<(start + span * size))
    if span == tensor.count, tensor.isContiguous { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(tensor.count * size)
    var place = [Int](repeating: 0, count: tensor.shape.count)
    var element = 0
    for _ in 0..<tensor.count {
      result += bytes[(element * size)..<((element + 1) * size)]
      for axis in place.indices.reversed() {
        place[axis] += 1
        element += tensor.strides[axis]
        if place[axis] < tensor.shape[axis] { break }
        element -= tensor.strides[axis] * tensor.shape[axis]
        place[axis] = 0
      }
    }
    return result
  }
}

extension Torch7Tensor {
  /// Whether the elements lie one after another.
  var isContiguous: Bool {
    var expected = 1
    for (length, stride) in zip(shape, strides).reversed() where length != 1 {
      if stride != expected { return false }
      expected *= length
    }
    return true
  }
}
