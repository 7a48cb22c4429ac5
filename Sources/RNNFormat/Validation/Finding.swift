import HDF5

/// A rule of the format that a file breaks.
public struct Finding: Hashable, Sendable, CustomStringConvertible {
  /// How bad it is.
  public enum Severity: String, Hashable, Sendable {
    /// The file is not valid.
    case error
    /// The file is valid, but not as good as it could be.
    case warning
  }

  /// The rule's stable identifier, from `schemas/rules.json`.
  public let rule: String
  /// How bad it is.
  public let severity: Severity
  /// Where: the path of an object in the file, `path@name` for an attribute.
  public let place: String
  /// What is wrong there, continuing the place.
  public let message: String

  /// One line.
  public var description: String { "\(place): \(message) [\(rule)]".printable }
}

/// The rules of the format.
public enum Rules {
  /// Severity and meaning of each rule, by identifier: `schemas/rules.json`.
  public static let all: [String: (severity: Finding.Severity, says: String)] = {
    let rules = (try? JSONValue(parsing: EmbeddedTexts.schemas["rules.json"] ?? ""))?.object ?? [:]
    return rules.mapValues {
      (Finding.Severity(rawValue: $0["severity"]?.string ?? "") ?? .error, $0["says"]?.string ?? "")
    }
  }()
}

/// Collects findings.
struct Findings {
  private(set) var all: [Finding] = []

  var hasErrors: Bool { all.contains { $0.severity == .error } }

  mutating func add(_ rule: String, at place: String, _ message: String) {
    all.append(Finding(rule: rule, severity: Rules.all[rule]?.severity ?? .error, place: place, message: message))
  }

  mutating func add(_ error: HDF5Error) {
    add("hdf5.refused", at: error.object ?? "/", "cannot \(error.operation): \(error.cause) (\(error.rule.rawValue))")
  }
}
