/// A stretch of a text that is read from the initial state.
struct ScoredRow: Hashable, Sendable {
  /// The places of the targets in the text. What is read is the token before each.
  var targets: Range<Int>
  /// How many of the first targets are context only.
  var context = 0
  /// What is read before the first target; nil for the token before it in the text.
  var start: Int32?
  /// Whether one more target follows the last one: the first token of the text.
  var wraps = false

  /// How many steps it takes to read.
  var steps: Int { targets.count + (wraps ? 1 : 0) }

  /// The place in the text of the target of a step.
  func target(_ step: Int) -> Int { step < targets.count ? targets.lowerBound + step : 0 }

  /// The token that is read at a step.
  func input(_ step: Int, _ tokens: [Int32]) -> Int32 {
    if step == 0, let start { return start }
    return tokens[targets.lowerBound + step - 1]
  }

  /// The places of the tokens that are read or scored, but for a first one that is scored after the last.
  var places: Range<Int> { (start == nil ? max(0, targets.lowerBound - 1) : targets.lowerBound)..<targets.upperBound }
}
