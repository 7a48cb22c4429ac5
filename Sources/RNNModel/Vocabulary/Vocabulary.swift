/// The tokens of a language model, as byte strings, and how a text is split into them.
///
/// `docs/FORMAT.md`, section 6, defines each kind. Any byte string can be a token, NUL and invalid UTF-8 included.
public struct Vocabulary: Hashable, Sendable {
  /// What a symbol of the text is.
  public enum Kind: String, Hashable, Sendable, CaseIterable, Codable {
    /// A byte.
    case bytes
    /// A Unicode scalar value; bytes that are not UTF-8 stand for themselves.
    case characters
    /// A run of bytes without white space.
    case words
    /// Byte-pair encoding: bytes, and the pairs of tokens that were merged (Sennrich, Haddow & Birch 2016; on bytes as
    /// Radford et al. 2019).
    case bpe
  }

  /// Two tokens that byte-pair encoding makes one of.
  public struct Merge: Hashable, Sendable {
    /// The token on the left.
    public var first: Int32
    /// The token on the right.
    public var second: Int32

    /// Makes a pair.
    public init(_ first: Int32, _ second: Int32) {
      self.first = first
      self.second = second
    }
  }

  /// What splitting a text into words gives up.
  public enum Normalisation: String, Hashable, Sendable, CaseIterable, Codable {
    /// Nothing.
    case none
    /// White space, except that each line ends in a token of its own: the convention of most word-level corpora.
    case whitespace
  }

  /// What a symbol of the text is.
  public let kind: Kind
  /// What splitting a text gives up; ``Normalisation/none`` except for words.
  public let normalisation: Normalisation
  /// Token k is `bytes[offsets[k] ..< offsets[k + 1]]`.
  public let bytes: [UInt8]
  /// `[count + 1]`, rising from 0 to the number of bytes.
  public let offsets: [Int]
  /// How often each token occurred in the training text; nil where that is not known.
  public private(set) var counts: [UInt64]?
  /// The token that stands for symbols without one.
  public let unknown: Int32?
  /// The token at the end of each line, with ``Normalisation/whitespace``.
  public let lineEnd: Int32?
  /// For ``Kind/bpe``, in order of priority: merge k makes token 256 + k. Empty for other kinds.
  public let merges: [Merge]
  /// Tokens that no text gives, rising: padding, the mark of a text's beginning, ids that are not used. Their bytes are only names.
  public let specials: [Int32]

  let ranks: MergeRanks
  private let index: [Symbol: Int32]

  /// The number of tokens.
  public var count: Int { offsets.count - 1 }

