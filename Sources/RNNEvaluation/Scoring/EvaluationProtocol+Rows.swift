import RNNModel
import RNNText

extension EvaluationProtocol {
  /// The stretches of a text that are read from the initial state.
  ///
  /// - Parameters:
  ///   - tokens: the text.
  ///   - lineEnd: the token that ends a line, if there is one.
  /// - Throws: ``EvaluationError``.
  func rows(of tokens: [Int32], lineEnd: Int32?) throws -> [ScoredRow] {
    try check()
    if needsLineEnds && lineEnd == nil { throw EvaluationError.noLineEnd(protocol: name) }
    let rows =
      switch cut {
      case .streams: try streamRows(tokens, lineEnd)
      case .windows: windowRows(tokens.count)
      case .lines: lineRows(tokens, lineEnd)
      }
    guard rows.contains(where: { $0.steps > $0.context }) else { throw EvaluationError.tooShort(tokens: tokens.count) }
    return rows
  }

  private func streamRows(_ tokens: [Int32], _ lineEnd: Int32?) throws -> [ScoredRow] {
    let count = tokens.count
    if start == .lineEnd { return [ScoredRow(targets: 0..<count, start: lineEnd)] }
    guard count > 1 else { throw EvaluationError.tooShort(tokens: count) }
    do {
      if let part {
        let parts = try layout.parts(of: TokenSlice(tokens), batch: streams, length: window)
        let held = part == .test ? parts.test : parts.validation
        let offset = layout == .charRNN ? 0 : parts.trainingCount + (part == .test ? parts.validationCount : 0)
        return held.map { Self.rows($0, offset: offset) } ?? []
      }
      guard layout == .streams else {
        return Self.rows(try layout.streams(of: TokenSlice(tokens), batch: streams, length: window), offset: 0)
      }
    } catch let failure as TextLayout.Failure {
      throw EvaluationError.tooShortForStreams(failure.cause)
    } catch let cause as TextStreams.TooShort {
      throw EvaluationError.tooShortForStreams(cause)
    }
    // Every token but the first is scored: the last stream is the shortest, and streams without a token are none.
    let length = (count - 1) / streams + ((count - 1) % streams == 0 ? 0 : 1)
    return Swift.stride(from: 1, to: count, by: length).map { ScoredRow(targets: $0..<min($0 + length, count)) }
  }

  private static func rows(_ streams: TextStreams, offset: Int) -> [ScoredRow] {
    let last = streams.starts.max()
    return streams.starts.map { start in
      let wraps = streams.wraps && start == last
      let first = offset + start + 1
      return ScoredRow(targets: first..<(first + streams.length - (wraps ? 1 : 0)), wraps: wraps)
    }
  }

  private func windowRows(_ count: Int) -> [ScoredRow] {
    var rows: [ScoredRow] = []
    var scored = 0
    for start in Swift.stride(from: 0, to: count, by: stride) {
      // Without overlap, the context of every window stays unscored, and what fills no whole window is left out.
      let end = start + window
      if stride == window && context > 1 && end > count { break }
      let targets = (start + 1)..<min(end, count)
      let isFirst = start == 0 && stride < window
      let first = max(scored, start + (isFirst ? 1 : context))
      guard first < targets.upperBound else { break }
      rows.append(ScoredRow(targets: targets, context: first - targets.lowerBound))
      scored = targets.upperBound
      if end >= count { break }
    }
    return rows
  }

  private func lineRows(_ tokens: [Int32], _ lineEnd: Int32?) -> [ScoredRow] {
    var rows: [ScoredRow] = []
    var first = 0
    for (index, token) in tokens.enumerated() where token == lineEnd {
      if blankLines || index > first { rows.append(ScoredRow(targets: first..<(index + 1), start: lineEnd)) }
      first = index + 1
    }
    // A text of characters may lack its last line's end.
    if first < tokens.count { rows.append(ScoredRow(targets: first..<tokens.count, start: lineEnd)) }
    return rows
  }
}

extension Vocabulary {
  /// The token that ends a line, for protocols that tell lines apart: one that stands for a line's end and nothing else; nil if there is none.
  public var sentenceEnd: Int32? { lineEnd ?? (kind == .bpe ? nil : token(for: [0x0A])) }
}
