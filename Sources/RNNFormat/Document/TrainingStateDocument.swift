/// What a training needs, beside the model, to go on bit for bit (`docs/FORMAT.md`, section 10).
///
/// Names have one to four parts, divided by slashes: `slots/momentum`, `carried_state/lstm_1/hidden`.
public struct TrainingStateDocument: Hashable, Sendable {
  /// Numbers, by name: current parameters, what the optimizer keeps, what the network carries. Any bit pattern is kept.
  public var arrays: [String: [Float]]
  /// Words, by name: the states of random number generators.
  public var words: [String: [UInt64]]
  /// Everything small: plan, step, epoch, position, schedule, counters. Its integers are at most 2^53 - 1 in magnitude.
  public var progress: JSONValue

  /// Makes a state.
  public init(arrays: [String: [Float]] = [:], words: [String: [UInt64]] = [:], progress: JSONValue = .object([:])) {
    self.arrays = arrays
    self.words = words
    self.progress = progress
  }

  /// Why the state cannot be written; nil if it can.
  func violation() -> String? {
    let names = arrays.keys.sorted() + words.keys.sorted()
    for name in names where !Self.isName(name) || name == Self.progressName {
      return "'\(name.printable)' is not a name that the state of a training can have"
    }
    guard Set(names).count == names.count else { return "two arrays of the training state have the same name" }
    let groups = Set(names.flatMap(Self.groups))
    if let name = (names + [Self.progressName]).first(where: groups.contains) {
      return "'\(name)' of the training state is both an array and a group"
    }
    do {
      _ = try JSONValue(parsing: progress.canonical)
    } catch {
      return "/training_state/progress: \(error)"
    }
    return nil
  }

  /// Where the progress lies.
  static let progressName = "progress"

  /// Whether a name is one that an array or a group can have.
  static func isName(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return (1...4).contains(parts.count)
      && parts.allSatisfy { part in
        (1...64).contains(part.utf8.count) && part.utf8.first.map { (97...122).contains($0) } == true
          && part.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
      }
  }

  /// The groups that a name lies in, the outermost first: `a`, `a/b` of `a/b/c`.
  static func groups(of name: String) -> [String] {
    let parts = name.split(separator: "/")
    return parts.indices.dropFirst().map { parts[..<$0].joined(separator: "/") }
  }

  /// The name of the array at a path of the file; nil for what is no array.
  static func name(at path: String) -> String? {
    let prefix = "/training_state/"
    guard path.hasPrefix(prefix), path != prefix + progressName else { return nil }
    return String(path.dropFirst(prefix.count))
  }
}
