/// Where a text ends: before one of some strings.
///
/// What could be the beginning of one of them is held back until it is clear.
struct TextEnd {
  private let stops: [[UInt8]]
  /// What is held back.
  private(set) var held: [UInt8] = []
  /// Whether the text has ended.
  private(set) var isReached = false

  init(before stops: [[UInt8]]) { self.stops = stops.filter { !$0.isEmpty } }

  /// The bytes that now belong to the text for sure.
  mutating func add(_ bytes: [UInt8]) -> [UInt8] {
    guard !stops.isEmpty else { return bytes }
    guard !isReached else { return [] }
    held += bytes
    for start in held.indices {
      for stop in stops where held[start...].starts(with: stop) {
        isReached = true
        defer { held = [] }
        return Array(held[..<start])
      }
      // The longest end that may still become a stop.
      if stops.contains(where: { $0.starts(with: held[start...]) }) {
        defer { held.removeSubrange(..<start) }
        return Array(held[..<start])
      }
    }
    defer { held = [] }
    return held
  }
}
