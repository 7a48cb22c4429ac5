import ArgumentParser

/// What kind of model is trained.
enum ModelFamily: String, ExpressibleByArgument, CaseIterable {
  /// Recurrent layers between tokens and the probabilities of the next one.
  case rnn
  /// A table of n-grams, which are counted.
  case ngram
  /// The neural model of Bengio et al. (2003), which sees the last tokens only.
  case fixedWindow = "fixed-window"
}

extension Recipe {
  /// The kind of model that is trained.
  var family: ModelFamily { fixedWindow == nil ? .rnn : .fixedWindow }
}