  /// Checks and takes the parts of a vocabulary.
  ///
  /// - Throws: ``VocabularyError`` naming what breaks the rules of `docs/FORMAT.md`, section 6.
  public init(
    kind: Kind, normalisation: Normalisation = .none, bytes: [UInt8], offsets: [Int], counts: [UInt64]? = nil,
    unknown: Int32? = nil, lineEnd: Int32? = nil, merges: [Merge]? = nil, specials: [Int32] = []
  ) throws(VocabularyError) {
    guard offsets.first == 0, offsets.last == bytes.count, offsets.count <= Int(Int32.max),
      zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 })
    else { throw .offsets }
    let count = offsets.count - 1
    guard count > 0 else { throw .empty }
    if let counts, counts.count != count { throw .counts(expected: count, found: counts.count) }
    for special in [unknown, lineEnd] {
      if let special, !(0..<count).contains(Int(special)) { throw .special(Int(special), count: count) }
    }
    if unknown != nil && unknown == lineEnd { throw .special(Int(unknown ?? 0), count: count) }
    guard (normalisation == .none || kind == .words) && (lineEnd != nil) == (normalisation == .whitespace) else {
      throw .normalisation(kind, normalisation)
    }
    try Self.check(specials, count: count, others: [unknown, lineEnd])
    guard (kind == .bpe) == (merges != nil) else { throw .merges(kind) }
    if let merges {
      if let special = unknown ?? lineEnd { throw .special(Int(special), count: count) }
      // Strictly rising ids below the count: the first one says where all of them are.
      if let first = specials.first, Int(first) != count - specials.count { throw .specials(Int(first)) }
      try Self.check(merges, bytes: bytes, offsets: offsets.dropLast(specials.count))
    }
    var index: [Symbol: Int32] = [:]
    index.reserveCapacity(count)
    var isSpecial = [Bool](repeating: false, count: count)
    for token in specials { isSpecial[Int(token)] = true }
    for token in 0..<count {
      let symbol = Symbol(bytes[offsets[token]..<offsets[token + 1]])
      if symbol.bytes.isEmpty { throw .emptyToken(token) }
      if !isSpecial[token], Int32(token) != unknown, Int32(token) != lineEnd, !symbol.isSymbol(of: kind, normalisation)
      {
        throw .notASymbol(token, kind)
      }
      if let first = index.updateValue(Int32(token), forKey: symbol) {
        throw .duplicate(Int(first), token)
      }
    }
    // A symbol that looks like a special token is not it.
    for token in specials {
      index[Symbol(bytes[offsets[Int(token)]..<offsets[Int(token) + 1]])] = nil
    }
    self.kind = kind
    self.normalisation = normalisation
    self.bytes = bytes
    self.offsets = offsets
    self.counts = counts
    self.unknown = unknown
    self.lineEnd = lineEnd
    self.merges = merges ?? []
    self.specials = specials
    self.ranks = MergeRanks(self.merges)
    self.index = index
  }

  /// Throws unless special tokens are tokens, rise, and are none of the others that have a meaning of their own.
  private static func check(_ specials: [Int32], count: Int, others: [Int32?]) throws(VocabularyError) {
    var previous: Int32 = -1
    for token in specials {
      guard token > previous, Int(token) < count, !others.contains(token) else { throw .specials(Int(token)) }
      previous = token
    }
  }

  /// Throws unless the tokens are all bytes in their order, and then the pairs joined.
  private static func check(_ merges: [Merge], bytes: [UInt8], offsets: ArraySlice<Int>) throws(VocabularyError) {
    let base = MergeRanks.base
    let count = offsets.count - 1
    guard count >= base, count - base == merges.count else {
      throw .mergeCount(expected: max(0, count - base), found: merges.count)
    }
    func token(_ id: Int) -> ArraySlice<UInt8> { bytes[offsets[id]..<offsets[id + 1]] }
    for byte in 0..<base where !token(byte).elementsEqual(CollectionOfOne(UInt8(byte))) {
      throw .notASymbol(byte, .bpe)
    }
    for (rank, merge) in merges.enumerated() {
      let known = 0..<Int32(base + rank)
      guard known.contains(merge.first), known.contains(merge.second) else { throw .merge(rank) }
      let (first, second) = (token(Int(merge.first)), token(Int(merge.second)))
      guard token(base + rank).elementsEqual([first, second].joined()) else { throw .merge(rank) }
    }
  }

  /// Takes tokens one by one instead of as one blob.
  ///
  /// - Throws: as ``init(kind:normalisation:bytes:offsets:counts:unknown:lineEnd:merges:specials:)``.
  public init(
    kind: Kind, normalisation: Normalisation = .none, tokens: [[UInt8]], counts: [UInt64]? = nil,
    unknown: Int32? = nil, lineEnd: Int32? = nil, merges: [Merge]? = nil, specials: [Int32] = []
  ) throws(VocabularyError) {
    var offsets = [0]
    offsets.reserveCapacity(tokens.count + 1)
    for token in tokens { offsets.append(offsets[offsets.count - 1] + token.count) }
    try self.init(
      kind: kind, normalisation: normalisation, bytes: Array(tokens.joined()), offsets: offsets, counts: counts,
      unknown: unknown, lineEnd: lineEnd, merges: merges,
      specials: specials)
  }

  /// Makes the vocabulary of byte-pair encoding: all bytes, a token for each merge, and special tokens.
  ///
  /// - Parameters:
  ///   - merges: in order of priority; merge k makes token 256 + k.
  ///   - counts: how often each token occurred in the training text, if that is known.
  ///   - specials: the names of tokens that no text gives; they come last.
  /// - Throws: ``VocabularyError/merge(_:)`` if a pair has tokens that are not there yet, or makes one longer than a piece;
  ///   ``VocabularyError/duplicate(_:_:)``.
  public init(
    merges: [Merge], counts: [UInt64]? = nil, specials: [[UInt8]] = []
  ) throws(VocabularyError) {
    var bytes = (0..<MergeRanks.base).map { UInt8($0) }
    var offsets = Array(0...MergeRanks.base)
    for (rank, merge) in merges.enumerated() {
      let known = 0..<Int32(MergeRanks.base + rank)
      guard known.contains(merge.first), known.contains(merge.second) else { throw .merge(rank) }
      let (first, second) = (Int(merge.first), Int(merge.second))
      let length = offsets[first + 1] - offsets[first] + offsets[second + 1] - offsets[second]
      // Without this limit, n merges could ask for 2^n bytes.
      guard length <= Symbols.longestPiece else { throw .merge(rank) }
      bytes += bytes[offsets[first]..<offsets[first + 1]]
      bytes += bytes[offsets[second]..<offsets[second + 1]]
      offsets.append(bytes.count)
    }
    let first = offsets.count - 1
    for name in specials {
      bytes += name
      offsets.append(bytes.count)
    }
    guard offsets.count <= Int(Int32.max) else { throw .offsets }
    try self.init(
      kind: .bpe, bytes: bytes, offsets: offsets, counts: counts, merges: merges,
      specials: (first..<(first + specials.count)).map { Int32($0) })
  }

  /// The same vocabulary with other counts, as of another text.
  ///
  /// - Parameter counts: how often each token occurs, `[V]`; nil if that is not known.
  /// - Throws: ``VocabularyError/counts(expected:found:)``.
  public func with(counts: [UInt64]?) throws(VocabularyError) -> Vocabulary {
    if let counts, counts.count != count { throw .counts(expected: count, found: counts.count) }
    var vocabulary = self
    vocabulary.counts = counts
    return vocabulary
  }

  /// The bytes of a token.
  ///
  /// - Precondition: `token` is in `0 ..< count`.
  public subscript(token: Int32) -> ArraySlice<UInt8> {
    bytes[offsets[Int(token)]..<offsets[Int(token) + 1]]
  }

  /// The token of a symbol with these bytes: never a special one.
  public func token(for bytes: some Sequence<UInt8>) -> Int32? { index[Symbol(Array(bytes))] }

  func token(for symbol: Symbol) -> Int32? { index[symbol] }
}

