/// A property of a text, as a number after each token.
public struct TextTrack: Sendable {
  /// What it says.
  public let name: String
  /// One number a token.
  public let values: [Double]

  /// Takes numbers.
  public init(name: String, values: [Double]) { (self.name, self.values) = (name, values) }

  /// Whether there is no number but 0 and 1.
  public var isBinary: Bool { values.allSatisfy { $0 == 0 || $0 == 1 } }

  /// The properties that are known by name.
  public enum Property: String, Hashable, Sendable, CaseIterable {
    /// 1 between straight double quotes.
    case quotes
    /// How many round, square and curly brackets are open.
    case brackets
    /// How many characters have come since the line began.
    case linePosition = "line-position"
    /// 1 within a word: after a letter, a digit, or a byte of another script.
    case word
    /// How many characters have come since the word began; 0 outside of words.
    case wordPosition = "word-position"
    /// 1 after a capital letter of ASCII.
    case capital
    /// How many spaces and tabs the line began with.
    case indentation
  }

  /// A property of a text.
  ///
  /// - Parameters:
  ///   - property: which one.
  ///   - pieces: the bytes of each token in the text; the property is that after the last of them.
  public init(_ property: Property, of pieces: [[UInt8]]) {
    var reader = Reader()
    name = property.rawValue
    values = pieces.map { piece in
      for byte in piece { reader.read(byte) }
      switch property {
      case .quotes: return reader.isQuoted ? 1 : 0
      case .brackets: return Double(reader.depth)
      case .linePosition: return Double(reader.linePosition)
      case .word: return reader.wordLength > 0 ? 1 : 0
      case .wordPosition: return Double(reader.wordLength)
      case .capital: return reader.isCapital ? 1 : 0
      case .indentation: return Double(reader.indentation)
      }
    }
  }

  /// A user's own property: one character a token, `0` or `1`; white space between them does not count.
  ///
  /// - Returns: nil if there is another character, or too few.
  public init?(name: String, digits: [UInt8], tokens: Int) {
    var values: [Double] = []
    for byte in digits {
      switch byte {
      case UInt8(ascii: "0"): values.append(0)
      case UInt8(ascii: "1"): values.append(1)
      case 0x09, 0x0A, 0x0D, 0x20: continue
      default: return nil
      }
    }
    guard values.count >= tokens else { return nil }
    self.init(name: name, values: Array(values.prefix(tokens)))
  }

  /// What the bytes of a text have made of it so far.
  private struct Reader {
    var isQuoted = false
    var depth = 0
    var linePosition = 0
    var wordLength = 0
    var isCapital = false
    var indentation = 0
    private var isIndenting = true

    mutating func read(_ byte: UInt8) {
      // Bytes that go on with a character of UTF-8 change nothing.
      if byte & 0xC0 == 0x80 { return }
      isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      switch byte {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
      default: break
      }
      if byte == 0x0A {
        (linePosition, indentation, isIndenting) = (0, 0, true)
      } else {
        linePosition += 1
        isIndenting = isIndenting && (byte == 0x20 || byte == 0x09)
        if isIndenting { indentation += 1 }
      }
      let isLetter = byte >= 0x80 || isCapital || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      wordLength = isLetter || isDigit ? wordLength + 1 : 0
    }
  }
}
