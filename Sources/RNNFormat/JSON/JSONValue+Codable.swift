/// Values as JSON and back, without a way through text.
///
/// Every number comes back with the same bits: one beyond 2^53 - 1 in magnitude, which the documents of the format may not hold
/// as a number (`docs/FORMAT.md`, section 2), is a string of digits.
extension JSONValue {
  /// What a value looks like as JSON.
  ///
  /// - Throws: `EncodingError` for numbers that are not finite.
  public init(encoding value: some Encodable) throws {
    let node = EncodingNode()
    try node.encode(value, at: [])
    self = node.json
  }

  /// The value that this is the JSON of.
  ///
  /// - Throws: `DecodingError`.
  public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
    try ValueDecoder(value: self, codingPath: []).decode(type)
  }
}

// MARK: Numbers, strings, truth values

/// What is one JSON value by itself.
private protocol JSONScalar {
  /// The JSON; nil for what JSON cannot say.
  var json: JSONValue? { get }
  /// The value of some JSON; nil if it is not of this kind.
  static func read(_ json: JSONValue) -> Self?
}

extension Bool: JSONScalar {
  fileprivate var json: JSONValue? { .bool(self) }
  fileprivate static func read(_ json: JSONValue) -> Bool? { json.bool }
}

extension String: JSONScalar {
  fileprivate var json: JSONValue? { .string(self) }
  fileprivate static func read(_ json: JSONValue) -> String? { json.string }
}

extension BinaryFloatingPoint where Self: LosslessStringConvertible {
  fileprivate var json: JSONValue? {
    guard isFinite else { return nil }
    return Double(magnitude) > JSONValue.largestInteger ? .string("\(self)") : .number(Double(self))
  }

  fileprivate static func read(_ json: JSONValue) -> Self? {
    if let number = json.number {
      // A float is written as the double that it is.
      return Self(number)
    }
    guard let text = json.string, let number = Self(text), number.isFinite else { return nil }
    return Double(number.magnitude) > JSONValue.largestInteger ? number : nil
  }
}

extension FixedWidthInteger {
  fileprivate var json: JSONValue? {
    Double(magnitude) > JSONValue.largestInteger ? .string("\(self)") : .number(Double(self))
  }

  fileprivate static func read(_ json: JSONValue) -> Self? {
    if let integer = json.integer { return Self(exactly: integer) }
    guard let text = json.string, let number = Self(text) else { return nil }
    return Double(number.magnitude) > JSONValue.largestInteger ? number : nil
  }
}

extension Double: JSONScalar {}
extension Float: JSONScalar {}
extension Int: JSONScalar {}
extension Int8: JSONScalar {}
extension Int16: JSONScalar {}
extension Int32: JSONScalar {}
extension Int64: JSONScalar {}
extension UInt: JSONScalar {}
extension UInt8: JSONScalar {}
extension UInt16: JSONScalar {}
extension UInt32: JSONScalar {}
extension UInt64: JSONScalar {}

// MARK: Writing

/// A place in a document that is being made.
private final class EncodingNode {
  private enum Content {
    case value(JSONValue)
    case array([EncodingNode])
    case object([String: EncodingNode])
  }
  /// A value that encodes nothing is an empty object.
  private var content = Content.object([:])

  var json: JSONValue {
    switch content {
    case .value(let value): value
    case .array(let elements): .array(elements.map(\.json))
    case .object(let members): .object(members.mapValues(\.json))
    }
  }

  /// The number of elements of a list.
  var count: Int {
    if case .array(let elements) = content { elements.count } else { 0 }
  }

  func set(_ value: JSONValue) { content = .value(value) }

  func beginArray() {
    if case .array = content { return }
    content = .array([])
  }

  func appended() -> EncodingNode {
    let node = EncodingNode()
    guard case .array(var elements) = content else { return node }
    // The list is let go first, so that it is not copied.
    content = .array([])
    elements.append(node)
    content = .array(elements)
    return node
  }

  func member(_ key: any CodingKey) -> EncodingNode {
    guard case .object(var members) = content else { return EncodingNode() }
    if let node = members[key.stringValue] { return node }
    let node = EncodingNode()
    content = .object([:])
    members[key.stringValue] = node
    content = .object(members)
    return node
  }

