/// Whether a text ends in a phrase that it repeats, by the two definitions of Holtzman et al. (2020).
public enum Repetition: String, Hashable, Sendable, CaseIterable {
  /// That of the paper: a phrase of at least 2 tokens stands at least 3 times at the end.
  case paper
  /// That of the authors' program: of phrases of up to 90 tokens, the one that stands most often at the end, at least twice, has at least 3
  /// tokens, or stands there more than 50 times.
  case program

  private static let longest = 90
  private static let mostOfShort = 50

  /// Whether a text ends in a repetition.
  public func isFound(in text: [Int32]) -> Bool {
    switch self {
    case .paper:
      guard text.count >= 6 else { return false }
      return (2...(text.count / 3)).contains { Self.times(of: $0, atTheEndOf: text) >= 3 }
    case .program:
      var most = (length: 1, times: 1)
      for length in 1...Self.longest {
        let times = Self.times(of: length, atTheEndOf: text)
        if times > most.times { most = (length, times) }
      }
      return most.times > 1 && (most.length >= 3 || most.times > Self.mostOfShort)
    }
  }

  /// The share of texts that end in a repetition.
  public func share(of texts: [[Int32]]) -> Double {
    texts.isEmpty ? 0 : Double(texts.count { isFound(in: $0) }) / Double(texts.count)
  }

  /// How often the last `length` tokens stand in a row at the end.
  private static func times(of length: Int, atTheEndOf text: [Int32]) -> Int {
    // A token that agrees with the one `length` before it goes on with the repetition.
    var same = 0
    var index = text.count - 1
    while index - length >= 0, text[index] == text[index - length] {
      same += 1
      index -= 1
    }
    return length <= text.count ? 1 + same / length : 1
  }
}
