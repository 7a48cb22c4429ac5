import RNNFormat

/// A file of PyTorch before 1.6, or as newer ones still write it on request: several pickles, then the storages.
final class TorchLegacyFile: TorchContainer {
  /// 0x1950A86A20F9469CFC6C, little-endian.
  static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  private static let version = 1001

  let root: PickleValue
  private let file: SharedFile
  /// Where the values of each storage lie in the file.
  private let places: [String: Range<Int>]

  init(opening path: String) throws {
    func malformed(_ place: String, _ reason: String) -> ConversionError {
      .malformed(file: path, place: place, reason: reason)
    }
    let file = try SharedFile(opening: path)
    var input = PickleInput(0..<file.size) { try file.bytes($0) }
    func next(_ place: String) throws -> PickleValue {
      do {
        return try PickleReader.read(&input)
      } catch let error as PickleError {
        throw malformed(place, "\(error)")
      }
    }
    guard try next("the beginning") == .longInteger(Self.magic) else {
      throw malformed("the beginning", "it does not begin as files of PyTorch do")
    }
    guard try next("the version") == .integer(Self.version) else {
      throw malformed("the version", "it is not \(Self.version), the only one there is")
    }
    guard let system = try next("the description of the machine").dictionary else {
      throw malformed("the description of the machine", "it is not a dictionary")
    }
    guard system["little_endian"]?.bool == true else {
      throw malformed("the description of the machine", "the values are not little-endian, which is not read")
    }
    root = try next("the object")
    guard let keys = try next("the list of storages").elements else {
      throw malformed("the list of storages", "it is not a list")
    }
    let storages: [String: TorchStorage]
    do {
      storages = try root.storages()
    } catch let refusal {
      throw malformed("the object", refusal.reason)
    }
    var places: [String: Range<Int>] = [:]
    var position = input.position
    for key in keys {
      guard let key = key.string ?? key.integer.map({ "\($0)" }), let storage = storages[key] else {
        throw malformed("the list of storages", "it names a storage that no tensor is a view of")
      }
      guard position <= file.size - 8 else { throw malformed("storage \(key)", "the file ends before it") }
      let count = LittleEndian.integers(try file.bytes(position..<(position + 8)), as: Int64.self)
      guard count == [Int64(storage.count)] else {
        throw malformed("storage \(key)", "it has not the size that the object gives it")
      }
      position += 8
      let (length, overflow) = storage.count.multipliedReportingOverflow(by: storage.type.size)
      guard !overflow, length <= file.size - position else { throw malformed("storage \(key)", "the file ends in it") }
      guard places.updateValue(position..<(position + length), forKey: key) == nil else {
        throw malformed("storage \(key)", "it is there twice")
      }
      position += length
    }
    guard position == file.size else {
      throw malformed("the end", "there are \(file.size - position) bytes after the last storage")
    }
    if let missing = storages.keys.sorted().first(where: { places[$0] == nil }) {
      throw malformed("the list of storages", "storage \(missing) is missing")
    }
    self.file = file
    self.places = places
  }

  func bytes(of storage: TorchStorage, _ range: Range<Int>) throws -> [UInt8] {
    guard let place = places[storage.key], range.upperBound <= place.count else { return [] }
    return try file.bytes((place.lowerBound + range.lowerBound)..<(place.lowerBound + range.upperBound))
  }
}
