import RNNModel

extension Vocabulary {
  /// Puts a vocabulary together from the numbers that a file stores, whatever its format.
  ///
  /// - Parameters:
  ///   - offsets: as `/vocabulary/offsets`, not checked yet.
  ///   - unknownID: a token's index, or -1 for none.
  ///   - lineEndID: the same.
  ///   - merges: as `/vocabulary/merges`, row-major, not checked yet; nil where there is no such array.
  ///   - specials: as `/vocabulary/specials`, not checked yet; nil where there is no such array.
  /// - Throws: `VocabularyError`.
  public init(
    kind: Kind, normalisation: Normalisation, bytes: [UInt8], storedOffsets offsets: [UInt64], counts: [UInt64]?,
    unknownID: Int64, lineEndID: Int64, storedMerges merges: [UInt32]?,
    storedSpecials specials: [UInt32]?
  ) throws(VocabularyError) {
    guard offsets.allSatisfy({ $0 <= UInt64(bytes.count) }) else { throw .offsets }
    func token(_ id: Int64) throws(VocabularyError) -> Int32? {
      guard id >= -1, let token = Int32(exactly: id) else {
        throw .special(Int(id), count: max(0, offsets.count - 1))
      }
      return token < 0 ? nil : token
    }
    // One vocabulary has one form.
    if let specials, specials.isEmpty { throw .noSpecials }
    var special: [Int32] = []
    for id in specials ?? [] {
      guard let token = Int32(exactly: id) else { throw .specials(Int(id)) }
      special.append(token)
    }
    var pairs: [Merge]?
    if let merges {
      pairs = []
      for rank in 0..<(merges.count / 2) {
        guard let first = Int32(exactly: merges[2 * rank]), let second = Int32(exactly: merges[2 * rank + 1])
        else { throw .merge(rank) }
        pairs?.append(Merge(first, second))
      }
    }
    try self.init(
      kind: kind, normalisation: normalisation, bytes: bytes, offsets: offsets.map { Int($0) }, counts: counts,
      unknown: try token(unknownID), lineEnd: try token(lineEndID), merges: pairs, specials: special)
  }

  /// The merges as a file stores them, `[merges, 2]`, row-major; nil for kinds without.
  public var storedMerges: [UInt32]? {
    guard kind == .bpe else { return nil }
    return merges.flatMap { [UInt32($0.first), UInt32($0.second)] }
  }

  /// The special tokens as a file stores them; nil where there are none.
  public var storedSpecials: [UInt32]? { specials.isEmpty ? nil : specials.map { UInt32($0) } }

  /// What a reader has to know beyond version 1.0 of the format.
  var features: [String] { (kind == .bpe ? ["bpe"] : []) + (specials.isEmpty ? [] : ["special-tokens"]) }
}
