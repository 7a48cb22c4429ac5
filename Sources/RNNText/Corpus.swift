import RNNModel

/// The texts of a training as tokens and streams: what there is between files and a ``Trainer``.
///
/// The memory is bounded, however large the texts are: 256 MiB of tokens (more go to a temporary file), 64 MiB of each text that comes through a
/// pipe, and what `Vocabulary.Builder` needs, which is less than 1 GiB for words, 2 GiB for byte pairs and nothing to speak of for bytes and
/// characters.
public struct Corpus: Sendable {
  /// How texts become tokens and streams.
  public struct Plan: Hashable, Sendable {
    /// The vocabulary, if it is given, as when a training is resumed; nil to collect it from the texts.
    public var vocabulary: Vocabulary?
    /// What a symbol is, for a vocabulary that is collected.
    public var kind: Vocabulary.Kind
    /// What splitting into words may give up.
    public var normalisation: Vocabulary.Normalisation
    /// Symbols that occur less often get no token, pairs are not merged; nil for what is usual: all 256 bytes, each character and word, pairs that occur
    /// twice.
    public var minimumCount: Int?
    /// At most so many tokens.
    public var maximumSize: Int?
    /// Whether the vocabulary is collected from the texts of validation and test too, as word_language_model does, so that nothing is unknown there.
    public var isClosed: Bool
    /// How the tokens are cut into streams.
    public var layout: TextLayout
    /// The number of streams of training, B.
    public var batch: Int
    /// The length of a window, T.
    public var length: Int
    /// The part that is held out where there is no text for that; nil for the layout's own.
    public var validationFraction: Double?
    /// How many bytes of tokens may lie in memory.
    public var memoryLimit: Int
    /// Where temporary files go; nil for TMPDIR, or the system's folder.
    public var folder: String?

    /// Makes a plan.
    public init(
      kind: Vocabulary.Kind = .characters, normalisation: Vocabulary.Normalisation = .none, minimumCount: Int? = nil,
      maximumSize: Int? = nil, isClosed: Bool = false, vocabulary: Vocabulary? = nil, layout: TextLayout = .streams,
      batch: Int = 32, length: Int = 64, validationFraction: Double? = nil, memoryLimit: Int = 1 << 28,
      folder: String? = nil
    ) {
      self.kind = kind
      self.normalisation = normalisation
      self.minimumCount = minimumCount
      self.maximumSize = maximumSize
      self.isClosed = isClosed
      self.vocabulary = vocabulary
      self.layout = layout
      self.batch = batch
      self.length = length
      self.validationFraction = validationFraction
      self.memoryLimit = memoryLimit
      self.folder = folder
    }
  }

  /// What takes time while texts are read.
  public enum Work: Hashable, Sendable {
    /// The symbols of the texts are counted; so many bytes have been read.
    case collecting(bytes: Int)
    /// Byte pairs are merged; this part of them at least.
    case merging(Double)
    /// The texts become tokens; so many bytes have been read.
    case encoding(bytes: Int)
  }

  /// The texts.
  public let texts: TokenizedTexts
  /// The streams of all of them.
  public let parts: TextParts

  /// The tokens.
  public var vocabulary: Vocabulary { texts.vocabulary }
  /// What is learned and, without a text for validation, held out.
  public var text: EncodedText { texts.text }
  /// The text for validation, if there is one.
  public var validation: EncodedText? { texts.validation }
  /// The text for the test, if there is one.
  public var test: EncodedText? { texts.test }

  /// Reads the texts: once for the vocabulary, unless it is given, and once for the tokens.
  ///
  /// - Parameters:
  ///   - text: what to learn.
  ///   - validation: a text of its own for validation.
  ///   - test: a text of its own for the test.
  ///   - plan: how.
  ///   - observe: called with each part of each text once, for example to hash it.
  ///   - progress: called often while it takes its time.
  /// - Throws: ``TextError``; `VocabularyError`; ``TextLayout/Failure``.
  public init(
    _ text: TextSource, validation: TextSource? = nil, test: TextSource? = nil, plan: Plan,
    observe: (TextLayout.Part, [UInt8]) -> Void = { _, _ in }, progress: (Work) -> Void = { _ in }
  ) throws {
    try self.init(
      TokenizedTexts(text, validation: validation, test: test, plan: plan, observe: observe, progress: progress),
      plan: plan)
  }

  /// Cuts texts into streams.
  ///
  /// - Throws: ``TextLayout/Failure`` for texts that are too short.
  public init(_ texts: TokenizedTexts, plan: Plan) throws {
    self.texts = texts
    parts = try plan.layout.parts(
      of: texts.text.tokens.all, validation: texts.validation?.tokens.all, test: texts.test?.tokens.all,
      batch: plan.batch,
      length: plan.length, validationFraction: plan.validationFraction)
  }
}
