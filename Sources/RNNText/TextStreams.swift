/// Tokens cut into contiguous streams that are read side by side, so that the state of each carries on from window to window.
///
/// Each token's target is the one after it. ``TextLayout`` makes the streams of published experiments.
public struct TextStreams: WindowSource {
  private let tokens: TokenSlice
  /// The token that each stream begins with.
  public let starts: [Int]
  /// The number of positions of each stream, all with a target.
  public let length: Int
  /// Whether the target of the last token is the first token.
  public let wraps: Bool

  /// The number of streams, B.
  public var batch: Int { starts.count }

  /// How many targets there are: B times the length.
  public var targetCount: Int { batch * length }

  /// How many streams a held-out text is cut into unless something else is said: more are faster, longer ones lose less context at
  /// their beginnings.
  public static func usualCount(tokens: Int) -> Int { max(1, min(16, tokens / 2000)) }

  /// Why a text cannot be cut.
  public struct TooShort: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of tokens that there are.
    public let tokens: Int
    /// The number of streams that were asked for.
    public let batch: Int
    /// The number of tokens that they need at least.
    public let needed: Int

    /// One sentence.
    public var description: String {
      "a text of \(tokens) \(tokens == 1 ? "token" : "tokens") is too short for "
        + (batch == 1 ? "one stream, which needs" : "\(batch) streams, which need")
        + " \(needed) \(needed == 1 ? "token" : "tokens")"
    }
  }

  /// Cuts N + 1 tokens into `batch` streams of N / batch tokens, one after another; what does not fill a whole row is left out.
  ///
  /// - Throws: ``TooShort`` if there is not one symbol with a target for each stream.
  public init(_ tokens: TokenSlice, batch: Int) throws(TooShort) {
    guard batch > 0, tokens.count > batch else {
      throw TooShort(tokens: tokens.count, batch: batch, needed: batch < .max ? max(1, batch) + 1 : batch)
    }
    let length = (tokens.count - 1) / batch
    try self.init(tokens, starts: (0..<batch).map { $0 * length }, length: length)
  }

  /// Cuts tokens that are in memory.
  ///
  /// - Throws: ``TooShort``.
  public init(_ tokens: [Int32], batch: Int) throws(TooShort) {
    try self.init(TokenSlice(tokens), batch: batch)
  }

  /// Takes streams that a layout has placed.
  ///
  /// - Throws: ``TooShort`` if there is no stream or no position.
  init(_ tokens: TokenSlice, starts: [Int], length: Int, wraps: Bool = false, needed: Int = 2) throws(TooShort) {
    guard !starts.isEmpty, length > 0 else {
      throw TooShort(tokens: tokens.count, batch: starts.count, needed: needed)
    }
    let end = (starts.max() ?? 0) + length + (wraps ? 0 : 1)
    precondition(end <= tokens.count, "streams outside of their tokens")
    self.tokens = tokens
    self.starts = starts
    self.length = length
    self.wraps = wraps
  }

  /// Fills the inputs and targets of the positions from `position` on, `[steps, batch]`, time-major.
  ///
  /// - Throws: ``TextError/temporaryFile(folder:reason:)``.
  public func fill(position: Int, steps: Int, inputs: inout [Int32], targets: inout [Int32]) throws {
    let steps = min(steps, length - position)
    let batch = batch
    inputs.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    inputs.append(contentsOf: repeatElement(0, count: steps * batch))
    targets.append(contentsOf: repeatElement(0, count: steps * batch))
    var (row, scratch): ([Int32], [UInt8]) = ([], [])
    row.reserveCapacity(steps + 1)
    for stream in 0..<batch {
      row.removeAll(keepingCapacity: true)
      let start = starts[stream] + position
      try tokens.append(start..<min(start + steps + 1, tokens.count), to: &row, scratch: &scratch)
      if wraps, row.count == steps { try tokens.append(0..<1, to: &row, scratch: &scratch) }
      for step in 0..<steps {
        inputs[step * batch + stream] = row[step]
        targets[step * batch + stream] = row[step + 1]
      }
    }
  }
}
