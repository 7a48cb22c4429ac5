/// How a text becomes the streams of training, validation and test.
///
/// Published numbers hinge on it; each layout is that of the program it is named after. In all of them the state is zero at the beginning of
/// the streams and then carried. B is the batch, T the length of a window, N the number of tokens.
public enum TextLayout: String, Hashable, Sendable, CaseIterable, Codable {
  /// Our own: every token but the first is a target once, except for a rest of fewer than B.
  ///
  /// A text is cut in two: the last part is held out. Training: B streams of (N - 1) / B positions. Validation: as many streams as make at
  /// least 2,000 tokens each, at most 16. Test: one stream.
  case streams

  /// char-rnn (Karpathy 2015), and the texts of Karpathy, Johnson & Li (2015).
  ///
  /// The text is cut to a multiple of B T tokens and into B streams; validation is the last windows of every stream: of the M windows all but
  /// floor(0.95 M). The target of the very last token is the first one. On tiny-shakespeare, 1,115,394 bytes at 50 x 50: M = 446, 423 for
  /// training, 23 for validation (57,500 targets), 394 bytes left out. char-rnn's loss is the mean over windows, which is the mean over targets
  /// since all are full. Its unit is the byte, and its vocabulary that of the whole text.
  case charRNN = "char-rnn"

  /// torch-rnn (Johnson 2016).
  ///
  /// The text is cut into 80%, 10% and 10%, in this order, the parts of a tenth rounded down; each part is cut into B streams of floor((n - 1) / (B T))
  /// windows. On tiny-shakespeare at 50 x 50: 892,316 + 111,539 + 111,539 tokens; 356, 44 and 44 windows. Its unit is the code point; training begins each
  /// epoch with the zero state.
  case torchRNN = "torch-rnn"

  /// Zaremba, Sutskever & Vinyals (2014).
  ///
  /// B streams of floor(N / B) tokens; stream b begins at b N / B, rounded to the next integer, so that up to one token lies between two streams.
  /// Windows are full: each stream's last floor(N / B) - 1 modulo T positions are left out. On the Penn Treebank (929,589 tokens of training, 73,760 of
  /// validation, 82,430 of test) at 20 x 20: 2,323 and 184 windows. Where T divides floor(N / B), their count is one window more, which begins
  /// again from the zero state; this is not done here. Validation is cut as training is; the test is one stream with all 82,429 targets.
  case zaremba

  /// word_language_model (PyTorch's examples) and AWD-LSTM (Merity et al. 2018).
  ///
  /// B streams of floor(N / B) tokens one after another, the rest is left out; the first token of each stream is no target, and no target lies in
  /// another stream. The last window is shorter. Validation and test have 10 streams. On WikiText-2 (2,088,628 / 217,646 / 245,569 tokens):
  /// 217,630 and 245,550 of the validation's and the test's tokens are scored. The loss is the mean over these targets; older versions, and AWD-LSTM,
  /// divided the same sum by 10 floor(N / 10) tokens instead, which makes it smaller by a factor of 1 - 1 / floor(N / 10): 0.005% there. AWD-LSTM's
  /// test has one stream.
  case wordLanguageModel = "word-language-model"

  /// Cuts texts into streams.
  ///
  /// - Parameters:
  ///   - text: what to learn and, without a validation text, to hold a part of out.
  ///   - validation: a text of its own for validation.
  ///   - test: a text of its own for the test.
  ///   - batch: the number of streams of training, B.
  ///   - length: the length of a window, T.
  ///   - validationFraction: the part of `text` that is held out, where there is no text for that; ``torchRNN`` uses it for the test as well. Without a
  ///     value it is 0.05, and 0.1 for ``torchRNN``.
  /// - Throws: ``Failure`` if a part is too short for its streams.
  public func parts(
    of text: TokenSlice, validation: TokenSlice? = nil, test: TokenSlice? = nil, batch: Int, length: Int,
    validationFraction: Double? = nil
  ) throws(Failure) -> TextParts {
    let wanted = validationFraction ?? (self == .torchRNN ? 0.1 : 0.05)
    let fraction = wanted > 0 ? min(wanted, 1) : 0
    // No text is as long as the product of these.
    let sizes = 1...Int(Int32.max)
    let shape = (batch: batch.clamped(to: sizes), length: length.clamped(to: sizes))
    if self == .charRNN, validation == nil {
      let cut = CharRNNCut(text.count, shape.batch, shape.length)
      let training = Int(Double(cut.windows) * (1 - fraction))
      guard (1..<max(1, cut.windows)).contains(training) else {
        let windows = max(2, Int((1 / max(1 - fraction, 1e-6)).rounded(.up)))
        let needed = (shape.batch * shape.length).multipliedReportingOverflow(by: windows)
        throw Failure(
          part: nil,
          cause: TextStreams.TooShort(
            tokens: text.count, batch: shape.batch, needed: needed.overflow ? .max : needed.partialValue))
      }
      return TextParts(
        training: try Failure.in(.training) { () throws(TextStreams.TooShort) in
          try cut.streams(of: text, windows: 0..<training)
        },
        validation: try Failure.in(.validation) { () throws(TextStreams.TooShort) in
          try cut.streams(of: text, windows: training..<cut.windows)
        },
        test: try self.test(test, shape),
        counts: (
          training * shape.batch * shape.length, (cut.windows - training) * shape.batch * shape.length, test?.count
        ))
    }
    var (training, held, last) = (text, validation, test)
    if held == nil {
      let count = Int(Double(text.count) * fraction)
      let testCount = self == .torchRNN && test == nil ? min(count, text.count - count) : 0
      let end = text.count - count - testCount
      training = text.prefix(end)
      held = text[end..<(end + count)]
      if testCount > 0 { last = text.dropFirst(end + count) }
    }
    let validationPart = held ?? text
    return TextParts(
      training: try Failure.in(.training) { () throws(TextStreams.TooShort) in
        try streams(of: training, shape.batch, shape.length)
      },
      validation: try Failure.in(.validation) { () throws(TextStreams.TooShort) in
        try self.validation(validationPart, shape)
      },
      test: try self.test(last, shape), counts: (training.count, validationPart.count, last?.count))
  }

