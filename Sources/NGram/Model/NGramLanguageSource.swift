import RNNModel

/// An n-gram model with its tokens.
public struct NGramLanguageSource: LanguageModelSource {
  /// The model.
  public let model: NGramModel
  /// The tokens; nil where they are not known.
  public let vocabulary: Vocabulary?

  /// Puts both together.
  ///
  /// - Precondition: the vocabulary has as many tokens as the model.
  public init(_ model: NGramModel, vocabulary: Vocabulary?) {
    precondition(vocabulary.map { $0.count == model.vocabularySize } ?? true, "the vocabulary of another model")
    self.model = model
    self.vocabulary = vocabulary
  }

  /// The model, ready to read texts.
  public func languageModel(streams: Int, longestWindow: Int = 256) -> any BranchingLanguageModel {
    NGramLanguageModel(model, streams: streams, longestWindow: longestWindow)
  }
}
