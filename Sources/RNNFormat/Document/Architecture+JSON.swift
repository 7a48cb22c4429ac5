import Foundation
import RNNModel

extension Architecture {
  /// The document of `docs/FORMAT.md`, section 4.
  public var json: JSONValue {
    let encoder = JSONEncoder()
    // An architecture holds only strings, integers, truth values and finite numbers: encoding it cannot fail.
    guard let data = try? encoder.encode(self), let value = try? JSONValue(parsing: Array(data)) else { return .null }
    return value
  }

  /// Reads the document of `docs/FORMAT.md`, section 4.
  ///
  /// - Throws: `DecodingError` for what this version cannot compute.
  public init(json: JSONValue) throws {
    self = try JSONDecoder().decode(Architecture.self, from: Data(json.canonical.utf8))
  }
}