/// Why a vocabulary or a text is refused.
public enum VocabularyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The offsets do not rise from 0 to the number of bytes.
  case offsets
  /// There is no token.
  case empty
  /// There are more or fewer counts than tokens.
  case counts(expected: Int, found: Int)
  /// A special id is not a token, or two are the same.
  case special(Int, count: Int)
  /// A special token is no token, does not rise, has a meaning of its own already, or stands before a byte pair's.
  case specials(Int)
  /// A list of special tokens that is empty.
  case noSpecials
  /// The normalisation does not fit the kind of vocabulary or its line-end token.
  case normalisation(Vocabulary.Kind, Vocabulary.Normalisation)
  /// A token without bytes.
  case emptyToken(Int)
  /// A token that no text of this kind can produce.
  case notASymbol(Int, Vocabulary.Kind)
  /// Two tokens with the same bytes.
  case duplicate(Int, Int)
  /// Merges are missing, or do not belong to this kind.
  case merges(Vocabulary.Kind)
  /// There are more or fewer merges than tokens beside the 256 bytes.
  case mergeCount(expected: Int, found: Int)
  /// A merge of tokens that are not there yet, or whose token is not the two joined, or too long.
  case merge(Int)
  /// A text has a word too long to be meant as one.
  case symbolTooLong(offset: Int)
  /// A text has a symbol that is not in the vocabulary, which has no unknown token.
  case unknownSymbol([UInt8], offset: Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .offsets: "The vocabulary's offsets do not rise from 0 to the number of its bytes."
    case .empty: "The vocabulary has no tokens."
    case .counts(let expected, let found): "The vocabulary has \(expected) tokens but \(found) counts."
    case .special(let id, let count): "The special token \(id) is not one of the \(count) tokens, or named twice."
    case .specials(let id):
      "The special token \(id) is out of order, not a token, also the unknown token or line end, or before a byte or a pair of bytes."
    case .noSpecials: "The vocabulary's list of special tokens is there, but empty."
    case .normalisation(let kind, let normalisation):
      "Normalisation '\(normalisation.rawValue)' does not fit a vocabulary of \(kind.rawValue) or its line-end token."
    case .emptyToken(let token): "Token \(token) of the vocabulary is empty."
    case .notASymbol(let token, let kind): "Token \(token) cannot occur in a text that is split into \(kind.rawValue)."
    case .duplicate(let first, let second): "Tokens \(first) and \(second) of the vocabulary are the same."
    case .merges(let kind):
      kind == .bpe ? "The vocabulary of byte pairs has no merges." : "A vocabulary of \(kind.rawValue) has no merges."
    case .mergeCount(let expected, let found):
      "The vocabulary has \(expected) tokens beside the 256 bytes, but \(found) merges."
    case .merge(let rank): "Merge \(rank) of the vocabulary does not join two earlier tokens to token \(256 + rank)."
    case .symbolTooLong(let offset):
      "The word at byte \(offset) of the text is longer than \(Symbols.longestWord) bytes: this is not a text of words."
    case .unknownSymbol(let bytes, let offset):
      "The symbol \(Vocabulary.display(bytes)) at byte \(offset) of the text is not in the model's vocabulary."
    }
  }
}

extension Vocabulary {
  /// Bytes as a person reads them: text in quotes with escapes, other bytes as `\xHH`.
  public static func display(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    var text = "'"
    Symbols.forEachScalar(of: bytes) { range in
      let slice = bytes[range]
      let isText = range.count > 1 || slice[range.lowerBound] < 0x80
      switch (slice.first, isText) {
      case (0x0A, _): text += "\\n"
      case (0x09, _): text += "\\t"
      case (0x0D, _): text += "\\r"
      case (0x27, _): text += "\\'"
      case (0x5C, _): text += "\\\\"
      case (let byte?, _) where byte < 0x20 || byte == 0x7F || !isText:
        text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      default: text += String(decoding: slice, as: UTF8.self)
      }
    }
    return text + "'"
  }
}
