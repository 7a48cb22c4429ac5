import RNNFormat

/// A place at which two JSON documents are not the same.
public struct JSONDifference: Hashable, Sendable {
  /// The keys and places in lists that lead there, joined by `/`.
  public let path: String
  /// What the first document has there; nil for nothing.
  public let first: JSONValue?
  /// What the second one has there; nil for nothing.
  public let second: JSONValue?

  /// All differences of two documents, in the order of their paths; objects and lists that both have are entered.
  ///
  /// Documents that were read from a file are nested at most as deep as their parser allows.
  public static func all(_ first: JSONValue?, _ second: JSONValue?, at path: String = "") -> [JSONDifference] {
    if first == second { return [] }
    func below(_ key: String) -> String { path.isEmpty ? key : "\(path)/\(key)" }
    switch (first, second) {
    case (.object(let left)?, .object(let right)?):
      return Set(left.keys).union(right.keys).sorted().flatMap { all(left[$0], right[$0], at: below($0)) }
    case (.array(let left)?, .array(let right)?):
      return (0..<max(left.count, right.count)).flatMap { index in
        all(
          index < left.count ? left[index] : nil, index < right.count ? right[index] : nil, at: below("\(index)"))
      }
    default: return [JSONDifference(path: path, first: first, second: second)]
    }
  }
}
