import ArgumentParser
import RNNModel
import RNNText

/// How the texts become tokens and streams. What is not said is as in the preset, or as usual.
struct TextOptions: ParsableArguments {
  @Option(help: "What a token is: bytes, characters, words or bpe (byte pairs). Default: characters.")
  var vocabulary: Vocabulary.Kind?

  @Option(help: "For words: 'none' keeps all white space, 'whitespace' only line ends. Default: none.")
  var normalisation: Vocabulary.Normalisation?

  @Option(
    help:
      "Symbols that occur less often get no token. Default: 1; 0 for bytes, so that all 256 are tokens; 2 for byte pairs, and for words with labels."
  )
  var minimumCount: Int?

  @Option(help: "At most so many tokens, and at least 256 for byte pairs. Default: 4096 for byte pairs, else no limit.")
  var vocabularySize: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Symbols of the validation and test texts get tokens too, so that nothing there is unknown.")
  var closedVocabulary: Bool?

  @Option(
    help:
      "A text held out for validation. Default: the last part of the training text. With --resume, where it is now.")
  var validation: String?

  @Option(help: "The part of the text held out for validation. Default: 0.05, for torch-rnn 0.1.")
  var validationFraction: Double?

  @Option(help: "A text to score with the best parameters at the end. With --resume, where it is now.")
  var test: String?

  @Option(
    help:
      "How texts are cut into streams: streams, char-rnn, torch-rnn, zaremba or word-language-model. Default: streams.")
  var layout: TextLayout?
}

extension TextLayout: ExpressibleByArgument {}

extension TextOptions {
  /// The tokens of a vocabulary of byte pairs, if nothing is said.
  private static let usualBytePairs = 4096

  /// Changes what was said.
  func apply(to text: inout Recipe.Text) {
    if let vocabulary { text.vocabulary = vocabulary }
    if let normalisation { text.normalisation = normalisation }
    if let minimumCount { text.minimumCount = minimumCount }
    if let vocabularySize { text.maximumSize = vocabularySize }
    if let closedVocabulary { text.isClosed = closedVocabulary }
    if let validation { text.validation = validation }
    if let validationFraction { text.validationFraction = validationFraction }
    if let test { text.test = test }
    if let layout { text.layout = layout }
    // What a preset says of words means nothing for other tokens.
    if text.vocabulary != .words { text.normalisation = .none }
    if text.vocabulary == .bpe { text.maximumSize = text.maximumSize ?? Self.usualBytePairs }
  }

  /// Flags that contradict each other or say nothing.
  ///
  /// - Parameter base: what they change.
  func check(base: Recipe) throws {
    var text = base.text
    apply(to: &text)
    try require(
      normalisation != .whitespace || text.vocabulary == .words, "--normalisation whitespace is for --vocabulary words."
    )
    try require(
      (0...1_000_000_000).contains(minimumCount ?? 0), "--minimum-count has to be between 0 and 1,000,000,000.")
    let least = text.vocabulary == .bpe ? 256 : 1
    try require(
      (least...1_000_000_000).contains(text.maximumSize ?? least),
      "--vocabulary-size has to be between \(least) and 1,000,000,000\(least > 1 ? " for byte pairs" : "").")
    try require(
      closedVocabulary != true || text.validation != nil || text.test != nil,
      "--closed-vocabulary is for --validation and --test: without them every symbol has a token anyway.")
    try require(
      validationFraction == nil || text.validation == nil,
      "--validation and --validation-fraction contradict each other: give one of them.")
    if let fraction = validationFraction {
      try require(
        fraction > 0 && fraction < 1,
        "--validation-fraction has to be above 0 and below 1: some of the text is learned, and some held out.")
    }
  }
}
