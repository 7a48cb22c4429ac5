import RNNFormat

/// The variables of a checkpoint of TensorFlow, of either version.
final class TensorFlowCheckpoint: ArraySource {
  /// Where the values of a variable, or of a part of it, are.
  struct Part {
    /// How they are written.
    enum Encoding {
      /// As they are in memory, with a check of them.
      case raw(check: UInt32?)
      /// Each as a number of seven bits to a byte; floats of 16 bits by their bits.
      case varints
    }

    let file: SharedFile
    let range: Range<Int>
    let encoding: Encoding
    /// Which part of the variable it is, a range for each axis; nil for the whole.
    let slice: [Range<Int>]?
  }

  let path: String
  let arrays: [String: ArrayDescription]
  /// What is no array of numbers: its name, and what it is.
  let others: [String: String]
  private let parts: [String: [Part]]

  init(
    path: String, arrays: [String: ArrayDescription], parts: [String: [Part]], others: [String: String]
  ) throws(ConversionError) {
    var (arrays, others) = (arrays, others)
    // Parts that share bytes would let a small file be a large model.
    for (name, array) in arrays {
      guard array.byteCount != nil else {
        throw .malformed(file: path, place: "'\(name)'", reason: "its shape \(array.shape) is that of no array")
      }
      let slices = (parts[name] ?? []).map { $0.slice ?? array.shape.map { 0..<$0 } }
      if let problem = TensorParts.problem(slices, shape: array.shape) {
        // TensorFlow gives each part of an optimizer's copy another name than the whole.
        if TensorFlowVariables.isCopy(name) {
          arrays[name] = nil
          others[name] = "a part of the optimizer's copy of a variable"
          continue
        }
        throw .malformed(file: path, place: "'\(name)'", reason: problem)
      }
      for part in parts[name] ?? [] {
        let count = (part.slice ?? array.shape.map { 0..<$0 }).reduce(1) { $0 * $1.count }
        // A number in seven bits to a byte has one at least.
        let isRaw = if case .raw = part.encoding { true } else { false }
        guard isRaw ? part.range.count == count * array.type.size : part.range.count >= count else {
          throw .malformed(
            file: path, place: "'\(name)'",
            reason: "\(part.range.count) bytes do not hold \(count) values of the type \(array.type.rawValue)")
        }
      }
    }
    self.path = path
    self.arrays = arrays
    self.parts = parts
    self.others = others
  }

  func bytes(of array: ArrayDescription) throws -> [UInt8] {
    let parts = parts[array.name] ?? []
    if parts.count == 1, let part = parts.first { return try bytes(of: part, array) }
    var whole = [UInt8](repeating: 0, count: array.byteCount ?? 0)
    for part in parts {
      let ranges = part.slice ?? array.shape.map { 0..<$0 }
      TensorParts.place(
        try bytes(of: part, array), ranges, shape: array.shape, size: array.type.size, in: &whole)
    }
    return whole
  }

  private func bytes(of part: Part, _ array: ArrayDescription) throws(ConversionError) -> [UInt8] {
    func malformed(_ reason: String) -> ConversionError {
      .malformed(file: part.file.path, place: "'\(array.name)'", reason: reason)
    }
    switch part.encoding {
    case .raw(let check):
      let bytes = try part.file.bytes(part.range)
      if let check, CRC32C.masked(CRC32C.checksum(bytes)) != check {
        throw malformed("its bytes are not those that were written: the check (crc32c) is another")
      }
      return bytes
    case .varints:
      let count = (part.slice ?? array.shape.map { 0..<$0 }).reduce(1) { $0 * $1.count }
      let whole = FileCursor(part.file, place: "'\(array.name)'")
      var cursor = FileCursor(whole, part.range, place: "'\(array.name)'")
      var bytes: [UInt8] = []
      bytes.reserveCapacity(count * array.type.size)
      for _ in 0..<count {
        let value = try cursor.varint()
        for byte in 0..<array.type.size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))) }
      }
      guard cursor.remaining == 0 else { throw malformed("it has more values than its shape") }
      return bytes
    }
  }

  /// Opens a checkpoint.
  ///
  /// - Parameter path: the index of a checkpoint of the second version, or the one file of the first.
  /// - Throws: ``ConversionError``.
  static func open(_ path: String) throws(ConversionError) -> TensorFlowCheckpoint {
    let table = try SortedTable(opening: path)
    guard let first = table.entries.first, first.key.isEmpty else {
      throw .malformed(
        file: path, place: "the keys", reason: "there is no description of the whole: it is no checkpoint of TensorFlow"
      )
    }
    // The second version's description is numbers only; that of the first begins with a message.
    var cursor = FileCursor(FileCursor(table.file, place: "the header"), first.value, place: "the header")
    let isFirstVersion = try cursor.byte() & 7 == 2
    guard isFirstVersion else { return try TensorBundle.read(table) }
    var tables = [table]
    for other in CheckpointPlace.pieces(beside: path) { tables.append(try SortedTable(opening: other)) }
    return try SlicedCheckpoint.read(tables)
  }
}
