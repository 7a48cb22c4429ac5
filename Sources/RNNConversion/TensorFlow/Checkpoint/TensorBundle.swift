import RNNFormat

/// A checkpoint of the second version: an index, a table from names to where values are, and files of values beside it (TensorFlow's
/// `tensor_bundle.proto`).
enum TensorBundle {
  static let indexEnding = ".index"
  /// More files of values than any cluster has written.
  private static let mostShards = 100_000

  /// What the index says of one variable, or a part of one (`BundleEntryProto`).
  private struct Entry {
    var type = 0
    var shape: [Int] = []
    var shard = 0
    var offset = 0
    var size = 0
    var check: UInt32 = 0
    var slices: [TensorSlice] = []
  }

  /// Reads the index; the values stay where they are.
  ///
  /// - Throws: ``ConversionError``.
  static func read(_ table: SortedTable) throws(ConversionError) -> TensorFlowCheckpoint {
    let path = table.file.path
    func malformed(_ place: String, _ reason: String) -> ConversionError {
      .malformed(file: path, place: place, reason: reason)
    }
    var cursor = FileCursor(table.file, place: "the index")
    var shardCount = 0
    var entries: [[UInt8]: Entry] = [:]
    for entry in table.entries {
      let name = entry.key.isEmpty ? "the header" : "'\(String(decoding: entry.key, as: UTF8.self))'"
      var message = ProtobufMessage(FileCursor(cursor, entry.value, place: name))
      if entry.key.isEmpty { shardCount = try header(&message) } else { entries[entry.key] = try read(&message) }
      cursor = message.cursor
    }
    var files = Shards(index: path, count: shardCount)
    var arrays: [String: ArrayDescription] = [:]
    var parts: [String: [TensorFlowCheckpoint.Part]] = [:]
    var others: [String: String] = [:]
    var taken: Set<[UInt8]> = []
    // Keys of parts begin with a zero.
    for (key, entry) in entries where key.first != 0 {
      guard let name = String(validating: key, as: UTF8.self) else { throw malformed("the keys", "one is not UTF-8") }
      guard let type = TensorFlowType.numeric(entry.type) else {
        others[name] = TensorFlowType.text(entry.type)
        continue
      }
      arrays[name] = ArrayDescription(name: name, type: type, shape: entry.shape)
      guard !entry.slices.isEmpty else {
        parts[name] = [try files.part(entry, slice: nil, name)]
        continue
      }
      for slice in entry.slices {
        let key = OrderedCode.key(of: slice, name: key)
        guard let own = entries[key], let ranges = slice.ranges(in: entry.shape), own.type == entry.type,
          own.shape == ranges.map(\.count), taken.insert(key).inserted
        else { throw malformed("'\(name)'", "one of its parts is not there, or of another shape") }
        parts[name, default: []].append(try files.part(own, slice: ranges, name))
      }
    }
    guard entries.keys.allSatisfy({ $0.first != 0 || taken.contains($0) }) else {
      throw malformed("the keys", "there are parts of variables that are not there")
    }
    try files.checkApart()
    return try TensorFlowCheckpoint(path: path, arrays: arrays, parts: parts, others: others)
  }

  /// - Returns: how many files of values there are.
  private static func header(_ message: inout ProtobufMessage) throws(ConversionError) -> Int {
    var count = 0
    while let field = try message.next() {
      switch field.number {
      case 1: count = try message.integer(field)
      case 2:
        if try message.integer(field) != 0 {
          throw message.malformed("the values are not little-endian, which is not read")
        }
      default: break
      }
    }
    guard (1...mostShards).contains(count) else {
      throw message.malformed("there are said to be \(count) files of values")
    }
    return count
  }

  private static func read(_ message: inout ProtobufMessage) throws(ConversionError) -> Entry {
    var entry = Entry()
    while let field = try message.next() {
      switch field.number {
      case 1: entry.type = try message.integer(field)
      case 2: entry.shape = try TensorShape.read(try message.message(field, place: message.place))
      case 3: entry.shard = try message.integer(field)
      case 4: entry.offset = try message.integer(field)
      case 5: entry.size = try message.integer(field)
      case 6:
        guard case .fixed32(let check) = field.value else {
          throw message.malformed("its check is no number of 32 bits")
        }
        entry.check = check
      case 7:
        guard entry.slices.count < TensorParts.most else { throw message.malformed("it has too many parts") }
        entry.slices.append(try TensorSlice(try message.message(field, place: message.place)))
      default: break
      }
    }
    return entry
  }

  /// The files of values.
  private struct Shards {
    private let index: String
    private let count: Int
    private var files: [Int: SharedFile] = [:]
    private var ranges: [Int: [Range<Int>]] = [:]

    init(index: String, count: Int) {
      self.index = index
      self.count = count
    }

    mutating func part(
      _ entry: Entry, slice: [Range<Int>]?, _ name: String
    ) throws(ConversionError) -> TensorFlowCheckpoint.Part {
      guard (0..<count).contains(entry.shard) else {
        throw .malformed(
          file: index, place: "'\(name)'", reason: "it is said to be in file \(entry.shard) of \(count)")
      }
      let file: SharedFile
      if let known = files[entry.shard] { file = known } else { file = try open(entry.shard) }
      files[entry.shard] = file
      guard entry.offset >= 0, entry.size >= 0, entry.offset <= file.size, entry.size <= file.size - entry.offset else {
        throw .malformed(
          file: file.path, place: "'\(name)'",
          reason: "\(entry.size) bytes from byte \(entry.offset) on are not in the file of \(file.size) bytes")
      }
      let range = entry.offset..<(entry.offset + entry.size)
      if !range.isEmpty { ranges[entry.shard, default: []].append(range) }
      return .init(file: file, range: range, encoding: .raw(check: entry.check), slice: slice)
    }

    private func open(_ shard: Int) throws(ConversionError) -> SharedFile {
      let stem = index.hasSuffix(indexEnding) ? String(index.dropLast(indexEnding.count)) : index
      return try SharedFile(opening: CheckpointPlace.shard(shard, of: count, stem: "\(stem).data"))
    }

    /// Refuses values that share bytes: a small file could be a large model then.
    func checkApart() throws(ConversionError) {
      for (shard, ranges) in ranges {
        let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
        for (first, second) in zip(sorted, sorted.dropFirst()) where first.upperBound > second.lowerBound {
          throw .malformed(
            file: files[shard]?.path ?? index, place: "byte \(second.lowerBound)", reason: "two variables share it")
        }
      }
    }
  }
}
