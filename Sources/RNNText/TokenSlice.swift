/// A contiguous part of stored tokens; the tokens themselves are not copied.
public struct TokenSlice: Sendable {
  private let store: TokenStore
  private let range: Range<Int>

  init(_ store: TokenStore, _ range: Range<Int>) {
    self.store = store
    self.range = range
  }

  /// Takes tokens that are in memory.
  public init(_ tokens: [Int32]) { self = TokenStore(tokens).all }

  /// The number of tokens.
  public var count: Int { range.count }

  /// A part of this part.
  ///
  /// - Precondition: `part` is in `0 ..< count`.
  public subscript(part: Range<Int>) -> TokenSlice {
    precondition(part.lowerBound >= 0 && part.upperBound <= count, "a part outside of the tokens")
    return TokenSlice(store, (range.lowerBound + part.lowerBound)..<(range.lowerBound + part.upperBound))
  }

  /// The first tokens, at most `count` of them.
  public func prefix(_ count: Int) -> TokenSlice { self[0..<max(0, min(count, self.count))] }

  /// All but the first tokens.
  public func dropFirst(_ count: Int) -> TokenSlice { self[max(0, min(count, self.count))..<self.count] }

  /// The tokens as an array.
  ///
  /// - Throws: ``TextError/temporaryFile(folder:reason:)``.
  public func tokens() throws(TextError) -> [Int32] {
    var (tokens, scratch): ([Int32], [UInt8]) = ([], [])
    try append(0..<count, to: &tokens, scratch: &scratch)
    return tokens
  }

  func append(_ part: Range<Int>, to tokens: inout [Int32], scratch: inout [UInt8]) throws(TextError) {
    let shifted = (range.lowerBound + part.lowerBound)..<(range.lowerBound + part.upperBound)
    try store.append(shifted, to: &tokens, scratch: &scratch)
  }
}
