import RNNFormat

/// A safetensors file open for reading; stricter than the format's own reference reader.
///
/// Beside what that one checks (no holes, no overlap, nothing after the data), duplicate keys, unknown fields and a header that does
/// not begin with `{` are refused.
struct SafetensorsFile: ~Copyable, ArrayFile {
  /// The limit of the reference reader.
  private static let longestHeader = 100_000_000

  private let file: InputFile
  private let offsets: [String: Range<Int>]
  let arrays: [String: ArrayDescription]
  let texts: [String: String]

  var path: String { file.path }

  init(opening path: String) throws {
    let file = try InputFile(opening: path)
    func malformed(_ place: String, _ reason: String) -> ConversionError {
      .malformed(file: path, place: place, reason: reason)
    }
    guard file.size >= 8 else { throw malformed("the header", "the file ends before it") }
    let length = LittleEndian.integers(try file.read(at: 0, count: 8), as: UInt64.self)[0]
    guard length <= UInt64(min(Self.longestHeader, file.size - 8)) else {
      throw malformed("the header", "its length, \(length), is beyond the file or the limit of \(Self.longestHeader)")
    }
    let text = try file.read(at: 8, count: Int(length))
    guard text.first == 0x7B else { throw malformed("the header", "it does not begin with '{'") }
    let header: JSONValue
    do {
      header = try JSONValue(parsing: text, maximumDepth: 8)
    } catch {
      throw malformed("the header", "\(error)")
    }
    let start = 8 + Int(length)
    var arrays: [String: ArrayDescription] = [:]
    var offsets: [String: Range<Int>] = [:]
    var texts: [String: String] = [:]
    for (name, value) in header.object ?? [:] {
      if name == "__metadata__" {
        guard let members = value.object else { throw malformed(name, "it is not an object") }
        for (key, text) in members {
          guard let text = text.string else { throw malformed(name, "'\(key)' is not a string") }
          texts[key] = text
        }
        continue
      }
      guard let members = value.object, Set(members.keys) == ["dtype", "shape", "data_offsets"],
        let type = NumericType.allCases.first(where: { $0.safetensorsName == members["dtype"]?.string }),
        let shape = members["shape"]?.array?.map({ $0.integer ?? -1 }), shape.allSatisfy({ $0 >= 0 }),
        let range = members["data_offsets"]?.array?.map({ $0.integer ?? -1 }), range.count == 2,
        range[0] >= 0, range[0] <= range[1], range[1] <= file.size - start
      else { throw malformed(name, "its entry in the header is not understood") }
      let array = ArrayDescription(name: name, type: type, shape: shape)
      guard array.byteCount == range[1] - range[0] else {
        throw malformed(name, "its shape does not fit the \(range[1] - range[0]) bytes that it has")
      }
      arrays[name] = array
      offsets[name] = (start + range[0])..<(start + range[1])
    }
    var end = start
    for range in offsets.values.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      guard range.lowerBound == end else { throw malformed("the data", "there is a hole or an overlap at byte \(end)") }
      end = range.upperBound
    }
    guard end == file.size else {
      throw malformed("the data", "there are \(file.size - end) bytes after the last tensor")
    }
    self.file = file
    self.arrays = arrays
    self.offsets = offsets
    self.texts = texts
  }

  func bytes(of array: ArrayDescription) throws -> [UInt8] {
    guard let range = offsets[array.name] else { return [] }
    return try file.read(at: range.lowerBound, count: range.count)
  }
}
