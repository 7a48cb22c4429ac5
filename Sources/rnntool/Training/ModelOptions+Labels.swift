import RNNModel
import RNNTraining

extension ModelOptions {
  /// Makes of a recipe one for taggers or classifiers: words, and whole sequences.
  func applyLabels(to recipe: inout Recipe) {
    guard let family else { return }
    if family.labelled != nil, recipe.labelled == nil {
      recipe.text.vocabulary = .words
      recipe.plan.length = 1
    }
    recipe.labelled = family.labelled
  }

  /// Flags that mean nothing for taggers and classifiers, or only for them.
  ///
  /// - Parameter base: what they change.
  func checkLabels(base: Recipe, presetName: String?) throws {
    let family = family ?? base.family
    guard family.labelled != nil else {
      try require(
        bidirectional != true, "--bidirectional is for --model tagger and classifier: others predict what follows.")
      return
    }
    let name = "--model \(family.rawValue)"
    try require(presetName == nil, "\(name) has no preset: presets are language models.")
    try require(tied != true, "\(name) gives labels, not tokens: --tied is for language models.")
    try require(concatenate != true, "\(name) takes the last layer: --concatenate is for language models.")
    try require(
      architecture == nil, "--architecture describes a language model: \(name) cannot stand beside it.")
  }
}

extension Recipe {
  /// Why texts with labels cannot be read in the way that was asked for; nil if they can.
  var labellingProblem: String? {
    guard let labelled else { return nil }
    if plan.longestWindow != 1 || (plan.updateInterval ?? 1) != 1 {
      return "--length, --update-every and --random-lengths are for streams: labelled sequences are read whole."
    }
    if text.layout != .streams { return "--layout is for streams: labelled sequences are read whole." }
    if labelled == .tokens, text.vocabulary != .words || text.normalisation != .none {
      return "--model tagger labels words: --vocabulary has to be words, and --normalisation none."
    }
    return nil
  }
}
