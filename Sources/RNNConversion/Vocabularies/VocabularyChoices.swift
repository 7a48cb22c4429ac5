import RNNModel

/// What the user says about a foreign vocabulary that does not say it itself; nil for what has not been said.
public struct VocabularyChoices: Hashable, Sendable {
  /// What a symbol of a text is.
  public var kind: Vocabulary.Kind?
  /// What splitting a text into words gives up.
  public var normalisation: Vocabulary.Normalisation?
  /// The token, counted from 0, that stands for symbols without one.
  public var unknown: Int?
  /// Which id the model's first row has: 1 where ids are counted from 1 and 0 is nothing.
  public var firstID: Int?

  /// Says nothing.
  public init() {}
}

/// A vocabulary, and where each of its tokens is in the foreign model.
public struct VocabularyWithOrder: Sendable {
  /// The tokens.
  public let vocabulary: Vocabulary
  /// For each token, the row of the foreign model's embedding and output that is its own; nil where the order is the same.
  public let order: [Int]?
  /// What the file does not say, or what is lost.
  public let assumptions: [Assumption]

  init(vocabulary: Vocabulary, order: [Int]?, assumptions: [Assumption]) {
    self.vocabulary = vocabulary
    self.order = order
    self.assumptions = assumptions
  }

  /// A vocabulary about which nothing is open.
  public init(_ vocabulary: Vocabulary) { self.init(vocabulary: vocabulary, order: nil, assumptions: []) }
}
