/// A text cut into contiguous streams that are read side by side, so that the state of each carries on from window to window.
///
/// The text of N + 1 symbols becomes `batch` streams of N / batch symbols; each symbol's target is the one after it. What does
/// not fill a whole row of streams is left out.
public struct TextStreams: WindowSource {
  private let tokens: [Int32]
  /// The number of streams, B.
  public let batch: Int
  /// The length of each stream.
  public let length: Int

  /// Why a text cannot be cut.
  public struct TooShort: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of tokens that there are.
    public let tokens: Int
    /// The number of streams that were asked for.
    public let batch: Int

    /// One sentence.
    public var description: String {
      "a text of \(tokens) tokens is too short for \(batch) streams, which need one more token than there are streams"
    }
  }

  /// Cuts a text.
  ///
  /// - Throws: ``TooShort`` if there is not one symbol with a target for each stream.
  public init(_ tokens: [Int32], batch: Int) throws(TooShort) {
    guard tokens.count > batch, batch > 0 else { throw TooShort(tokens: tokens.count, batch: batch) }
    self.tokens = tokens
    self.batch = batch
    length = (tokens.count - 1) / batch
  }

  /// Fills the inputs and targets of the positions from `position` on, `[steps, batch]`, time-major.
  public func fill(position: Int, steps: Int, inputs: inout [Int32], targets: inout [Int32]) {
    inputs.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    for step in position..<min(position + steps, length) {
      for stream in 0..<batch {
        let position = stream * length + step
        inputs.append(tokens[position])
        targets.append(tokens[position + 1])
      }
    }
  }
}
