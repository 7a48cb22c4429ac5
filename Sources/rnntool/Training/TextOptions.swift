import ArgumentParser
import RNNModel
import RNNTraining

/// How the texts become tokens and streams. What is not said is as in the preset, or as usual.
struct TextOptions: ParsableArguments {
  @Option(help: "What a token is: bytes, characters, words or bpe (byte pairs). Default: characters.")
  var vocabulary: Vocabulary.Kind?

  @Option(help: "For words: 'none' keeps all white space, 'whitespace' only line ends. Default: none.")
  var normalisation: Vocabulary.Normalisation?

  @Option(
    help:
      "Symbols that occur less often get no token. Default: 1; 0 for bytes, so that all 256 are tokens; 2 for byte pairs."
  )
  var minimumCount: Int?

  @Option(help: "At most so many tokens. Default: 4096 for byte pairs, else no limit.")
  var vocabularySize: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Symbols of the validation and test texts get tokens too, so that nothing there is unknown.")
  var closedVocabulary: Bool?

  @Option(help: "A text held out for validation. Default: the last part of the training text.")
  var validation: String?

  @Option(help: "The part of the text held out for validation. Default: 0.05.")
  var validationFraction: Double?

  @Option(help: "A text to score with the best parameters at the end.")
  var test: String?

  @Option(
    help:
      "How texts are cut into streams: streams, char-rnn, torch-rnn, zaremba or word-language-model. Default: streams.")
  var layout: TextLayout?
}

extension TextLayout: ExpressibleByArgument {}

extension TextOptions {
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
  }

  /// Flags that contradict each other or say nothing.
  func check(preset: Preset?) throws {
    func require(_ condition: Bool, _ message: String) throws {
      if !condition { throw ValidationError(message) }
    }
    let kind = vocabulary ?? preset?.text.vocabulary ?? .characters
    try require(normalisation != .whitespace || kind == .words, "--normalisation whitespace is for --vocabulary words.")
    try require(minimumCount ?? 0 >= 0, "--minimum-count cannot be negative.")
    try require(vocabularySize ?? 1 > 0, "--vocabulary-size has to be positive.")
    try require(
      validation == nil || validationFraction == nil,
      "--validation and --validation-fraction contradict each other: give one of them.")
    if let fraction = validationFraction {
      try require(fraction > 0 && fraction < 1, "--validation-fraction has to be between 0 and 1.")
    }
  }
}
