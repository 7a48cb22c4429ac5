/// A network in memory: what it computes, its numbers, its tokens.
public struct Model: Sendable {
  /// What the model computes.
  public let architecture: Architecture
  /// Its numbers.
  public var parameters: Parameters
  /// Its tokens; nil where they are not known.
  public let vocabulary: Vocabulary?

  /// Puts a model together.
  ///
  /// - Throws: ``ArchitectureError`` if the layers do not fit together, or are no network.
  /// - Precondition: the parameters are the architecture's, and the vocabulary has as many tokens.
  public init(architecture: Architecture, parameters: Parameters, vocabulary: Vocabulary?) throws(ArchitectureError) {
    try architecture.check()
    try architecture.requireNetwork()
    precondition(parameters.table == ParameterTable(architecture), "the parameters of another architecture")
    precondition(vocabulary.map { $0.count == architecture.size } ?? true, "the vocabulary of another architecture")
    self.architecture = architecture
    self.parameters = parameters
    self.vocabulary = vocabulary
  }
}
