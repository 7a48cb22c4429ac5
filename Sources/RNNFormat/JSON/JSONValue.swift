/// A JSON text as a value: what `/architecture`, `/metadata` and `/lineage` hold.
///
/// Numbers are doubles, as RFC 8785 prescribes: every integer up to 2^53 is exact.
public enum JSONValue: Hashable, Sendable {
  /// `null`
  case null
  /// `true` or `false`
  case bool(Bool)
  /// A finite number.
  case number(Double)
  /// A string.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// Keys with values.
  case object([String: JSONValue])
}

extension JSONValue {
  /// The value at a key of an object; nil for other values.
  public subscript(key: String) -> JSONValue? {
    if case .object(let members) = self { return members[key] }
    return nil
  }

  /// The string, if it is one.
  public var string: String? {
    if case .string(let value) = self { return value }
    return nil
  }

  /// The number, if it is one.
  public var number: Double? {
    if case .number(let value) = self { return value }
    return nil
  }

  /// The number, if it is a whole one of at most 2^53 - 1.
  public var integer: Int? {
    if case .number(let value) = self, value.rounded() == value, abs(value) <= JSONValue.largestInteger {
      return Int(value)
    }
    return nil
  }

  /// The truth value, if it is one.
  public var bool: Bool? {
    if case .bool(let value) = self { return value }
    return nil
  }

  /// The elements, if it is a list.
  public var array: [JSONValue]? {
    if case .array(let values) = self { return values }
    return nil
  }

  /// The members, if it is an object.
  public var object: [String: JSONValue]? {
    if case .object(let members) = self { return members }
    return nil
  }

  /// 2^53 - 1: beyond it, doubles skip integers.
  static let largestInteger = 9_007_199_254_740_991.0

  /// A whole number.
  public static func integer(_ value: some BinaryInteger) -> JSONValue { .number(Double(value)) }

  /// An object without the members that are nil.
  public static func object(omittingNil members: [String: JSONValue?]) -> JSONValue {
    .object(members.compactMapValues { $0 })
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An object; of equal keys, the last one counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
  }
  /// A list.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A number.
  public init(integerLiteral value: Int) { self = .number(Double(value)) }
}
