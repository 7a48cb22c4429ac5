import Testing

@testable import RNNFormat

@Suite struct JSONSchemaTests {
  private func pointers(_ value: JSONValue, _ schema: JSONValue) throws -> [String] {
    try JSONSchema(schema).violations(of: value).map(\.pointer)
  }

  private func accepts(_ schema: JSONValue, _ value: JSONValue) throws -> Bool { try pointers(value, schema).isEmpty }

  @Test(arguments: ["maxLength", "anyOf", "uniqueItems", "patternProperties", "format"])
  func refusesAKeywordThatItWouldNotCheck(keyword: String) {
    let plain = JSONValue.object([keyword: 1])
    for schema: JSONValue in [
      plain, ["properties": ["a": plain]], ["items": plain], ["oneOf": [plain]], ["$defs": ["a": plain]],
    ] {
      #expect(throws: JSONSchema.UnknownKeyword(keyword: keyword)) { try JSONSchema(schema) }
    }
  }

  @Test(
    arguments: [
      ["type": ["string", "null"]], ["additionalProperties": ["type": "string"]], ["$ref": "#/$defs/none"],
      ["$ref": "elsewhere"],
    ] as [JSONValue])
  func refusesAFormThatItWouldNotCheck(schema: JSONValue) {
    #expect(throws: JSONSchema.UnknownKeyword.self) { try JSONSchema(schema) }
  }

  @Test func checksTypes() throws {
    let values: [(JSONValue, Set<String>)] = [
      (.null, ["null"]), (true, ["boolean"]), (1, ["integer", "number"]), (1.5, ["number"]), ("a", ["string"]),
      ([], ["array"]), ([:], ["object"]), (1e300, ["integer", "number"]),
    ]
    for type in ["null", "boolean", "integer", "number", "string", "array", "object"] {
      for (value, types) in values {
        #expect(try accepts(["type": .string(type)], value) == types.contains(type), "\(type) \(value)")
      }
    }
  }

  @Test func checksValues() throws {
    #expect(try accepts(["const": 1], 1))
    #expect(try !accepts(["const": 1], true))
    #expect(try accepts(["const": .null], .null))
    #expect(try accepts(["const": ["a", ["b": 1]]], ["a", ["b": 1]]))
    #expect(try accepts(["enum": ["a", 2]], 2))
    #expect(try !accepts(["enum": ["a", 2]], "2"))
  }

  @Test func checksNumbers() throws {
    let schema: JSONValue = ["minimum": 1, "maximum": 3]
    for (value, isAccepted) in [(0.5, false), (1, true), (3, true), (3.5, false)] {
      #expect(try accepts(schema, .number(value)) == isAccepted)
    }
    #expect(try accepts(["exclusiveMaximum": 1], 0.99))
    #expect(try !accepts(["exclusiveMaximum": 1], 1))
    #expect(try accepts(schema, "text"))
  }

  @Test func checksStringsFromEndToEnd() throws {
    let schema: JSONValue = ["pattern": "^[a-z]{2}$"]
    for (text, isAccepted) in [("ab", true), ("a", false), ("abc", false), ("ab\n", false), ("\nab", false)] {
      #expect(try accepts(schema, .string(text)) == isAccepted)
    }
  }

  @Test func checksLists() throws {
    let schema: JSONValue = ["minItems": 1, "maxItems": 2, "items": ["type": "integer"]]
    #expect(try accepts(schema, [1]))
    #expect(try !accepts(schema, []))
    #expect(try !accepts(schema, [1, 2, 3]))
    #expect(try pointers([1, "a"], schema) == ["/1"])
  }

  @Test func checksObjects() throws {
    let schema: JSONValue = [
      "required": ["a"], "additionalProperties": false, "properties": ["a": ["type": "integer"], "b/~": ["const": 1]],
    ]
    #expect(try accepts(schema, ["a": 1]))
    #expect(try pointers([:], schema) == [""])
    #expect(try pointers(["a": 1, "c": 2], schema) == [""])
    #expect(try pointers(["a": "x", "b/~": 2], schema) == ["/a", "/b~1~0"])
  }

  @Test func followsReferences() throws {
    let schema: JSONValue = ["items": ["$ref": "#/$defs/a"], "$defs": ["a": ["type": "string"]]]
    #expect(try pointers(["x", 1], schema) == ["/1"])
  }

  @Test func checksAlternatives() throws {
    let schema: JSONValue = ["oneOf": [["type": "integer"], ["minimum": 5]]]
    #expect(try accepts(schema, 1))
    #expect(try accepts(schema, 5.5))
    #expect(try !accepts(schema, 6))
    #expect(try !accepts(schema, 1.5))
  }

  @Test func reportsOnTheAlternativeThatTheDiscriminatorNames() throws {
    let schema: JSONValue = [
      "discriminator": ["propertyName": "kind"],
      "oneOf": [
        ["properties": ["kind": ["const": "a"], "size": ["type": "integer"]]],
        ["properties": ["kind": ["const": "b"], "size": ["type": "string"]]],
      ],
    ]
    #expect(try accepts(schema, ["kind": "b", "size": "x"]))
    #expect(try pointers(["kind": "a", "size": "x"], schema) == ["/size"])
    #expect(try pointers(["kind": "c"], schema) == [""])
  }
}
