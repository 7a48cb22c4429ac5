/// A language model whose hidden states can be seen at every token that it scores: what a cache of past states compares.
public protocol HiddenStateLanguageModel: BranchingLanguageModel {
  /// What the last layer below the output gave one stream at each step of the last ``LanguageModel/score(inputs:targets:into:)`` or
  /// ``LanguageModel/advance(_:into:)``: `[steps, width]`; empty where the output takes tokens.
  func hiddenStates(of stream: Int) -> [Float]
}

extension RecurrentLanguageModel: HiddenStateLanguageModel {}
