/// Reads regular expressions: literals, `.`, classes, groups, `|`, `*`, `+`, `?`, `{m,n}` and the escapes
/// `\d \w \s \D \W \S \n \t \r \xHH \u{H}`.
struct PatternParser {
  private static let deepest = 100
  private static let mostRepeats = 1000
  private let text: [Unicode.Scalar]
  private var place = 0
  private var depth = 0

  private init(_ pattern: String) { text = Array(pattern.unicodeScalars) }

  static func parse(_ pattern: String) throws(PatternError) -> PatternNode {
    var parser = PatternParser(pattern)
    // The whole text has to match: anchors at both ends say nothing new.
    if parser.next == "^" { parser.place += 1 }
    let node = try parser.alternatives()
    guard parser.next == nil else { throw parser.error("a ')' without '('") }
    return node
  }

  private var next: Unicode.Scalar? { place < text.count ? text[place] : nil }

  private func error(_ reason: String) -> PatternError { .syntax(at: place, reason: reason) }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    place += 1
    return true
  }

  private mutating func alternatives() throws(PatternError) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw error("groups deeper than \(Self.deepest)") }
    var nodes = [try sequence()]
    while take("|") { nodes.append(try sequence()) }
    return nodes.count == 1 ? nodes[0] : .alternatives(nodes)
  }

  private mutating func sequence() throws(PatternError) -> PatternNode {
    var nodes: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      if scalar == "$" && place == text.count - 1 {
        place += 1
        break
      }
      nodes.append(try repeated(try atom()))
    }
    return .sequence(nodes)
  }

  private mutating func repeated(_ node: PatternNode) throws(PatternError) -> PatternNode {
    var node = node
    let start = place
    while let scalar = next {
      // A tree of any depth could be built otherwise.
      guard place - start < Self.deepest else { throw error("too many repetitions of repetitions") }
      switch scalar {
      case "*": node = .repeated(node, least: 0, most: nil)
      case "+": node = .repeated(node, least: 1, most: nil)
      case "?": node = .repeated(node, least: 0, most: 1)
      case "{":
        place += 1
        let least = try number()
        var most: Int? = least
        if take(",") { most = next == "}" ? nil : try number() }
        guard next == "}" else { throw error("'{' without '}'") }
        guard most.map({ $0 >= least }) ?? true else { throw error("a range that falls") }
        node = .repeated(node, least: least, most: most)
      default: return node
      }
      place += 1
    }
    return node
  }

  private mutating func number() throws(PatternError) -> Int {
    var value: Int?
    while let digit = next, ("0"..."9").contains(digit) {
      value = (value ?? 0) * 10 + Int(digit.value - 0x30)
      guard value ?? 0 <= Self.mostRepeats else { throw error("more than \(Self.mostRepeats) repetitions") }
      place += 1
    }
    guard let value else { throw error("a number is missing") }
    return value
  }

  private mutating func atom() throws(PatternError) -> PatternNode {
    guard let scalar = next else { throw error("it ends too early") }
    place += 1
    switch scalar {
    case "(":
      if take("?") {
        guard take(":") else { throw error("of the groups that begin with '(?' only '(?:' is supported") }
      }
      let node = try alternatives()
      guard take(")") else { throw error("'(' without ')'") }
      return node
    case "[": return .scalars(try characterClass())
    case ".": return .scalars(.notLineEnd)
    case "\\": return .scalars(try escape())
    case "*", "+", "?", "{":
      place -= 1
      throw error("nothing to repeat")
    case "^", "$":
      place -= 1
      throw error("anchors stand at the ends only; write '\\\(scalar)' for the character")
    default: return .scalars(ScalarRanges([scalar.value...scalar.value]))
    }
  }

  private mutating func escape() throws(PatternError) -> ScalarRanges {
    guard let scalar = next else { throw error("it ends in '\\'") }
    place += 1
    func one(_ value: UInt32) -> ScalarRanges { ScalarRanges([value...value]) }
    switch scalar {
    case "d": return .digits
    case "D": return ScalarRanges.digits.inverted
    case "w": return .wordCharacters
    case "W": return ScalarRanges.wordCharacters.inverted
    case "s": return .whiteSpace
    case "S": return ScalarRanges.whiteSpace.inverted
    case "n": return one(0x0A)
    case "t": return one(0x09)
    case "r": return one(0x0D)
    case "x": return one(try hexadecimal(2...2))
    case "u":
      guard take("{") else { return one(try hexadecimal(4...4)) }
      let value = try hexadecimal(1...6)
      guard take("}") else { throw error("'\\u{' without '}'") }
      return one(value)
    default:
      guard !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
        place -= 1
        throw error("'\\\(scalar)' is not supported")
      }
      return one(scalar.value)
    }
  }

  private mutating func hexadecimal(_ digits: ClosedRange<Int>) throws(PatternError) -> UInt32 {
    var (value, count): (UInt32, Int) = (0, 0)
    while count < digits.upperBound, let scalar = next, let digit = Character(scalar).hexDigitValue {
      value = value * 16 + UInt32(digit)
      count += 1
      place += 1
    }
    guard digits.contains(count), Unicode.Scalar(value) != nil else { throw error("no number of a character") }
    return value
  }

  private mutating func characterClass() throws(PatternError) -> ScalarRanges {
    let isInverted = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    var isFirst = true
    while let scalar = next, scalar != "]" || isFirst {
      isFirst = false
      let low = try classMember()
      // A hyphen between two characters, not at the end.
      guard next == "-", place + 1 < text.count, text[place + 1] != "]" else {
        ranges += low.ranges
        continue
      }
      place += 1
      let high = try classMember()
      guard let first = low.only, let last = high.only, first <= last else { throw error("a range that is none") }
      ranges.append(first...last)
    }
    guard take("]") else { throw error("'[' without ']'") }
    let set = ScalarRanges(ranges)
    return isInverted ? set.inverted : set
  }

  private mutating func classMember() throws(PatternError) -> ScalarRanges {
    guard let scalar = next else { throw error("'[' without ']'") }
    place += 1
    return scalar == "\\" ? try escape() : ScalarRanges([scalar.value...scalar.value])
  }
}

extension ScalarRanges {
  /// The scalar, if there is just one.
  fileprivate var only: UInt32? {
    guard ranges.count == 1, let range = ranges.first, range.count == 1 else { return nil }
    return range.lowerBound
  }
}
