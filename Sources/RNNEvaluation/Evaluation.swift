import RNNModel

/// Scores texts under a protocol.
public struct Evaluation: Sendable {
  /// How.
  public let rules: EvaluationProtocol
  private let vocabulary: Vocabulary
  /// How many rows of a text, of those whose number the protocol leaves open, are best read side by side.
  private let width: Int

  /// Prepares.
  ///
  /// - Parameters:
  ///   - rules: the protocol.
  ///   - vocabulary: the model's.
  ///   - width: how many windows or lines to read side by side, at most; it changes the speed, not the result, unless the model is one of
  ///     ``AdaptiveLanguageModel``.
  public init(_ rules: EvaluationProtocol = .stream, vocabulary: Vocabulary, width: Int = 32) {
    self.rules = rules
    self.vocabulary = vocabulary
    self.width = width
  }

  /// Scores a text.
  ///
  /// - Parameters:
  ///   - text: any bytes.
  ///   - progress: called now and then with the part that is done.
  ///   - model: makes the model, for a number of streams that it need not follow; called once.
  /// - Throws: ``EvaluationError``, `VocabularyError`, or what `model` throws.
  public func run(
    _ text: [UInt8], progress: (Double) -> Void = { _ in }, _ model: (_ streams: Int) throws -> any LanguageModel
  ) throws -> EvaluationResult {
    let prepared = try Prepared(text, self)
    let scorer = Scorer(prepared.rows, of: prepared.text.tokens, try model(prepared.streams))
    var tally = Tally(prepared, rules)
    try scorer.score(progress: progress) { tally.add($0, $1) }
    return try tally.result()
  }

  /// Scores a text, and keeps what the model makes of each token. That takes a distribution a token, and so longer.
  ///
  /// - Throws: as ``run(_:progress:_:)``.
  public func describe(
    _ text: [UInt8], progress: (Double) -> Void = { _ in }, _ model: (_ streams: Int) throws -> any LanguageModel
  ) throws -> (EvaluationResult, TokenScores) {
    let prepared = try Prepared(text, self)
    let scorer = Scorer(prepared.rows, of: prepared.text.tokens, try model(prepared.streams))
    var tally = Tally(prepared, rules)
    var scores = TokenScores(prepared.text.tokens)
    try scorer.describe(progress: progress) { place, logProbability, rank, entropy in
      tally.add(place, logProbability)
      scores.set(place, logProbability, rank: rank, entropy: entropy)
    }
    return (try tally.result(), scores)
  }

  /// ln p of each token that counts, under several models: what the weights of a mixture are fitted on.
  ///
  /// - Returns: `[models][tokens]`, in nats.
  /// - Throws: as ``run(_:progress:_:)``.
  public func logProbabilities(
    _ text: [UInt8], _ models: [(_ streams: Int) throws -> any LanguageModel]
  ) throws -> [[Double]] {
    let prepared = try Prepared(text, self)
    return try models.map { model in
      var values = [Double](repeating: .nan, count: prepared.text.tokens.count)
      let scorer = Scorer(prepared.rows, of: prepared.text.tokens, try model(prepared.streams))
      try scorer.score(progress: { _ in }) { place, value in
        if prepared.isCounted(place, rules) { values[place] = value }
      }
      return values.filter { !$0.isNaN }
    }
  }

  /// A text, and what of it is scored.
  struct Prepared {
    let text: MeasuredText
    let rows: [ScoredRow]
    /// How many rows to read side by side.
    let streams: Int
    let lineEnd: Int32?
    /// Whether each token is unknown; empty if none is.
    private let isUnknown: [Bool]

    init(_ text: [UInt8], _ evaluation: Evaluation) throws {
      let (rules, vocabulary) = (evaluation.rules, evaluation.vocabulary)
      self.text = try MeasuredText(text, vocabulary, unknown: rules.unknown == .refuse ? .refuse : .skip)
      lineEnd = vocabulary.sentenceEnd
      rows = try rules.rows(of: self.text.tokens, lineEnd: lineEnd)
      streams = rules.cut == .streams ? rows.count : max(1, min(rows.count, evaluation.width))
      var isUnknown = [Bool](repeating: false, count: self.text.unknown.isEmpty ? 0 : self.text.tokens.count)
      if let last = self.text.unknown.last, last < isUnknown.count {
        for place in self.text.unknown { isUnknown[place] = true }
      }
      if rules.countsWrittenUnknown, let unknown = vocabulary.unknown {
        isUnknown = self.text.tokens.map { $0 == unknown }
      }
      self.isUnknown = isUnknown
    }

    func isUnknown(_ place: Int) -> Bool { !isUnknown.isEmpty && isUnknown[place] }

    func isCounted(_ place: Int, _ rules: EvaluationProtocol) -> Bool {
      rules.unknown != .exclude || !isUnknown(place)
    }
  }

  /// The figures while they come.
  private struct Tally {
    private let prepared: Prepared
    private let rules: EvaluationProtocol
    private var figures = EvaluationResult()
    private var bootstrap: BlockBootstrap

    init(_ prepared: Prepared, _ rules: EvaluationProtocol) {
      self.prepared = prepared
      self.rules = rules
      bootstrap = BlockBootstrap(count: prepared.text.tokens.count)
    }

    mutating func add(_ place: Int, _ logProbability: Double) {
      if prepared.isUnknown(place) {
        figures.unknownTokens += 1
        figures.unknownNats -= logProbability
      }
      guard prepared.isCounted(place, rules) else { return }
      figures.tokens += 1
      figures.nats -= logProbability
      let size = prepared.text.size(at: place)
      figures.bytes += size.bytes
      figures.characters += size.characters
      if prepared.text.tokens[place] == prepared.lineEnd { figures.lineEnds += 1 }
      bootstrap.add(-logProbability, at: place)
    }

    func result() throws(EvaluationError) -> EvaluationResult {
      var figures = figures
      let text = prepared.text
      (figures.unknown, figures.skipped) = (text.unknownCount, text.skippedCount)
      figures.textTokens = text.tokens.count
      figures.countsUnknown = rules.unknown != .exclude
      switch rules.divisor {
      case .scored: figures.divisor = figures.tokens
      case .withoutLineEnds: figures.divisor = figures.tokens - figures.lineEnds
      case .read: figures.divisor = figures.tokens + prepared.rows.count
      }
      guard figures.tokens > 0, figures.divisor > 0 else { throw .nothingCounted }
      let used = Self.used(prepared.rows)
      figures.droppedTokens = text.tokens.count - used
      let scored = figures.tokens + (figures.countsUnknown ? 0 : figures.unknownTokens)
      figures.contextTokens = max(0, used - scored)
      if let estimate = bootstrap.estimate {
        let factor = Double(figures.tokens) / Double(figures.divisor)
        figures.standardError = estimate.standardError * factor
        figures.interval = (estimate.interval.lowerBound * factor)...(estimate.interval.upperBound * factor)
      }
      return figures
    }

    /// How many tokens rows read or score; rows rise, and may overlap.
    private static func used(_ rows: [ScoredRow]) -> Int {
      var (used, end) = (0, 0)
      for row in rows {
        used += max(0, row.places.upperBound - max(end, row.places.lowerBound))
        end = max(end, row.places.upperBound)
      }
      return used
    }
  }
}
