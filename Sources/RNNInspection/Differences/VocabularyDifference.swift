import RNNModel

/// What two vocabularies do not have in common.
public struct VocabularyDifference: Sendable {
  /// A token that has another id in the second vocabulary.
  public struct Moved: Hashable, Sendable {
    /// The token's bytes.
    public let bytes: [UInt8]
    /// Its id in the first vocabulary.
    public let first: Int32
    /// Its id in the second one.
    public let second: Int32
  }

  /// What holds for a whole vocabulary, and is not the same: its name and both values.
  public let settings: [(name: String, first: String, second: String)]
  /// The ids of tokens that only the first vocabulary has.
  public let onlyFirst: [Int32]
  /// The ids of tokens that only the second one has.
  public let onlySecond: [Int32]
  /// The tokens with other ids.
  public let moved: [Moved]
  /// Whether pairs are merged in another order.
  public let hasOtherMerges: Bool
  /// Whether the tokens occurred a different number of times in the training text; says nothing about what the model computes.
  public let hasOtherCounts: Bool

  /// Compares two vocabularies.
  public init(_ first: Vocabulary, _ second: Vocabulary) {
    func id(_ token: Int32?) -> String { token.map { "\($0)" } ?? "none" }
    settings = [
      ("kind", first.kind.rawValue, second.kind.rawValue),
      ("normalisation", first.normalisation.rawValue, second.normalisation.rawValue),
      ("tokens", "\(first.count)", "\(second.count)"),
      ("unknown token", id(first.unknown), id(second.unknown)),
      ("line end", id(first.lineEnd), id(second.lineEnd)),
      ("special tokens", "\(first.specials.map(Int.init))", "\(second.specials.map(Int.init))"),
    ].filter { $0.1 != $0.2 }
    hasOtherMerges = first.merges != second.merges
    hasOtherCounts = first.counts != second.counts
    guard first.bytes != second.bytes || first.offsets != second.offsets else {
      (onlyFirst, onlySecond, moved) = ([], [], [])
      return
    }
    var ids: [ArraySlice<UInt8>: Int32] = [:]
    for token in 0..<Int32(clamping: second.count) { ids[second[token]] = token }
    var (alone, moved): ([Int32], [Moved]) = ([], [])
    for token in 0..<Int32(clamping: first.count) {
      guard let other = ids.removeValue(forKey: first[token]) else {
        alone.append(token)
        continue
      }
      if other != token { moved.append(Moved(bytes: Array(first[token]), first: token, second: other)) }
    }
    onlyFirst = alone
    onlySecond = ids.values.sorted()
    self.moved = moved
  }

  /// Whether both split every text into the same tokens.
  public var isNone: Bool {
    settings.isEmpty && onlyFirst.isEmpty && onlySecond.isEmpty && moved.isEmpty && !hasOtherMerges
  }
}
