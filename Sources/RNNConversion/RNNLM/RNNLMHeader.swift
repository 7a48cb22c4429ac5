import RNNFormat

/// What the first lines of a model file of the RNNLM toolkit say (Mikolov et al. 2010), and its vocabulary.
struct RNNLMHeader {
  /// How often a word occurs in the text that the model was trained on; its place is its id.
  struct Word: Hashable, Sendable {
    let bytes: [UInt8]
    let count: UInt64
  }

  /// Whether the numbers are float32, and not texts.
  let isBinary: Bool
  /// The units of the hidden layer.
  let hidden: Int
  /// The units between the hidden and the output layer; 0 if there is no such layer.
  let compression: Int
  /// The classes that words belong to.
  let classes: Int
  /// The weights of n-gram features that lead to the output.
  let directConnections: Int
  /// Whether each sentence was read from a state of ones.
  let hasIndependentSentences: Bool
  /// The words.
  let words: [Word]

  /// The first text of each file.
  static let beginning = "version:"
  /// More lines and longer ones have no meaning.
  private static let maximumLines = 64
  private static let longestLine = 1 << 16

  /// Reads everything before the numbers.
  ///
  /// - Parameter cursor: at the beginning of the file; stands behind the last word afterwards.
  /// - Throws: ``ConversionError/malformed(file:place:reason:)``.
  init(_ cursor: inout FileCursor) throws(ConversionError) {
    var fields: [String: String] = [:]
    var line = try Self.line(&cursor)
    while line != Array("Vocabulary:".utf8) {
      guard fields.count < Self.maximumLines else { throw cursor.malformed("there is no vocabulary") }
      if let colon = line.firstIndex(of: 0x3A) {
        fields[String(decoding: line[..<colon], as: UTF8.self)] =
          String(decoding: line[(colon + 1)...], as: UTF8.self).trimmed
      } else if !line.isEmpty {
        throw cursor.malformed("a line of the header has no colon")
      }
      line = try Self.line(&cursor)
    }
    func number(_ name: String, usual: Int? = nil) throws(ConversionError) -> Int {
      guard let text = fields[name] else {
        guard let usual else { throw cursor.malformed("the header has no '\(name)'") }
        return usual
      }
      guard let number = Int(text), number >= 0 else { throw cursor.malformed("'\(name)' is '\(text)'") }
      return number
    }
    // Files before version 0.3 have no field for it, and texts.
    let type = try number("file format", usual: 0)
    guard type <= 1 else { throw cursor.malformed("its file format is \(type), neither text (0) nor binary (1)") }
    isBinary = type == 1
    hidden = try number("hidden layer size")
    compression = try number("compression layer size", usual: 0)
    classes = try number("class size")
    directConnections = try number("direct connections", usual: 0)
    hasIndependentSentences = try number("independent sentences mode", usual: 0) != 0
    let size = try number("vocabulary size")
    // Every unit has weights in the file.
    guard [hidden, compression, classes, size].allSatisfy({ $0 <= cursor.remaining }), hidden > 0, size > 0 else {
      throw cursor.malformed("its layers are empty, or larger than the file")
    }
    let (inputs, outputs) = (try number("input layer size"), try number("output layer size"))
    guard inputs == size + hidden, outputs == size + classes else {
      throw cursor.malformed(
        "\(inputs) inputs and \(outputs) outputs are not \(size) words with \(hidden) hidden units and \(classes) classes"
      )
    }
    words = try Self.words(size, &cursor)
  }

  /// `id count word class`
  private static func words(_ size: Int, _ cursor: inout FileCursor) throws(ConversionError) -> [Word] {
    var words: [Word] = []
    while words.count < size {
      let fields = try line(&cursor).split { $0 == 0x20 || $0 == 0x09 }
      guard fields.count == 4, Int(String(decoding: fields[0], as: UTF8.self)) == words.count,
        let count = UInt64(String(decoding: fields[1], as: UTF8.self))
      else { throw cursor.malformed("the line of word \(words.count) is not its id, its count, itself and its class") }
      words.append(Word(bytes: Array(fields[2]), count: count))
    }
    return words
  }

  /// The next line without its end.
  static func line(_ cursor: inout FileCursor) throws(ConversionError) -> [UInt8] {
    var line: [UInt8] = []
    while true {
      let byte = try cursor.byte()
      if byte == 0x0A { return line }
      guard line.count < longestLine else { throw cursor.malformed("a line is longer than \(longestLine) bytes") }
      line.append(byte)
    }
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }
}
