import RNNModel

/// Texts as tokens of one vocabulary: what there is between files and what learns from them.
public struct TokenizedTexts: Sendable {
  /// The tokens; the counts of a vocabulary that was collected are those of ``text``.
  public let vocabulary: Vocabulary
  /// What is learned and, without a text for validation, held out.
  public let text: EncodedText
  /// The text for validation, if there is one.
  public let validation: EncodedText?
  /// The text for the test, if there is one.
  public let test: EncodedText?
  /// Symbols seen so often, or less, were forgotten to bound the memory while the vocabulary was collected; 0 if none was.
  public let forgottenCount: Int

  /// Reads the texts: once for the vocabulary, unless it is given, and once for the tokens.
  ///
  /// - Parameters:
  ///   - text: what to learn.
  ///   - validation: a text of its own for validation.
  ///   - test: a text of its own for the test.
  ///   - plan: how; nothing of it that concerns streams matters.
  ///   - observe: called with each part of each text once, for example to hash it.
  ///   - progress: called often while it takes its time.
  /// - Throws: ``TextError``; `VocabularyError`.
  public init(
    _ text: TextSource, validation: TextSource? = nil, test: TextSource? = nil, plan: Corpus.Plan,
    observe: (TextLayout.Part, [UInt8]) -> Void = { _, _ in }, progress: (Corpus.Work) -> Void = { _ in }
  ) throws {
    var vocabulary = plan.vocabulary
    var forgotten = 0
    if vocabulary == nil {
      var builder = Vocabulary.Builder(kind: plan.kind, normalisation: plan.normalisation)
      var bytes = 0
      for source in [text] + (plan.isClosed ? [validation, test].compactMap { $0 } : []) {
        var isEmpty = true
        try source.read { part in
          isEmpty = false
          try builder.add(part)
          bytes += part.count
          progress(.collecting(bytes: bytes))
        }
        if isEmpty { throw TextError.empty(paths: source.paths) }
        try builder.endText()
      }
      vocabulary = try builder.finish(
        minimumCount: plan.minimumCount ?? (plan.kind == .bytes ? 0 : nil), maximumSize: plan.maximumSize,
        progress: { progress(.merging($0)) })
      forgotten = builder.forgottenCount
    }
    guard let vocabulary else { throw VocabularyError.empty }
    var bytes = 0
    func encode(_ source: TextSource, _ part: TextLayout.Part) throws -> EncodedText {
      let encoded = try EncodedText(
        source, vocabulary: vocabulary, memoryLimit: plan.memoryLimit, folder: plan.folder,
        observe: {
          observe(part, $0)
          bytes += $0.count
          progress(.encoding(bytes: bytes))
        })
      if encoded.byteCount == 0 { throw TextError.empty(paths: source.paths) }
      return encoded
    }
    let encoded = try encode(text, .training)
    self.text = encoded
    self.vocabulary = plan.vocabulary == nil ? try vocabulary.with(counts: encoded.tokenCounts) : vocabulary
    self.validation = try validation.map { try encode($0, .validation) }
    self.test = try test.map { try encode($0, .test) }
    forgottenCount = forgotten
  }
}
