import RNNFormat

/// A file that `torch.save` wrote, of any age: its tensors by dotted path, and all that lies beside them as plain data.
final class TorchFile: ArraySource {
  let path: String
  /// What was saved.
  let root: PickleValue
  let arrays: [String: ArrayDescription]
  /// The names of the arrays in the order of the file.
  let names: [String]
  /// The modules that were saved whole, by path, in the order of the file.
  let modules: [(path: String, object: PickleObject)]
  private let tensors: [String: TorchTensor]
  private let container: any TorchContainer

  init(opening path: String) throws {
    self.path = path
    container = try Self.container(opening: path)
    root = container.root
    var finder = TensorFinder()
    do {
      try finder.find(in: root, at: "")
    } catch let refusal {
      throw ConversionError.malformed(file: path, place: refusal.place, reason: refusal.reason)
    }
    tensors = finder.tensors
    names = finder.names
    modules = finder.modules
    arrays = tensors.reduce(into: [:]) {
      $0[$1.key] = ArrayDescription(name: $1.key, type: $1.value.type, shape: $1.value.shape)
    }
  }

  /// Opens the file as what its first bytes say it is.
  private static func container(opening path: String) throws -> any TorchContainer {
    let first = try InputFile(opening: path).read(at: 0, count: 64, orFewer: true)
    if first.starts(with: [0x50, 0x4B]) {
      #if NPZ
        return try TorchZipFile(opening: path)
      #else
        throw ConversionError.malformed(file: path, place: "the archive", reason: "this build reads no zip archives")
      #endif
    }
    if first.starts(with: TorchTarFile.beginning) { return try TorchTarFile(opening: path) }
    return try TorchLegacyFile(opening: path)
  }

  func bytes(of array: ArrayDescription) throws -> [UInt8] {
    guard let tensor = tensors[array.name], tensor.count > 0 else { return [] }
    let size = tensor.type.size
    // The view lies in its storage, so nothing overflows.
    let start = tensor.offset * size
    let bytes = try container.bytes(of: tensor.storage, start..<(start + tensor.span * size))
    return tensor.gathered(from: bytes)
  }

  func forEachBlock(of array: ArrayDescription, _ body: ([UInt8]) throws -> Void) throws {
    guard let tensor = tensors[array.name], tensor.isContiguous, tensor.count > 0 else {
      return try body(try bytes(of: array))
    }
    let (start, end) = (tensor.offset * tensor.type.size, (tensor.offset + tensor.span) * tensor.type.size)
    for position in stride(from: start, to: end, by: Self.blockSize) {
      try body(try container.bytes(of: tensor.storage, position..<min(end, position + Self.blockSize)))
    }
  }

  /// A multiple of the size of every type.
  private static let blockSize = 4 << 20

  /// Whether two arrays are the same values in the same place: tied weights.
  func isSame(_ first: String, _ second: String) -> Bool {
    guard let first = tensors[first], let second = tensors[second] else { return false }
    return first == second
  }
}

/// Finds the tensors in what was saved.
///
/// The names are those that the file's own program would use: modules, parameters and buffers as in a state dict, and keys of dictionaries, places
/// in lists and attributes of other objects, with dots between.
private struct TensorFinder {
  struct Refusal: Error {
    let place: String
    let reason: String
  }

  private(set) var tensors: [String: TorchTensor] = [:]
  private(set) var names: [String] = []
  private(set) var modules: [(path: String, object: PickleObject)] = []

  /// Longer than any honest name: keys that occur at many places could make names longer than the file together.
  private static let longestName = 4096

  mutating func find(in value: PickleValue, at path: String) throws(Refusal) {
    guard path.utf8.count <= Self.longestName else {
      throw Refusal(place: String(path.prefix(40)) + "...", reason: "a name is longer than \(Self.longestName) bytes")
    }
    let tensor: TorchTensor?
    do {
      tensor = try TorchTensor(value)
    } catch {
      throw Refusal(place: path.isEmpty ? "the tensor" : path, reason: error.reason)
    }
    if let tensor {
      guard tensors.updateValue(tensor, forKey: path.isEmpty ? "tensor" : path) == nil else {
        throw Refusal(place: path, reason: "there are two tensors of this name")
      }
      names.append(path.isEmpty ? "tensor" : path)
      return
    }
    switch value {
    case .dictionary(let dictionary): try find(in: dictionary, at: path)
    case .list(let values), .tuple(let values): try find(in: values, at: path)
    case .object(let object):
      let isModule = object.attributes?["_modules"] != nil
      if isModule { modules.append((path, object)) }
      try find(in: object.elements, at: path)
      try find(in: object.pairs, at: path)
      for pair in object.attributes?.pairs ?? [] {
        guard let name = pair.key.string else { continue }
        let isOwn = ["_parameters", "_buffers", "_modules"].contains(name)
        // A module's other attributes are no part of its state dict: lists of its parameters, states of a run.
        if isOwn || !isModule { try find(in: pair.value, at: isOwn ? path : Self.join(path, name)) }
      }
    default: break
    }
  }

  private mutating func find(in dictionary: PickleDictionary, at path: String) throws(Refusal) {
    for pair in dictionary.pairs {
      guard let key = pair.key.string ?? pair.key.integer.map({ "\($0)" }) else { continue }
      try find(in: pair.value, at: Self.join(path, key))
    }
  }

  private mutating func find(in values: [PickleValue], at path: String) throws(Refusal) {
    for (index, value) in values.enumerated() { try find(in: value, at: Self.join(path, "\(index)")) }
  }

  private static func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
