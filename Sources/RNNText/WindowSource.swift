/// A text as streams of tokens that are read side by side: what training and validation read, wherever the tokens lie.
///
/// There are ``batch`` streams, and each has ``length`` tokens with a target. The streams of all layouts are read from
/// position 0 to ``length``, window after window, so that the state of a network carries on; a layout decides which part
/// of the text each stream is, and what the targets are.
///
/// Reading is random access, by position: windows may have any length, may overlap, and a training may resume anywhere.
/// The same position always gives the same tokens.
public protocol WindowSource: Sendable {
  /// The number of streams, B; at least 1.
  var batch: Int { get }

  /// The number of positions of each stream, all with a target; at least 1.
  var length: Int { get }

  /// Whether each position is a batch of whole sequences, to be read by itself, and not one step of each stream.
  var holdsSequences: Bool { get }

  /// The most steps that a network computes at once for a window of at most so many positions.
  func longestSteps(positions: Int) -> Int

  /// Fills the inputs and targets of the positions `position ..< min(position + steps, length)` of every stream, time-major:
  /// `[steps, batch]`, element t * batch + b being position + t of stream b.
  ///
  /// - Parameters:
  ///   - position: the first position, in `0 ..< length`.
  ///   - steps: how many positions to read at most, at least 1; fewer are left at the end of the streams.
  ///   - inputs: replaced by the tokens; all are in `0 ..< V`.
  ///   - targets: replaced by what is to be predicted at each of them; a negative one does not count.
  /// - Throws: what the place where the tokens lie has to say, for example an unreadable disk.
  /// - Precondition: the position is in the stream.
  func fill(position: Int, steps: Int, inputs: inout [Int32], targets: inout [Int32]) throws
}

extension WindowSource {
  /// Most texts are streams.
  public var holdsSequences: Bool { false }

  /// A step for each position.
  public func longestSteps(positions: Int) -> Int { min(positions, length) }

  /// How many windows of at most `steps` positions an epoch has; the last one may be shorter.
  public func windowCount(steps: Int) -> Int { length / steps + (length.isMultiple(of: steps) ? 0 : 1) }

  /// Fills the inputs and targets of one window, `[steps, batch]`, time-major.
  ///
  /// - Parameters:
  ///   - index: which window, in `0 ..< windowCount(steps:)`.
  ///   - steps: the length of a window; the last one may be shorter.
  ///   - inputs: replaced by the tokens.
  ///   - targets: replaced by what is to be predicted at each of them.
  /// - Throws: what ``fill(position:steps:inputs:targets:)`` throws.
  public func fill(window index: Int, steps: Int, inputs: inout [Int32], targets: inout [Int32]) throws {
    try fill(position: index * steps, steps: steps, inputs: &inputs, targets: &targets)
  }
}
