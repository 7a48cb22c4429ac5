import ArgumentParser
import RNNText

/// What kind of model is trained.
enum ModelFamily: String, ExpressibleByArgument, CaseIterable {
  /// Recurrent layers between tokens and the probabilities of the next one.
  case rnn
  /// A table of n-grams, which are counted.
  case ngram
  /// The neural model of Bengio et al. (2003), which sees the last tokens only.
  case fixedWindow = "fixed-window"
  /// Recurrent layers that give each token of a sequence a label.
  case tagger
  /// Recurrent layers that give a whole text a label.
  case classifier
}

extension ModelFamily {
  /// What is labelled; nil for a language model.
  var labelled: LabelledForm? {
    switch self {
    case .tagger: .tokens
    case .classifier: .texts
    case .rnn, .ngram, .fixedWindow: nil
    }
  }
}

extension Recipe {
  /// The kind of model that is trained.
  var family: ModelFamily {
    switch labelled {
    case .tokens: .tagger
    case .texts: .classifier
    case nil: fixedWindow == nil ? .rnn : .fixedWindow
    }
  }
}
