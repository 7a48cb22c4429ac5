/// What a Python pickle holds, as plain data: nothing that a pickle names is ever looked up, and nothing is called.
///
/// Values that occur at several places of the pickle share their memory here too. A value never contains itself, and its nesting is bounded.
indirect enum PickleValue: Hashable, Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer beyond 64 bits: two's complement, little-endian.
  case longInteger([UInt8])
  case real(Double)
  case string(String)
  case bytes([UInt8])
  case list([PickleValue])
  case tuple([PickleValue])
  case set([PickleValue])
  case dictionary(PickleDictionary)
  /// A class or a function, by name.
  case global(PickleName)
  /// An instance of a class, or what a known function would have made.
  case object(PickleObject)
  /// What the program that wrote the pickle keeps elsewhere.
  case persistent(PickleValue)
}

/// The name of a class or a function.
struct PickleName: Hashable, Sendable, CustomStringConvertible {
  let module: String
  let name: String

  var description: String { "\(module).\(name)" }
}

/// Keys with values, in the order of the pickle.
struct PickleDictionary: Hashable, Sendable {
  struct Pair: Hashable, Sendable {
    let key: PickleValue
    let value: PickleValue
  }

  let pairs: [Pair]
  /// By UTF-8: to Swift, texts that look alike are the same.
  private let places: [[UInt8]: Int]

  /// Takes the pairs; nil if a text or a number is a key twice, which no dictionary has.
  init?(_ pairs: [Pair]) {
    var places: [[UInt8]: Int] = [:]
    var numbers: Set<Int> = []
    for (place, pair) in pairs.enumerated() {
      switch pair.key {
      case .string(let key): guard places.updateValue(place, forKey: Array(key.utf8)) == nil else { return nil }
      case .integer(let key): guard numbers.insert(key).inserted else { return nil }
      default: break
      }
    }
    self.pairs = pairs
    self.places = places
  }

  /// No pairs.
  static let empty = PickleDictionary()

  private init() {
    pairs = []
    places = [:]
  }

  /// The value at a key that is a text.
  subscript(key: String) -> PickleValue? { places[Array(key.utf8)].map { pairs[$0].value } }
}

/// An instance of a class, or what a known function would have made of its arguments.
struct PickleObject: Hashable, Sendable {
  /// The class or the function.
  let type: PickleName
  let arguments: [PickleValue]
  /// What the instance was to be given as its state, mostly its attributes.
  let state: PickleValue?
  /// The elements of an instance that is a list.
  let elements: [PickleValue]
  /// The pairs of an instance that is a dictionary.
  let pairs: PickleDictionary

  /// The attributes of an instance.
  var attributes: PickleDictionary? {
    switch state {
    case .dictionary(let attributes): attributes
    // Classes with slots have their attributes second.
    case .tuple(let parts) where parts.count == 2: parts[0].dictionary ?? parts[1].dictionary
    default: nil
    }
  }
}

extension PickleValue {
  var string: String? { if case .string(let value) = self { value } else { nil } }
  var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var dictionary: PickleDictionary? { if case .dictionary(let value) = self { value } else { nil } }
  var object: PickleObject? { if case .object(let value) = self { value } else { nil } }
  var global: PickleName? { if case .global(let value) = self { value } else { nil } }

  /// The elements of a list or a tuple.
  var elements: [PickleValue]? {
    switch self {
    case .list(let values), .tuple(let values): values
    default: nil
    }
  }

  /// What it is, for messages.
  var kind: String {
    switch self {
    case .none: "nothing"
    case .bool: "a truth value"
    case .integer, .longInteger: "an integer"
    case .real: "a float"
    case .string: "a text"
    case .bytes: "bytes"
    case .list: "a list"
    case .tuple: "a tuple"
    case .set: "a set"
    case .dictionary: "a dictionary"
    case .global(let name): "'\(name)'"
    case .object(let object): "an object of '\(object.type)'"
    case .persistent: "something kept elsewhere"
    }
  }
}
