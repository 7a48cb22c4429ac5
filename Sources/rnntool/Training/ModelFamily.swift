import ArgumentParser

/// What kind of model is trained.
enum ModelFamily: String, ExpressibleByArgument, CaseIterable {
  /// Recurrent layers between tokens and the probabilities of the next one.
  case rnn
  /// A table of n-grams, which are counted.
  case ngram
}
