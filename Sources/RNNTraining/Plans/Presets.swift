import RNNModel

extension Preset {
  /// Karpathy 2015, with the defaults of his program: bytes, one-hot, RMSprop, gradients clipped one by one.
  ///
  /// Its gradient is the sum over the 50 steps (the division is commented out there), its state is never reset, and the last
  /// target of the text is the first symbol. On tiny-shakespeare: 65 symbols, 240,321 parameters, 423 windows an epoch;
  /// 1.3950 nats on the 23 windows of validation after epoch 30.
  public static let charRNN = Preset(
    name: "char-rnn", summary: "char-rnn's defaults: 2 LSTM layers of 128 on bytes; 1.395 nats on tiny-shakespeare",
    model: Architecture.Stack(hidden: 128, layers: 2, embedding: 0, recurrentBias: true),
    text: Text(vocabulary: .bytes, normalisation: .none, minimumCount: 1, isClosed: false, layout: .charRNN),
    initialisation: .uniform(0.08, forgetBias: 1),
    plan: TrainingPlan(
      epochs: 50, batch: 50, length: 50, carriesStateOverEpochs: true, loss: .sumOverSteps,
      optimizer: .rmsprop(alpha: 0.95), learningRate: 2e-3, schedule: Schedule(.exponential(factor: 0.97, from: 10)),
      clipping: .value(5), validation: .init(window: 50)))

  /// Zaremba, Sutskever & Vinyals 2014, the model without regularisation: 114.5 test perplexity on the Penn Treebank.
  ///
  /// The rate is halved at the end of every epoch after the fourth, as in the authors' program, so that epoch 6 is the first with a
  /// lower one; programs that read the text of the paper otherwise begin with epoch 5 (``Schedule/halving(after:)``).
  public static let zarembaSmall = zaremba(
    name: "zaremba-small", summary: "Zaremba et al. 2014, 2 LSTM layers of 200: 114.5 test perplexity on PTB",
    hidden: 200, dropout: 0, length: 20, range: 0.1, epochs: 13,
    decay: .exponential(factor: 0.5, from: 5))

  /// Zaremba, Sutskever & Vinyals 2014, the medium regularised model: 82.7 test perplexity on the Penn Treebank.
  ///
  /// The rate is divided by 1.2 at the end of every epoch after the sixth.
  public static let zarembaMedium = zaremba(
    name: "zaremba-medium",
    summary: "Zaremba et al. 2014, 2 LSTM layers of 650 with dropout: 82.7 test perplexity on PTB",
    hidden: 650, dropout: 0.5, length: 35, range: 0.05, epochs: 39,
    decay: .exponential(factor: 1 / 1.2, from: 7))

  private static func zaremba(
    name: String, summary: String, hidden: Int, dropout: Double, length: Int, range: Double, epochs: Int,
    decay: Schedule.Decay
  ) -> Preset {
    Preset(
      name: name, summary: summary,
      model: Architecture.Stack(
        hidden: hidden, layers: 2, embedding: hidden, recurrentBias: true,
        dropouts: .init(input: dropout, hidden: dropout, output: dropout)),
      text: Text(
        vocabulary: .words, normalisation: .whitespace, minimumCount: 1, isClosed: true, layout: .zaremba),
      initialisation: .uniform(range),
      plan: TrainingPlan(
        epochs: epochs, batch: 20, length: length, loss: .sumOverSteps, optimizer: .sgd, learningRate: 1,
        schedule: Schedule(decay), clipping: .norm(5), validation: .init(window: length)))
  }

  /// word_language_model of PyTorch's examples, with its defaults (40 epochs); 6 epochs on WikiText-2 give 142.07 test
  /// perplexity, 130.32 with tied weights.
  public static let wordLanguageModel = Preset(
    name: "word-language-model",
    summary: "PyTorch's word_language_model: 2 LSTM layers of 200; 142 test perplexity on WikiText-2 after 6 epochs",
    model: Architecture.Stack(
      hidden: 200, layers: 2, embedding: 200, recurrentBias: true,
      dropouts: .init(input: 0.2, hidden: 0.2, output: 0.2)),
    text: Text(
      vocabulary: .words, normalisation: .whitespace, minimumCount: 1, isClosed: true, layout: .wordLanguageModel),
    initialisation: .wordLanguageModel,
    plan: TrainingPlan(
      epochs: 40, batch: 20, length: 35, optimizer: .sgd, learningRate: 20, schedule: .quarterOnPlateau,
      clipping: .norm(0.25), validation: .init(window: 35)))

  /// AWD-LSTM (Merity, Keskar & Socher 2018) as its program trains it on WikiText-2: 65.8 test perplexity, before fine-tuning
  /// about 66 to 69; 33,556,078 parameters. On the Penn Treebank it is trained for 500 epochs with batch 20 or 40, input dropout
  /// 0.4 and hidden dropout 0.25, to 57.3.
  public static let awdLSTM = Preset(
    name: "awd-lstm", summary: "AWD-LSTM on WikiText-2: 3 LSTM layers of 1150; 66 test perplexity after 750 epochs",
    model: Architecture.Stack(
      hidden: 1150, layers: 3, embedding: 400, recurrentBias: true, tied: true,
      dropouts: .init(input: 0.65, hidden: 0.2, output: 0.4, locked: true)),
    text: Text(
      vocabulary: .words, normalisation: .whitespace, minimumCount: 1, isClosed: true, layout: .wordLanguageModel),
    initialisation: .wordLanguageModel,
    plan: TrainingPlan(
      epochs: 750, batch: 80, length: 70, randomLengths: .init(), optimizer: .averagedSGD, learningRate: 30,
      schedule: .constant, weightDecay: 1.2e-6, clipping: .norm(0.25),
      regularisation: Regularisation(
        embeddingDropout: 0.1, weightDrop: 0.5, activationPenalty: 2, temporalPenalty: 1),
      validation: .init(window: 70)))
}
