/// The part of JSON Schema (draft 2020-12) that the schemas of the format use.
///
/// A keyword outside this part is an error of the schema, found when it is read: nothing is silently left unchecked.
public struct JSONSchema: Sendable {
  /// A place in a document that breaks the schema.
  public struct Violation: Hashable, Sendable {
    /// A JSON pointer, as `/layers/1/inputs`; empty for the document.
    public let pointer: String
    /// What is wrong there.
    public let message: String
  }

  /// Why a schema cannot be used.
  public struct UnknownKeyword: Error, Hashable, Sendable {
    /// The keyword.
    public let keyword: String
  }

  private static let keywords: Set<String> = [
    "$schema", "$id", "$ref", "$defs", "title", "description", "type", "const", "enum", "properties", "required",
    "additionalProperties", "items", "minItems", "maxItems", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "pattern", "oneOf", "discriminator",
  ]

  private let root: JSONValue

  /// Takes a schema.
  ///
  /// - Throws: ``UnknownKeyword`` for a keyword that would not be checked, or not in the form that it has.
  public init(_ root: JSONValue) throws(UnknownKeyword) {
    self.root = root
    try checkKeywords(root)
  }

  private func checkKeywords(_ schema: JSONValue) throws(UnknownKeyword) {
    guard let members = schema.object else { return }
    for (keyword, value) in members.sorted(by: { $0.key < $1.key }) {
      guard Self.keywords.contains(keyword) else { throw UnknownKeyword(keyword: keyword) }
      switch keyword {
      case "properties", "$defs":
        for member in (value.object ?? [:]).values { try checkKeywords(member) }
      case "oneOf":
        for alternative in value.array ?? [] { try checkKeywords(alternative) }
      case "items": try checkKeywords(value)
      // Of these, only the plainest form is known.
      case "type" where value.string == nil, "additionalProperties" where value != false:
        throw UnknownKeyword(keyword: keyword)
      case "$ref" where resolve(value.string ?? "") == nil: throw UnknownKeyword(keyword: keyword)
      default: break
      }
    }
  }

  /// Everything in `value` that breaks the schema.
  public func violations(of value: JSONValue) -> [Violation] {
    var violations: [Violation] = []
    check(value, against: root, at: "", &violations)
    return violations
  }

  private func check(_ value: JSONValue, against schema: JSONValue, at pointer: String, _ found: inout [Violation]) {
    func report(_ message: String) { found.append(Violation(pointer: pointer, message: message)) }
    if let reference = schema["$ref"]?.string {
      if let target = resolve(reference) { check(value, against: target, at: pointer, &found) }
    }
    if let type = schema["type"]?.string, !Self.has(value, type: type) {
      report("has to be \(Self.article(type))")
      return
    }
    if let constant = schema["const"], value != constant {
      report("has to be \(constant.canonical), but is \(Self.excerpt(value))")
    }
    if let allowed = schema["enum"]?.array, !allowed.contains(value) {
      report("is \(Self.excerpt(value)), but has to be one of \(allowed.map(\.canonical).joined(separator: ", "))")
    }
    if let number = value.number { checkNumber(number, against: schema, report) }
    if let string = value.string, let pattern = schema["pattern"]?.string, !Self.matches(string, pattern) {
      report("is \(Self.excerpt(value)), which does not match \(pattern)")
    }
    if let values = value.array {
      if let least = schema["minItems"]?.integer, values.count < least { report("has fewer than \(least) elements") }
      if let most = schema["maxItems"]?.integer, values.count > most {
        report("has more than \(most) elements")
        return
      }
      if let items = schema["items"] {
        for (index, element) in values.enumerated() {
          check(element, against: items, at: "\(pointer)/\(index)", &found)
        }
      }
    }
    if let members = value.object { checkMembers(members, against: schema, at: pointer, &found) }
    if let alternatives = schema["oneOf"]?.array {
      checkAlternatives(value, alternatives, schema: schema, at: pointer, &found)
    }
  }

  private func checkNumber(_ number: Double, against schema: JSONValue, _ report: (String) -> Void) {
    if let least = schema["minimum"]?.number, number < least {
      report("has to be at least \(JSONValue.number(least).canonical)")
    }
    if let most = schema["maximum"]?.number, number > most {
      report("has to be at most \(JSONValue.number(most).canonical)")
    }
    if let bound = schema["exclusiveMinimum"]?.number, number <= bound {
      report("has to be above \(JSONValue.number(bound).canonical)")
    }
    if let bound = schema["exclusiveMaximum"]?.number, number >= bound {
      report("has to be below \(JSONValue.number(bound).canonical)")
    }
  }

  private func checkMembers(
    _ members: [String: JSONValue], against schema: JSONValue, at pointer: String, _ found: inout [Violation]
  ) {
    func report(_ message: String) { found.append(Violation(pointer: pointer, message: message)) }
    for name in schema["required"]?.array ?? [] {
      if let name = name.string, members[name] == nil { report("has no '\(name)'") }
    }
    let properties = schema["properties"]?.object ?? [:]
    for (name, member) in members.sorted(by: { $0.key < $1.key }) {
      let place = pointer + "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
      if let property = properties[name] {
        check(member, against: property, at: place, &found)
      } else if schema["additionalProperties"] == .bool(false) {
        report("has an unknown key \(JSONValue.string(name).canonical)")
      }
    }
  }

  /// With a discriminator, the alternative that its value names is the one to report on; else exactly one has to hold.
  private func checkAlternatives(
    _ value: JSONValue, _ alternatives: [JSONValue], schema: JSONValue, at pointer: String, _ found: inout [Violation]
  ) {
    func report(_ message: String) { found.append(Violation(pointer: pointer, message: message)) }
    if let key = schema["discriminator"]?["propertyName"]?.string {
      guard let name = value[key] else { return }
      let chosen = alternatives.lazy.map { resolve($0["$ref"]?.string ?? "") ?? $0 }
        .first { $0["properties"]?[key]?["const"] == name }
      if let chosen {
        check(value, against: chosen, at: pointer, &found)
      } else {
        report("is of the unknown \(key) \(Self.excerpt(name))")
      }
      return
    }
    let holding = alternatives.count { alternative in
      var violations: [Violation] = []
      check(value, against: alternative, at: pointer, &violations)
      return violations.isEmpty
    }
    if holding != 1 { report("has to match exactly one of \(alternatives.count) forms, but matches \(holding)") }
  }

  private func resolve(_ reference: String) -> JSONValue? {
    guard reference.hasPrefix("#/$defs/") else { return nil }
    return root["$defs"]?[String(reference.dropFirst("#/$defs/".count))]
  }

  private static func has(_ value: JSONValue, type: String) -> Bool {
    switch (type, value) {
    case ("object", .object), ("array", .array), ("string", .string), ("number", .number), ("boolean", .bool),
      ("null", .null):
      true
    case ("integer", .number(let number)): number.rounded() == number
    default: false
    }
  }

  private static func article(_ type: String) -> String {
    (["object", "array", "integer"].contains(type) ? "an " : "a ") + type
  }

  private static func excerpt(_ value: JSONValue) -> String {
    let text = value.canonical
    return text.count > 60 ? text.prefix(57) + "..." : text
  }

  static func matches(_ string: String, _ pattern: String) -> Bool {
    // The patterns are those of the repository's own schemas, all anchored at both ends.
    guard let regex = try? Regex(pattern) else { return false }
    return (try? regex.wholeMatch(in: string)) != nil
  }
}
