extension JSONValue {
  /// The one text that RFC 8785 (JSON Canonicalization Scheme) gives this value.
  public var canonical: String {
    var text = ""
    write(to: &text, indent: nil, depth: 0)
    return text
  }

  /// The same with a line for each member, for people.
  public var indented: String {
    var text = ""
    write(to: &text, indent: "  ", depth: 0)
    return text
  }

  private func write(to text: inout String, indent: String?, depth: Int) {
    func newLine(_ depth: Int) {
      if let indent { text += "\n" + String(repeating: indent, count: depth) }
    }
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let value): text += Self.canonical(value)
    case .string(let value): Self.write(value, to: &text)
    case .array(let values):
      // Lists of plain values stay on one line.
      let isPlain = values.allSatisfy { $0.object == nil && $0.array == nil }
      text += "["
      for (position, value) in values.enumerated() {
        if position > 0 { text += indent == nil ? "," : isPlain ? ", " : "," }
        if !isPlain { newLine(depth + 1) }
        value.write(to: &text, indent: indent, depth: depth + 1)
      }
      if !isPlain { newLine(depth) }
      text += "]"
    case .object(let members):
      text += "{"
      let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
      for (position, member) in sorted.enumerated() {
        if position > 0 { text += "," }
        newLine(depth + 1)
        Self.write(member.key, to: &text)
        text += indent == nil ? ":" : ": "
        member.value.write(to: &text, indent: indent, depth: depth + 1)
      }
      if !members.isEmpty { newLine(depth) }
      text += "}"
    }
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{08}": text += "\\b"
      case "\u{0C}": text += "\\f"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{00}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  /// A number as ECMAScript's `Number::toString` prints it; Swift's own description has the same shortest digits.
  /// Infinities and NaN, which JSON does not have, become `null`.
  private static func canonical(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    guard value != 0 else { return "0" }
    let description = "\(value.magnitude)".split(separator: "e")
    let parts = description[0].split(separator: ".")
    let fraction = parts.count > 1 && parts[1] != "0" ? String(parts[1]) : ""
    var digits = String(parts[0]) + fraction
    // value = 0.digits * 10^point
    var point = parts[0].count + (description.count > 1 ? Int(description[1]) ?? 0 : 0)
    while digits.hasPrefix("0") {
      digits.removeFirst()
      point -= 1
    }
    while digits.hasSuffix("0") { digits.removeLast() }
    let sign = value < 0 ? "-" : ""
    let count = digits.count
    switch point {
    case 1...21 where point >= count: return sign + digits + String(repeating: "0", count: point - count)
    case 1...21: return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    case -5...0: return sign + "0." + String(repeating: "0", count: -point) + digits
    default:
      let exponent = (point > 0 ? "+" : "-") + String(abs(point - 1))
      return sign + digits.prefix(1) + (count > 1 ? "." + digits.dropFirst() : "") + "e" + exponent
    }
  }
}