  private func validation(
    _ tokens: TokenSlice, _ shape: (batch: Int, length: Int)
  ) throws(TextStreams.TooShort) -> TextStreams {
    switch self {
    case .streams: try TextStreams(tokens, batch: TextStreams.usualCount(tokens: tokens.count))
    case .charRNN, .torchRNN, .zaremba: try streams(of: tokens, shape.batch, shape.length)
    case .wordLanguageModel: try streams(of: tokens, 10, shape.length)
    }
  }

  private func test(_ tokens: TokenSlice?, _ shape: (batch: Int, length: Int)) throws(Failure) -> TextStreams? {
    guard let tokens else { return nil }
    return try Failure.in(.test) { () throws(TextStreams.TooShort) in
      switch self {
      case .streams, .zaremba: try TextStreams(tokens, batch: 1)
      case .charRNN, .torchRNN: try streams(of: tokens, shape.batch, shape.length)
      case .wordLanguageModel: try streams(of: tokens, 10, shape.length)
      }
    }
  }

  /// The streams of a whole text, without a part that is held out.
  ///
  /// - Parameters:
  ///   - tokens: the text.
  ///   - batch: the number of streams, B.
  ///   - length: the length of a window, T.
  /// - Throws: ``TextStreams/TooShort``.
  public func streams(of tokens: TokenSlice, batch: Int, length: Int) throws(TextStreams.TooShort) -> TextStreams {
    let sizes = 1...Int(Int32.max)
    return try streams(of: tokens, batch.clamped(to: sizes), length.clamped(to: sizes))
  }

  /// The streams of a whole part.
  private func streams(of tokens: TokenSlice, _ batch: Int, _ length: Int) throws(TextStreams.TooShort) -> TextStreams {
    let count = tokens.count
    // What follows counts streams and windows, which must not be more than there are tokens.
    let window = batch * length
    guard batch <= count else { throw TextStreams.TooShort(tokens: count, batch: batch, needed: window) }
    switch self {
    case .streams: return try TextStreams(tokens, batch: batch)
    case .charRNN:
      let cut = CharRNNCut(count, batch, length)
      return try cut.streams(of: tokens, windows: 0..<cut.windows)
    case .torchRNN:
      let positions = (count - 1) / window * length
      return try TextStreams(
        tokens, starts: (0..<batch).map { $0 * positions }, length: positions, needed: window + 1)
    case .zaremba:
      let positions = (count / batch - 1) / length * length
      // b N / B, rounded half up.
      let starts = (0..<batch).map { $0 * (count / batch) + (2 * $0 * (count % batch) + batch) / (2 * batch) }
      return try TextStreams(tokens, starts: starts, length: positions, needed: window + batch)
    case .wordLanguageModel:
      let row = count / batch
      return try TextStreams(tokens, starts: (0..<batch).map { $0 * row }, length: row - 1, needed: 2 * batch)
    }
  }

  /// A part of the text.
  public enum Part: String, Hashable, Sendable, Codable {
    /// What is learned.
    case training
    /// What is held out.
    case validation
    /// What is scored at the end.
    case test
  }

  /// Which part of a text is too short.
  public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The part; nil for a text that is too short for what is learned and what is held out together.
    public let part: Part?
    /// What it lacks.
    public let cause: TextStreams.TooShort

    /// One sentence.
    public var description: String {
      part.map { "the \($0.rawValue) part: \(cause)" } ?? "\(cause) for training and held-out part together"
    }

    fileprivate static func `in`<R>(
      _ part: TextLayout.Part, _ body: () throws(TextStreams.TooShort) -> R
    ) throws(Failure) -> R {
      do throws(TextStreams.TooShort) {
        return try body()
      } catch {
        throw Failure(part: part, cause: error)
      }
    }
  }
}

/// char-rnn's cut: B streams of M windows of T tokens.
private struct CharRNNCut {
  let batch: Int
  let length: Int
  /// M.
  let windows: Int

  init(_ count: Int, _ batch: Int, _ length: Int) {
    self.batch = batch
    self.length = length
    windows = count / (batch * length)
  }

  func streams(of tokens: TokenSlice, windows range: Range<Int>) throws(TextStreams.TooShort) -> TextStreams {
    guard !range.isEmpty else {
      throw TextStreams.TooShort(tokens: tokens.count, batch: batch, needed: batch * length)
    }
    let stride = windows * length
    return try TextStreams(
      tokens.prefix(batch * stride), starts: (0..<batch).map { $0 * stride + range.lowerBound * length },
      length: range.count * length, wraps: true)
  }
}

extension Int {
  fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
