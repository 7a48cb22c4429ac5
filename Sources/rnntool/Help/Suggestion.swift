/// What somebody may have meant who has mistyped a name.
enum Suggestion {
  /// ` (did you mean 'inspect'?)`, or nothing where no name is near.
  static func remark(on word: String, among names: [String]) -> String {
    closest(to: word, among: names).map { " (did you mean '\($0)'?)" } ?? ""
  }

  /// The name that needs the fewest changes, if these are few for its length.
  static func closest(to word: String, among names: [String]) -> String? {
    // Longer ones are not mistyped, and would take their time.
    guard !word.isEmpty, word.count <= 200 else { return nil }
    let ranked = names.filter { $0.count <= 200 }.map {
      (name: $0, distance: distance(word.lowercased(), $0.lowercased()))
    }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, min(word.count, best.name.count) / 3) ? best.name : nil
  }

  /// How many characters have to be put in, taken out, replaced, or exchanged with their neighbour (Damerau 1964), to make one word of another.
  static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first), Array(second))
    var before: [Int] = []
    var above = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(row[j] + 1, above[j + 1] + 1, above[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, before[j - 1] + 1) }
        row.append(least)
      }
      (before, above) = (above, row)
    }
    return above[b.count]
  }
}
