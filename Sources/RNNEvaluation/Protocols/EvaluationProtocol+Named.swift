import RNNText

/// The protocols that have a name: ours, and those of the programs that published numbers come from.
extension EvaluationProtocol {
  /// All of them.
  public static let all = [
    stream, windows, sentence, charRNN, torchRNN, wordLanguageModel, awdLSTM, zaremba, mikolov, srilm, kenlm,
  ]

  /// The protocol of a name; nil if there is none.
  public static func named(_ name: String) -> EvaluationProtocol? { all.first { $0.name == name } }

  /// The text as one stream; all tokens but the first are scored.
  public static let stream = EvaluationProtocol(name: "stream")

  /// Windows of 256 tokens that overlap by half, as models without a state that is carried are scored: each token but the first is scored
  /// once, with 128 to 255 tokens of context.
  public static let windows = EvaluationProtocol(name: "window") {
    $0.cut = .windows
    $0.window = 256
    $0.stride = 128
  }

  /// Each line by itself, its end included.
  public static let sentence = EvaluationProtocol(name: "sentence") {
    $0.cut = .lines
    $0.start = .lineEnd
  }

  /// char-rnn (Karpathy 2015) with its defaults, on the whole text; its own validation is the ``part`` of that name.
  public static let charRNN = EvaluationProtocol(name: "char-rnn") {
    $0.layout = .charRNN
    $0.streams = 50
    $0.window = 50
  }

  /// torch-rnn (Johnson 2016) with its defaults, on the whole text; its own validation and test are ``part``s.
  public static let torchRNN = EvaluationProtocol(name: "torch-rnn") {
    $0.layout = .torchRNN
    $0.streams = 50
    $0.window = 50
  }

  /// word_language_model of PyTorch's examples: 10 streams, the rest is left out.
  public static let wordLanguageModel = EvaluationProtocol(name: "word-language-model") {
    $0.layout = .wordLanguageModel
    $0.streams = 10
  }

  /// The test of AWD-LSTM (Merity, Keskar & Socher 2018): one stream; the first token is not scored, but counted.
  public static let awdLSTM = EvaluationProtocol(name: "awd-lstm") {
    $0.layout = .wordLanguageModel
    $0.divisor = .read
  }

  /// The test of Zaremba, Sutskever & Vinyals (2014): one stream.
  public static let zaremba = EvaluationProtocol(name: "zaremba")

  /// Mikolov's toolkit (2010): one stream that begins as after the end of a line; words without a token are not counted.
  public static let mikolov = EvaluationProtocol(name: "mikolov") {
    $0.start = .lineEnd
    $0.unknown = .exclude
  }

  /// SRILM's `ngram -ppl` (Stolcke 2002): lines, their ends counted, unknown words not, blank lines skipped. Its ppl1 is another ``divisor``.
  public static let srilm = EvaluationProtocol(name: "srilm") {
    $0.cut = .lines
    $0.start = .lineEnd
    $0.unknown = .exclude
    $0.countsWrittenUnknown = true
    $0.blankLines = false
  }

  /// KenLM's `query` (Heafield 2011): lines, their ends and unknown words counted; without the latter it is "excluding OOVs".
  public static let kenlm = EvaluationProtocol(name: "kenlm") {
    $0.cut = .lines
    $0.start = .lineEnd
    $0.countsWrittenUnknown = true
  }

  private init(name: String, _ change: (inout EvaluationProtocol) -> Void) {
    self.init(name: name)
    change(&self)
  }

  /// How a training with a layout scores what it holds out, or the nearest protocol that has a name.
  ///
  /// - Parameters:
  ///   - layout: of the training.
  ///   - batch: its number of streams.
  ///   - length: the length of its windows.
  public init(layout: TextLayout, batch: Int, length: Int) {
    switch layout {
    case .streams: self = .stream
    case .charRNN: self = .charRNN
    case .torchRNN: self = .torchRNN
    case .zaremba: self = .zaremba
    case .wordLanguageModel: self = .wordLanguageModel
    }
    if layout == .charRNN || layout == .torchRNN { (streams, window) = (batch, length) }
  }
}
