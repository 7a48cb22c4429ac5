import RNNText

/// How a text is scored: every choice that decides about the number, so that two numbers under the same protocol compare.
///
/// The parameters define a protocol; a name only stands for a set of them. `docs/EVALUATION.md` explains each.
public struct EvaluationProtocol: Hashable, Sendable {
  /// What is read from one initial state.
  public enum Cut: String, Hashable, Sendable, CaseIterable, Codable {
    /// The text as ``EvaluationProtocol/streams`` streams, side by side, laid out by ``EvaluationProtocol/layout``; the state is carried
    /// to the end of each.
    case streams
    /// Windows of ``EvaluationProtocol/window`` tokens that begin every ``EvaluationProtocol/stride`` tokens; each token is scored by the
    /// first window that has it behind its ``EvaluationProtocol/context``.
    case windows
    /// Each line by itself.
    case lines
  }

  /// What stands before the first token of what is read from the initial state.
  public enum Start: String, Hashable, Sendable, CaseIterable, Codable {
    /// Nothing: the first token is context only, and not scored.
    case firstToken = "first-token"
    /// The end of a line that is not there: the first token is scored, too.
    case lineEnd = "line-end"
  }

  /// What becomes of symbols that have no token of their own.
  public enum Unknown: String, Hashable, Sendable, CaseIterable, Codable {
    /// They are scored as the unknown token; a model without one leaves them out.
    case score
    /// They are read as the unknown token, and their probability does not count; a model without one leaves them out.
    case exclude
    /// They are refused where there is no unknown token.
    case refuse
  }

  /// What the sum of -ln p is divided by.
  public enum Divisor: String, Hashable, Sendable, CaseIterable, Codable {
    /// The tokens that are scored.
    case scored
    /// Those that do not end a line, although the ends are in the sum (SRILM's ppl1).
    case withoutLineEnds = "without-line-ends"
    /// All tokens of the streams, with the first one of each, which is not in the sum.
    case read
  }

  /// The name of a set of parameters, or what somebody calls his own.
  public var name: String
  /// What is read from one initial state.
  public var cut = Cut.streams
  /// Where the streams lie; only for ``Cut/streams``. With ``TextLayout/streams`` nothing is left out, and the last stream is the shortest.
  public var layout = TextLayout.streams
  /// The number of streams, B; only for ``Cut/streams``.
  public var streams = 1
  /// The length of a window, T, of layouts that leave out what fills none, and of ``Cut/windows``.
  public var window = 1
  /// How many tokens lie between the beginnings of two windows; only for ``Cut/windows``.
  public var stride = 1
  /// How many tokens at the beginning of a window are context only, at least 1; only for ``Cut/windows``. If windows overlap, the first one
  /// scores all but one, and none scores what another one has scored.
  public var context = 1
  /// The part of the text that is scored, as a training with the same layout would hold it out; nil for the whole text.
  public var part: TextLayout.Part?
  /// What stands before the first token.
  public var start = Start.firstToken
  /// What becomes of symbols without a token.
  public var unknown = Unknown.score
  /// Whether the unknown token counts as unknown also where the text itself has it, as words of a corpus often are `<unk>` already.
  public var countsWrittenUnknown = false
  /// Whether lines without a token are sentences, with nothing but their end; only for ``Cut/lines``.
  public var blankLines = true
  /// What the sum is divided by.
  public var divisor = Divisor.scored

  /// The protocol `stream` under another name; its parameters can be changed.
  public init(name: String) { self.name = name }
}

extension EvaluationProtocol {
  /// Throws unless the parameters are within their bounds and mean something together.
  ///
  /// - Throws: ``EvaluationError/protocol(reason:)``.
  public func check() throws(EvaluationError) {
    func require(_ holds: Bool, _ reason: String) throws(EvaluationError) {
      if !holds { throw .protocol(reason: reason) }
    }
    try require((1...Self.mostStreams).contains(streams), "it has \(streams) streams, not 1 to \(Self.mostStreams)")
    try require((1...Self.longest).contains(window), "its window is \(window) tokens long, not 1 to \(Self.longest)")
    if cut == .windows {
      try require(window > 1, "a window of one token scores nothing")
      try require((1..<window).contains(context), "a context of \(context) of \(window) tokens leaves nothing to score")
      try require(
        (1...window).contains(stride), "a stride of \(stride) tokens leaves tokens out between windows of \(window)")
      try require(
        stride == window || context <= window - stride,
        "windows of \(window) that overlap by \(window - stride) cannot all have a context of \(context)")
    }
    try require(part == nil || cut == .streams, "only a text that is cut into streams has a held-out part")
    try require(part != .training, "the held-out parts are validation and test")
    try require(
      part != .test || layout == .torchRNN, "the layout '\(layout.rawValue)' holds out no part for a test")
    try require(start == .firstToken || cut != .windows, "windows do not begin with the end of a line")
    try require(
      start == .firstToken || layout == .streams && streams == 1,
      "only one stream, or lines, can begin with the end of a line")
    try require(cut != .lines || start == .lineEnd, "a line is scored from the end of the line before it")
    try require(divisor != .read || cut == .streams, "the divisor 'read' is for streams")
  }

  /// The most streams.
  public static let mostStreams = 100_000
  /// The longest window.
  public static let longest = 1_000_000

  /// Whether the protocol tells the ends of lines from other tokens.
  public var needsLineEnds: Bool { cut == .lines || start == .lineEnd || divisor == .withoutLineEnds }
}
