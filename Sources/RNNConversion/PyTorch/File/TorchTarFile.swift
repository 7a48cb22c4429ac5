import RNNFormat

/// A file of PyTorch before 0.1.10 (2017): a tar archive with a pickle, and the tensors and storages that it names by number.
final class TorchTarFile: TorchContainer {
  /// The name of the first member, with the zero byte behind it.
  static let beginning = Array("sys_info\0".utf8)

  let root: PickleValue
  private let file: SharedFile
  /// Where the values of each storage lie in the file.
  private let places: [String: Range<Int>]

  init(opening path: String) throws {
    let file = try SharedFile(opening: path)
    let members = try TarMembers(file).ranges
    func malformed(_ place: String, _ reason: String) -> ConversionError {
      .malformed(file: path, place: place, reason: reason)
    }
    func member<Result>(_ name: String, _ read: (inout PickleInput, Int) throws -> Result) throws -> Result {
      guard let range = members[name] else {
        throw ConversionError.incomplete(file: path, missing: "the member \(name)")
      }
      var input = PickleInput(range) { try file.bytes($0) }
      do { return try read(&input, range.upperBound) } catch let error as PickleError {
        throw malformed(name, "\(error)")
      } catch let refusal as TorchRefusal {
        throw malformed(name, refusal.reason)
      }
    }
    let system = try member("sys_info") { input, _ in try PickleReader.read(&input).dictionary }
    guard system?["little_endian"]?.bool == true else {
      throw malformed("sys_info", "the values are not little-endian, which is not read")
    }
    let (storages, places) = try member("storages") { input, end in try Self.storages(&input, end, file) }
    let tensors = try member("tensors") { input, _ in try Self.tensors(&input, storages) }
    let pickle = try member("pickle") { input, _ in try PickleReader.read(&input) }
    root = pickle.replacing(tensors.merging(storages) { tensor, _ in tensor })
    self.places = places
    self.file = file
  }

  /// A number that names a tensor or a storage: the address that it had.
  private static func key(_ value: PickleValue?) throws(TorchRefusal) -> String {
    guard let key = value?.string ?? value?.integer.map({ "\($0)" }) else {
      throw TorchRefusal("something is named by what is no number")
    }
    return key
  }

  private static func count(_ input: inout PickleInput) throws -> Int {
    guard let count = try PickleReader.read(&input).integer, count >= 0 else {
      throw TorchRefusal("it does not begin with a number of things")
    }
    return count
  }

  /// `(key, device, class)`, the number of values, the values; then the storages that are parts of others.
  private static func storages(
    _ input: inout PickleInput, _ end: Int, _ file: SharedFile
  ) throws -> ([String: PickleValue], [String: Range<Int>]) {
    var storages: [String: PickleValue] = [:]
    var places: [String: Range<Int>] = [:]
    // Each turn reads something, so a number that is too large ends with the file.
    for _ in 0..<(try Self.count(&input)) {
      let entry = try PickleReader.read(&input).elements ?? []
      guard entry.count == 3, let name = entry[2].global, let type = TorchType(storage: name) else {
        throw TorchRefusal("a storage is not described as PyTorch does")
      }
      let key = try Self.key(entry[0])
      let count = try input.unsigned(8)
      let (length, overflow) = count.multipliedReportingOverflow(by: type.size)
      guard !overflow, length <= end - input.position else { throw TorchRefusal("it ends in storage \(key)") }
      guard places.updateValue(input.position..<(input.position + length), forKey: key) == nil else {
        throw TorchRefusal("storage \(key) is there twice")
      }
      storages[key] = .tuple([
        .string("storage"), .global(name), .string(key), .string("cpu"), .integer(count),
      ])
      input = PickleInput((input.position + length)..<end) { try file.bytes($0) }
    }
    for view in try PickleReader.read(&input).elements ?? [] {
      guard let parts = view.elements, parts.count == 4, let whole = storages[try Self.key(parts[1])]?.elements else {
        throw TorchRefusal("a part of a storage is not described as PyTorch does")
      }
      let key = try Self.key(parts[0])
      storages[key] = .tuple(whole.prefix(5) + [.tuple([.string(key), parts[2], parts[3]])])
    }
    return (storages.mapValues { .persistent($0) }, places)
  }

  /// `(key, key of the storage, class)`, then the rank, the shape, the strides and the first value, of eight bytes each.
  private static func tensors(
    _ input: inout PickleInput, _ storages: [String: PickleValue]
  ) throws -> [String: PickleValue] {
    var tensors: [String: PickleValue] = [:]
    for _ in 0..<(try Self.count(&input)) {
      let entry = try PickleReader.read(&input).elements ?? []
      guard entry.count == 3, let storage = storages[try Self.key(entry[1])] else {
        throw TorchRefusal("a tensor is not described as PyTorch does")
      }
      let rank = try input.unsigned(8)
      guard rank <= 32 else { throw TorchRefusal("a tensor has \(rank) axes") }
      let shape = try (0..<rank).map { _ in PickleValue.integer(try input.unsigned(8)) }
      let strides = try (0..<rank).map { _ in PickleValue.integer(try input.unsigned(8)) }
      let offset = try input.unsigned(8)
      // There were no scalars then: a tensor without axes is empty.
      tensors[try Self.key(entry[0])] = .object(
        PickleObject(
          calling: "torch._utils", "_rebuild_tensor",
          [
            storage, .integer(offset), .tuple(rank == 0 ? [.integer(0)] : shape),
            .tuple(rank == 0 ? [.integer(1)] : strides),
          ]))
    }
    return tensors
  }

  func bytes(of storage: TorchStorage, _ range: Range<Int>) throws -> [UInt8] {
    guard let place = places[storage.key], range.upperBound <= place.count else { return [] }
    return try file.bytes((place.lowerBound + range.lowerBound)..<(place.lowerBound + range.upperBound))
  }
}

extension PickleValue {
  /// The value with what is kept elsewhere in its places.
  ///
  /// - Parameter kept: by what names it.
  fileprivate func replacing(_ kept: [String: PickleValue]) -> PickleValue {
    func replaced(_ dictionary: PickleDictionary) -> PickleDictionary {
      // The keys are the same, so there is none twice.
      PickleDictionary(dictionary.pairs.map { .init(key: $0.key, value: $0.value.replacing(kept)) }) ?? .empty
    }
    switch self {
    case .persistent(let key): return (key.string ?? key.integer.map { "\($0)" }).flatMap { kept[$0] } ?? self
    case .list(let values): return .list(values.map { $0.replacing(kept) })
    case .tuple(let values): return .tuple(values.map { $0.replacing(kept) })
    case .set(let values): return .set(values.map { $0.replacing(kept) })
    case .dictionary(let dictionary): return .dictionary(replaced(dictionary))
    case .object(let object):
      return .object(
        PickleObject(
          type: object.type, arguments: object.arguments.map { $0.replacing(kept) },
          state: object.state?.replacing(kept), elements: object.elements.map { $0.replacing(kept) },
          pairs: replaced(object.pairs)))
    case .none, .bool, .integer, .longInteger, .real, .string, .bytes, .global: return self
    }
  }
}