  func encode(_ value: some Encodable, at path: [any CodingKey]) throws {
    guard let scalar = value as? any JSONScalar else {
      return try value.encode(to: ValueEncoder(node: self, codingPath: path))
    }
    guard let json = scalar.json else {
      throw EncodingError.invalidValue(
        value, .init(codingPath: path, debugDescription: "\(value) is no number that JSON can hold"))
    }
    set(json)
  }
}

private struct ValueEncoder: Encoder, SingleValueEncodingContainer {
  let node: EncodingNode
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(KeyedEncoding<Key>(node: node, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.beginArray()
    return UnkeyedEncoding(node: node, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  func encodeNil() throws { node.set(.null) }

  func encode<Value: Encodable>(_ value: Value) throws { try node.encode(value, at: codingPath) }
}

private struct KeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: EncodingNode
  let codingPath: [any CodingKey]

  private func encoder(_ key: any CodingKey) -> ValueEncoder {
    ValueEncoder(node: node.member(key), codingPath: codingPath + [key])
  }

  func encodeNil(forKey key: Key) throws { node.member(key).set(.null) }

  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    try node.member(key).encode(value, at: codingPath + [key])
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested>
  {
    encoder(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }

  func superEncoder() -> any Encoder { encoder(Name.super) }

  func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }
}

private struct UnkeyedEncoding: UnkeyedEncodingContainer {
  let node: EncodingNode
  let codingPath: [any CodingKey]
  var count: Int { node.count }

  private func encoder() -> ValueEncoder {
    let path = codingPath + [Name(intValue: count)]
    return ValueEncoder(node: node.appended(), codingPath: path)
  }

  func encodeNil() throws { node.appended().set(.null) }

  func encode<Value: Encodable>(_ value: Value) throws { try encoder().encode(value) }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    encoder().container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }

  func superEncoder() -> any Encoder { encoder() }
}

/// A key that no type declares.
private struct Name: CodingKey {
  let stringValue: String
  let intValue: Int?

  static let `super` = Name(stringValue: "super")

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    stringValue = "\(intValue)"
    self.intValue = intValue
  }
}

// MARK: Reading

private struct ValueDecoder: Decoder, SingleValueDecodingContainer {
  let value: JSONValue
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let members = value.object else { throw mismatch([String: JSONValue].self, "it is no object") }
    return KeyedDecodingContainer(KeyedDecoding<Key>(members: members, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let elements = value.array else { throw mismatch([JSONValue].self, "it is no list") }
    return UnkeyedDecoding(elements: elements, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  func decodeNil() -> Bool { value == .null }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    guard let scalar = type as? any JSONScalar.Type else { return try Value(from: self) }
    guard let found = scalar.read(value) as? Value else { throw mismatch(type, "it is no \(type)") }
    return found
  }

  private func mismatch(_ type: Any.Type, _ what: String) -> DecodingError {
    .typeMismatch(type, .init(codingPath: codingPath, debugDescription: what))
  }
}

private struct KeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let members: [String: JSONValue]
  let codingPath: [any CodingKey]

  var allKeys: [Key] { members.keys.sorted().compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }

  private func decoder(_ key: any CodingKey) throws -> ValueDecoder {
    guard let value = members[key.stringValue] else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "there is no '\(key.stringValue)'"))
    }
    return ValueDecoder(value: value, codingPath: codingPath + [key])
  }

  func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try decoder(key).decode(type) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { try decoder(Name.super) }

  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

private struct UnkeyedDecoding: UnkeyedDecodingContainer {
  let elements: [JSONValue]
  let codingPath: [any CodingKey]
  private(set) var currentIndex = 0

  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }

  private mutating func next() throws -> ValueDecoder {
    let path = codingPath + [Name(intValue: currentIndex)]
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        JSONValue.self, .init(codingPath: path, debugDescription: "the list has only \(elements.count) elements"))
    }
    defer { currentIndex += 1 }
    return ValueDecoder(value: elements[currentIndex], codingPath: path)
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, elements[currentIndex] == .null else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().decode(type) }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }

  mutating func superDecoder() throws -> any Decoder { try next() }
}
