/// A network in memory: what it computes, its numbers, its tokens.
public struct Model: Sendable {
  /// What the model computes.
  public let architecture: Architecture
  /// Its numbers.
  public var parameters: Parameters
  /// Its tokens; nil where they are not known.
  public let vocabulary: Vocabulary?
  /// The names of its outputs, where they are not the next token's; nil where they have none.
  public let labels: Labels?

  /// Puts a model together.
  ///
  /// - Throws: ``ArchitectureError`` if the layers do not fit together, or are no network.
  /// - Precondition: the parameters are the architecture's, the vocabulary has as many tokens, and there are as many labels as outputs.
  public init(
    architecture: Architecture, parameters: Parameters, vocabulary: Vocabulary?, labels: Labels? = nil
  ) throws(ArchitectureError) {
    try architecture.check()
    try architecture.requireNetwork()
    precondition(parameters.table == ParameterTable(architecture), "the parameters of another architecture")
    precondition(vocabulary.map { $0.count == architecture.size } ?? true, "the vocabulary of another architecture")
    precondition(labels.map { $0.count == architecture.outputSize } ?? true, "the labels of another architecture")
    self.architecture = architecture
    self.parameters = parameters
    self.vocabulary = vocabulary
    self.labels = labels
  }
}
