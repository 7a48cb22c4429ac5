import RNNFormat
import RNNModel
import RNNText

/// The texts of a training, ready to be read, and what the model file says about them.
protocol TrainingMaterial {
  var vocabulary: Vocabulary { get }
  /// The names of the outputs; nil of a language model.
  var labels: Labels? { get }
  /// What is learned.
  var training: any WindowSource { get }
  /// What decides which parameters are kept.
  var validation: any WindowSource { get }
  /// What is scored at the end, if there is something.
  var test: (any WindowSource)? { get }
  /// How many targets there are to learn.
  var trainingCount: Int { get }
  /// How many are held out.
  var validationCount: Int { get }
  var hashes: TextHashes { get }
  /// What is worth a note before the training begins.
  var notes: [String] { get }
  /// The corpus of the metadata.
  var metadata: JSONValue { get }
  /// Symbols without a token, by the text that they are in, for programs; nil where there are none.
  var unknownSymbols: JSONValue? { get }
}

extension Recipe {
  /// Reads the texts.
  ///
  /// - Parameters:
  ///   - model: that of a training that is resumed; nil to collect vocabulary and labels.
  ///   - isQuiet: whether to say nothing while it takes its time.
  func material(resuming model: (vocabulary: Vocabulary, labels: Labels?)? = nil, isQuiet: Bool) throws
    -> any TrainingMaterial
  {
    guard let labelled else { return try TrainingCorpus(self, vocabulary: model?.vocabulary, isQuiet: isQuiet) }
    return try LabelledCorpus(self, labelled, vocabulary: model?.vocabulary, labels: model?.labels)
  }
}
