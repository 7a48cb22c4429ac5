import RNNFormat

/// A model file of the RNNLM toolkit open for reading: where the weights of each connection stand.
///
/// Weights that stand as texts are read when they are asked for, like all others.
final class RNNLMFile: ArraySource {
  let header: RNNLMHeader
  let arrays: [String: ArrayDescription]
  private let file: SharedFile
  /// The bytes of each array, as texts or as float32.
  private let places: [String: Range<Int>]

  var path: String { file.path }

  /// The names of the arrays, which are the titles that they have as texts.
  enum Name {
    static let state = "Hidden layer activation"
    static let input = "Weights 0->1"
    static let output = "Weights 1->2"
    static let compression = "Weights 1->c"
    static let compressed = "Weights c->2"
    static let direct = "Direct connections"
  }

  /// - Throws: ``ConversionError``.
  init(opening path: String) throws {
    let file = try SharedFile(opening: path)
    var cursor = FileCursor(file, place: "the header")
    let header = try RNNLMHeader(&cursor)
    let (size, hidden) = (header.words.count, header.hidden)
    var layout: [(name: String, shape: [Int])] = [
      (Name.state, [hidden]), (Name.input, [hidden, size + hidden]),
    ]
    if header.compression > 0 {
      layout.append((Name.compression, [header.compression, hidden]))
      layout.append((Name.compressed, [size + header.classes, header.compression]))
    } else {
      layout.append((Name.output, [size + header.classes, hidden]))
    }
    layout.append((Name.direct, [header.directConnections]))
    var arrays: [String: ArrayDescription] = [:]
    var places: [String: Range<Int>] = [:]
    for (name, shape) in layout {
      let array = ArrayDescription(name: name, type: .float32, shape: shape)
      cursor.place = name
      guard let bytes = array.byteCount else { throw cursor.malformed("\(shape) is not possible") }
      if header.isBinary {
        places[name] = try cursor.take(bytes)
      } else if name != Name.direct || header.directConnections > 0 {
        places[name] = try Self.lines(bytes / array.type.size, titled: name, &cursor)
      }
      if header.directConnections > 0 || name != Name.direct { arrays[name] = array }
    }
    if header.isBinary, cursor.remaining > 0 {
      throw cursor.malformed("there are \(cursor.remaining) bytes after the last number")
    }
    self.file = file
    self.header = header
    self.arrays = arrays
    self.places = places
  }

  /// Finds so many lines with a number each below a title.
  private static func lines(
    _ count: Int, titled title: String, _ cursor: inout FileCursor
  ) throws(ConversionError) -> Range<Int> {
    var line = try RNNLMHeader.line(&cursor)
    while line.isEmpty { line = try RNNLMHeader.line(&cursor) }
    guard line == Array("\(title):".utf8) else { throw cursor.malformed("it does not begin with its title") }
    // A digit and the end of the line, at least.
    guard count <= cursor.remaining / 2 else {
      throw cursor.malformed("there have to be \(count) numbers, but the file ends before")
    }
    let start = cursor.position
    for _ in 0..<count { try cursor.skipLine() }
    return start..<cursor.position
  }

  func bytes(of array: ArrayDescription) throws -> [UInt8] {
    guard let place = places[array.name], let count = array.byteCount.map({ $0 / array.type.size }) else { return [] }
    if header.isBinary { return try file.bytes(place) }
    return try NumberLines(file, place, what: array.name).floats(count)
  }
}

extension FileCursor {
  /// Goes behind the next end of a line.
  fileprivate mutating func skipLine() throws(ConversionError) { while try byte() != 0x0A {} }
}
